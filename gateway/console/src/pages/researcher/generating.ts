// SPDX-License-Identifier: Apache-2.0
// One call of a model, streamed: its text as it comes, and what it counted.
import { Refusal, send } from "../../api/client";
import { chunksOf } from "../../api/stream";

export interface Message {
  role: "system" | "user" | "assistant";
  content: string;
}

/** As they were typed; empty: the gateway's own. */
export interface Parameters {
  temperature: string;
  top_p: string;
  max_tokens: string;
  seed: string;
}

export interface Counts {
  prompt_tokens: number;
  completion_tokens: number;
}

interface Chunk {
  choices?: Array<{ text?: string; delta?: { content?: string | null } }>;
  usage?: Counts | null;
  error?: { message?: string; code?: string };
}

export interface Call {
  model: string;
  /** A conversation, or the beginning of a text. */
  input: Message[] | string;
  parameters: Parameters;
  signal: AbortSignal;
  onText: (piece: string) => void;
}

const numbers = (parameters: Parameters): Record<string, number> =>
  Object.fromEntries(
    Object.entries(parameters)
      .filter(([, value]) => value.trim() !== "")
      .map(([name, value]) => [name, Number(value)]),
  );

function begin({ model, input, parameters, signal }: Call): Promise<Response> {
  const common = {
    model,
    stream: true,
    stream_options: { include_usage: true },
    ...numbers(parameters),
  };

  if (typeof input === "string")
    return send("POST /v1/completions", { body: { ...common, prompt: input }, signal });
  return send("POST /v1/chat/completions", { body: { ...common, messages: input }, signal });
}

/** Up to its end: what it counted; undefined: it did not say. */
export async function generate(call: Call): Promise<Counts | undefined> {
  let counts: Counts | undefined;

  for await (const chunk of chunksOf<Chunk>(await begin(call))) {
    if (chunk.error)
      throw new Refusal(0, chunk.error.code ?? "INTERNAL", chunk.error.message ?? "");
    const choice = chunk.choices?.[0];
    const piece = choice?.text ?? choice?.delta?.content ?? "";

    if (piece) call.onText(piece);
    if (chunk.usage) counts = chunk.usage;
  }
  return counts;
}
