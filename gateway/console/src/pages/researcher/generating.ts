// SPDX-License-Identifier: Apache-2.0
// One call of a model, streamed: its text and tokens as they come, and what it counted.
import { Refusal, send } from "../../api/client";
import { chunksOf } from "../../api/stream";

export interface Message {
  role: "system" | "user" | "assistant";
  content: string;
}

export interface Counts {
  prompt_tokens: number;
  completion_tokens: number;
}

/** A token, and how likely it was; null: the first of a text, which follows nothing. */
export interface Token {
  text: string;
  logprob: number | null;
  /** The likeliest in its place, itself among them. */
  others: Array<{ text: string; logprob: number }>;
}

export interface Answer {
  text: string;
  tokens: Token[];
  /** Why it ended: "stop", "length"; empty: it has not, or not by itself. */
  end: string;
}

export interface Call {
  model: string;
  /** A conversation, or the beginning of a text. */
  input: Message[] | string;
  /** What else the body says (parameters.tsx). */
  parameters: Record<string, unknown>;
}

interface ChatToken {
  token: string;
  logprob: number;
  top_logprobs?: Array<{ token: string; logprob: number }>;
}

interface TextTokens {
  tokens?: string[];
  token_logprobs?: Array<number | null>;
  top_logprobs?: Array<Record<string, number> | null>;
}

interface Choice {
  index?: number;
  text?: string;
  delta?: { content?: string | null };
  logprobs?: ({ content?: ChatToken[] | null } & TextTokens) | null;
  finish_reason?: string | null;
}

interface Chunk {
  choices?: Choice[];
  usage?: Counts | null;
  error?: { message?: string; code?: string };
}

function tokensOf({ logprobs }: Choice): Token[] {
  if (logprobs?.content)
    return logprobs.content.map(({ token, logprob, top_logprobs = [] }) => ({
      text: token,
      logprob,
      others: top_logprobs.map((one) => ({ text: one.token, logprob: one.logprob })),
    }));
  return (logprobs?.tokens ?? []).map((text, i) => ({
    text,
    logprob: logprobs?.token_logprobs?.[i] ?? null,
    others: Object.entries(logprobs?.top_logprobs?.[i] ?? {})
      .map(([other, logprob]) => ({ text: other, logprob }))
      .sort((a, b) => b.logprob - a.logprob),
  }));
}

export const isChat = (call: Call): boolean => typeof call.input !== "string";

export const pathOf = (call: Call): string =>
  isChat(call) ? "/v1/chat/completions" : "/v1/completions";

/** What is sent, but for its being streamed. The two ask for probabilities differently. */
export function bodyOf({ model, input, parameters }: Call): Record<string, unknown> {
  const { top_logprobs, ...rest } = parameters;

  if (typeof input !== "string") {
    const asked = top_logprobs === undefined ? {} : { logprobs: true, top_logprobs };
    const { echo: _, ...chat } = rest;
    return { model, messages: input, ...chat, ...asked };
  }
  return {
    model,
    prompt: input,
    ...rest,
    ...(top_logprobs === undefined ? {} : { logprobs: top_logprobs }),
  };
}

const begin = (call: Call, signal: AbortSignal): Promise<Response> => {
  const body = { ...bodyOf(call), stream: true, stream_options: { include_usage: true } };

  return isChat(call)
    ? send("POST /v1/chat/completions", { body, signal })
    : send("POST /v1/completions", { body, signal });
};

function take(answers: Answer[], choice: Choice): void {
  const one = (answers[choice.index ?? 0] ??= { text: "", tokens: [], end: "" });

  one.text += choice.text ?? choice.delta?.content ?? "";
  one.tokens.push(...tokensOf(choice));
  one.end = choice.finish_reason ?? one.end;
}

/** Up to its end: what it counted; undefined: it did not say. `onMore` is told all that came. */
export async function generate(
  call: Call,
  signal: AbortSignal,
  onMore: (answers: Answer[]) => void,
): Promise<Counts | undefined> {
  const answers: Answer[] = [];
  let counts: Counts | undefined;

  for await (const chunk of chunksOf<Chunk>(await begin(call, signal), signal)) {
    if (chunk.error)
      throw new Refusal(0, chunk.error.code ?? "INTERNAL", chunk.error.message ?? "");
    for (const choice of chunk.choices ?? []) take(answers, choice);
    if (chunk.choices?.length) onMore(answers.map((one) => ({ ...one })));
    if (chunk.usage) counts = chunk.usage;
  }
  return counts;
}
