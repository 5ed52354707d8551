// SPDX-License-Identifier: Apache-2.0
// Try a model: a chat or the continuation of a text, streamed, with parameters and a way to stop.
import { useEffect, useRef, useState } from "preact/hooks";
import { ask } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import { query, setQuery } from "../../router";
import { number } from "../../text/format";
import { text } from "../../text/text";
import { Button, Card, EmptyState, LinkButton } from "../../ui/basic";
import { Area, Field, Form, Select } from "../../ui/form";
import { ErrorState, Loaded } from "../../ui/state";
import { type Counts, generate, type Message, type Parameters } from "./generating";

const DEFAULTS: Parameters = { temperature: "0.7", top_p: "", max_tokens: "200", seed: "" };
// What the gateway takes, and how finely it is chosen here.
const RANGES: Record<keyof Parameters, { min: number; max?: number; step: number }> = {
  temperature: { min: 0, max: 2, step: 0.1 },
  top_p: { min: 0, max: 1, step: 0.05 },
  max_tokens: { min: 1, step: 1 },
  seed: { min: 0, step: 1 },
};

function ParameterFields({
  value,
  onValue,
}: {
  value: Parameters;
  onValue: (value: Parameters) => void;
}) {
  const t = text.value.playground;

  return (
    <>
      {(Object.keys(RANGES) as Array<keyof Parameters>).map((name) => (
        <Field
          key={name}
          type="number"
          label={t.parameters[name]}
          hint={t.parameterHints[name]}
          value={value[name]}
          onValue={(given) => onValue({ ...value, [name]: given })}
          {...RANGES[name]}
        />
      ))}
    </>
  );
}

function Said({ messages, isBusy }: { messages: Message[]; isBusy: boolean }) {
  const t = text.value.playground;

  if (!messages.length) return <p class="soft">{t.nothingYet}</p>;
  return (
    <ul class="steps" aria-live="polite" aria-busy={isBusy} aria-label={t.conversation}>
      {messages.map((one, i) => (
        <li key={i}>
          <strong>{t.roles[one.role]}</strong>
          <div class="said">{one.content}</div>
        </li>
      ))}
    </ul>
  );
}

/** What was said so far, and the call under way. */
function useTalk(model: string, isChat: boolean) {
  const [messages, setMessages] = useState<Message[]>([]);
  const [counts, setCounts] = useState<Counts>();
  const [isStopped, setStopped] = useState(false);
  const stop = useRef<AbortController>();
  const act = useAct(async (words: string, system: string, parameters: Parameters) => {
    const before: Message[] = [...(isChat ? messages : []), { role: "user", content: words }];
    const chat: Message[] = system.trim()
      ? [{ role: "system", content: system.trim() }, ...before]
      : before;
    const { signal } = (stop.current = new AbortController());
    let answer = "";

    setStopped(false);
    setCounts(undefined);
    setMessages([...before, { role: "assistant", content: "" }]);
    try {
      const counted = await generate({
        model,
        input: isChat ? chat : words,
        parameters,
        signal,
        onText: (piece) => {
          answer += piece;
          setMessages([...before, { role: "assistant", content: answer }]);
        },
      });
      setCounts(counted);
    } catch (error) {
      if (!signal.aborted) throw error;
      setStopped(true);
    }
  });

  useEffect(() => () => stop.current?.abort(), []);
  return {
    messages,
    counts,
    isStopped,
    act,
    stop: () => stop.current?.abort(),
    forget: () => {
      stop.current?.abort();
      act.forget();
      setMessages([]);
      setCounts(undefined);
      setStopped(false);
    },
  };
}

function Talk({ model, isChat }: { model: string; isChat: boolean }) {
  const t = text.value.playground;
  const talk = useTalk(model, isChat);
  const [words, setWords] = useState("");
  const [system, setSystem] = useState("");
  const [parameters, setParameters] = useState(DEFAULTS);
  const send = () => {
    const said = words;
    if (isChat) setWords("");
    void talk.act.run(said, system, parameters);
  };

  return (
    <Form class="beside" onSend={send}>
      <Card title={isChat ? t.conversation : t.continuation}>
        <Said messages={talk.messages} isBusy={talk.act.isBusy} />
        {talk.act.error && <ErrorState error={talk.act.error} />}
        <p class="soft small" role="status">
          {talk.isStopped && t.stopped}
          {talk.counts &&
            t.counted(number(talk.counts.prompt_tokens), number(talk.counts.completion_tokens))}
        </p>
        <Area
          label={isChat ? t.message : t.prompt}
          value={words}
          onValue={setWords}
          rows={3}
          required
        />
        <div class="actions">
          {/* Two elements, by their keys: one that became the other would submit anew. */}
          {talk.act.isBusy ? (
            <Button key="stop" icon="stop" onClick={talk.stop}>
              {t.stop}
            </Button>
          ) : (
            <Button key="send" kind="primary" type="submit" icon="play">
              {t.send}
            </Button>
          )}
          {talk.messages.length > 0 && (
            <Button kind="quiet" onClick={talk.forget}>
              {t.anew}
            </Button>
          )}
        </div>
      </Card>
      <Card title={t.settings}>
        {isChat && <Area label={t.system} value={system} onValue={setSystem} rows={2} />}
        <ParameterFields value={parameters} onValue={setParameters} />
      </Card>
    </Form>
  );
}

export default function Playground() {
  const t = text.value.playground;
  const asked = useAsk((signal) => ask("GET /v1/models", { signal }));
  const isChat = query.value.get("mode") !== "text";

  return (
    <>
      <h1>{t.title}</h1>
      <p class="lead">{t.intro}</p>
      <Loaded of={asked}>
        {({ data = [] }) => {
          const names = data
            .filter((one) => !one.tasks || one.tasks.includes("generate"))
            .map((one) => one.id ?? "");
          const wanted = query.value.get("model") ?? "";
          const model = names.includes(wanted) ? wanted : (names[0] ?? "");

          if (!model)
            return (
              <EmptyState
                icon="play"
                title={t.none}
                action={<LinkButton href="/models">{text.value.requests.findModel}</LinkButton>}
              >
                {t.noneHelp}
              </EmptyState>
            );
          return (
            <>
              <div class="filters">
                <Select
                  label={t.model}
                  value={model}
                  onValue={(name) => setQuery({ model: name })}
                  options={names.map((name) => [name, name])}
                />
                <Select
                  label={t.mode}
                  value={isChat ? "chat" : "text"}
                  onValue={(mode) => setQuery({ mode: mode === "text" ? mode : undefined })}
                  options={[
                    ["chat", t.conversation],
                    ["text", t.continuation],
                  ]}
                />
              </div>
              <Talk key={`${model} ${isChat}`} model={model} isChat={isChat} />
            </>
          );
        }}
      </Loaded>
    </>
  );
}
