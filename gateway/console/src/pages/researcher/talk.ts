// SPDX-License-Identifier: Apache-2.0
// A conversation with a model, or a text it continues: what was said, and the call under way. What
// has come is kept however it ended; from there it can be gone on with.
import { useEffect, useRef, useState } from "preact/hooks";
import { useAct } from "../../api/use";
import { text } from "../../text/text";
import { type Answer, type Call, type Counts, generate, type Message } from "./generating";

export interface Wish {
  words: string;
  system: string;
  parameters: Record<string, unknown>;
}

const NOTHING: Answer = { text: "", tokens: [], end: "" };

export function useTalk(model: string, isChat: boolean) {
  const [before, setBefore] = useState<Message[]>([]);
  const [answers, setAnswers] = useState<Answer[]>([]);
  const [counts, setCounts] = useState<Counts>();
  const [isStopped, setStopped] = useState(false);
  const stop = useRef<AbortController>();
  const call = useRef<Call>();

  const act = useAct(async (asked: Call, kept: string) => {
    const { signal } = (stop.current = new AbortController());
    const whole = (all: Answer[]) =>
      all.map((one, i) => (i === 0 && kept ? { ...one, text: kept + one.text } : one));

    call.current = asked;
    setStopped(false);
    setCounts(undefined);
    setAnswers(whole([NOTHING]));
    try {
      setCounts(await generate(asked, signal, (all) => setAnswers(whole(all))));
    } catch (error) {
      if (!signal.aborted) throw error;
      setStopped(true);
    }
  });

  /** The conversation with the model's last answer in it. */
  const soFar = (): Message[] =>
    answers[0] ? [...before, { role: "assistant", content: answers[0].text }] : before;
  const chat = (messages: Message[], { system, parameters }: Wish): Call => ({
    model,
    input: system.trim() ? [{ role: "system", content: system.trim() }, ...messages] : messages,
    parameters,
  });
  const continued = (input: string, { parameters }: Wish): Call => ({ model, input, parameters });
  const say = (wish: Wish) => {
    const said: Message = { role: "user", content: wish.words };
    const all = isChat ? [...soFar(), said] : [said];

    setBefore(all);
    void act.run(isChat ? chat(all, wish) : continued(wish.words, wish), "");
  };

  useEffect(() => () => stop.current?.abort(), []);
  return {
    before,
    answers,
    counts,
    isStopped,
    act,
    say,
    /** What would be sent. */
    preview: (wish: Wish): Call =>
      isChat
        ? chat([...soFar(), { role: "user", content: wish.words }], wish)
        : continued(wish.words, wish),
    stop: () => stop.current?.abort(),
    /** The same once more; what had come goes. */
    again: () => {
      if (call.current) void act.run(call.current, "");
    },
    /** From what had come: a text is continued; in a chat the model is asked to. */
    goOn: (wish: Wish) => {
      const kept = answers[0]?.text ?? "";
      const prompt = before[0]?.content ?? "";

      if (isChat) say({ ...wish, words: text.value.playground.goOnWords });
      else void act.run(continued(prompt + kept, wish), kept);
    },
    forget: () => {
      stop.current?.abort();
      act.forget();
      setBefore([]);
      setAnswers([]);
      setCounts(undefined);
      setStopped(false);
    },
  };
}

export type Talk = ReturnType<typeof useTalk>;
