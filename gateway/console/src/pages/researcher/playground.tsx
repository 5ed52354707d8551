// SPDX-License-Identifier: Apache-2.0
// Try a model: a chat, the continuation of a text, or texts as vectors; streamed, with all
// parameters, how likely each token was, and a way to stop.
import { useState } from "preact/hooks";
import { ask } from "../../api/client";
import { refusalOf, useAsk } from "../../api/use";
import { query, setQuery } from "../../router";
import { number } from "../../text/format";
import { text } from "../../text/text";
import { Button, Card, EmptyState, LinkButton } from "../../ui/basic";
import { Area, Form, Select } from "../../ui/form";
import { ErrorState, Loaded } from "../../ui/state";
import { AsProgram } from "./as_program";
import { Embedding } from "./embedding";
import { Heat } from "./heat";
import { DEFAULTS, membersOf, ParameterFields, type Parameters } from "./parameters";
import { type Talk, useTalk, type Wish } from "./talk";

function Said({ talk }: { talk: Talk }) {
  const t = text.value.playground;
  const { before, answers } = talk;

  if (!before.length) return <p class="soft">{t.nothingYet}</p>;
  return (
    <ul
      class="steps"
      aria-live="polite"
      aria-busy={talk.act.isBusy}
      aria-label={text.value.playground.conversation}
    >
      {before.map((one, i) => (
        <li key={i}>
          <strong>{t.roles[one.role]}</strong>
          <div class="said">{one.content}</div>
        </li>
      ))}
      {answers.map((one, i) => (
        <li key={`answer ${i}`}>
          <strong>{answers.length > 1 ? t.numbered(i + 1) : t.roles.assistant}</strong>
          <div class="said">{one.text}</div>
          {one.end === "length" && <div class="soft small">{t.cut}</div>}
        </li>
      ))}
    </ul>
  );
}

/** The parameters as members of the body, or why they cannot be. */
function read(parameters: Parameters): { members: Record<string, unknown>; error?: unknown } {
  try {
    return { members: membersOf(parameters) };
  } catch (error) {
    return { members: {}, error };
  }
}

/** How a call ended that did not come to its end, and what can be done then. */
function Ended({ talk, wish }: { talk: Talk; wish: Wish }) {
  const t = text.value.playground;
  const isBroken = Boolean(talk.act.error) || talk.isStopped;

  return (
    <>
      {talk.act.error && <ErrorState error={talk.act.error} />}
      <p class="soft small" role="status">
        {talk.isStopped && t.stopped}
        {talk.counts &&
          t.counted(number(talk.counts.prompt_tokens), number(talk.counts.completion_tokens))}
      </p>
      {isBroken && !talk.act.isBusy && (
        <div class="actions">
          {talk.answers[0]?.text && <Button onClick={() => talk.goOn(wish)}>{t.goOn}</Button>}
          <Button icon="refresh" onClick={talk.again}>
            {t.again}
          </Button>
        </div>
      )}
    </>
  );
}

function Talking({ model, isChat }: { model: string; isChat: boolean }) {
  const t = text.value.playground;
  const talk = useTalk(model, isChat);
  const [words, setWords] = useState("");
  const [system, setSystem] = useState("");
  const [parameters, setParameters] = useState(DEFAULTS);
  const { members, error } = read(parameters);
  const wish = { words, system, parameters: members };
  const tokens = talk.answers[0]?.tokens ?? [];
  const send = () => {
    if (error || talk.act.isBusy) return;
    if (isChat) setWords("");
    talk.say(wish);
  };

  return (
    <Form class="beside" onSend={send}>
      <div>
        <Card title={isChat ? t.conversation : t.continuation}>
          <Said talk={talk} />
          <Ended talk={talk} wish={wish} />
          <Area
            label={isChat ? t.message : t.prompt}
            value={words}
            onValue={setWords}
            rows={3}
            required
          />
          {Boolean(error) && <ErrorState error={refusalOf(error)} />}
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
            {talk.before.length > 0 && (
              <Button kind="quiet" onClick={talk.forget}>
                {t.anew}
              </Button>
            )}
          </div>
          <AsProgram call={talk.preview(wish)} />
        </Card>
        {tokens.length > 0 && !talk.act.isBusy && (
          <Card title={t.heat}>
            <Heat tokens={tokens} />
          </Card>
        )}
      </div>
      <Card title={t.settings}>
        {isChat && <Area label={t.system} value={system} onValue={setSystem} rows={2} />}
        <ParameterFields value={parameters} onValue={setParameters} isChat={isChat} />
      </Card>
    </Form>
  );
}

interface Usable {
  id: string;
  tasks: string[];
}

const MODES = ["chat", "text", "embed"] as const;
type Mode = (typeof MODES)[number];

/** What a model can be tried as. */
const modesOf = ({ tasks }: Usable): Mode[] =>
  MODES.filter((mode) => tasks.includes(mode === "embed" ? "embed" : "generate"));

async function usable(signal: AbortSignal): Promise<Usable[]> {
  const { data = [] } = await ask("GET /v1/models", { signal });

  return data
    .map((one) => ({ id: one.id ?? "", tasks: one.tasks ?? ["generate"] }))
    .filter((one) => modesOf(one).length > 0);
}

function Trying({ models }: { models: Usable[] }) {
  const t = text.value.playground;
  const wanted = query.value.get("model");
  const model = models.find((one) => one.id === wanted) ?? models[0];

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
  const modes = modesOf(model);
  const mode = modes.find((one) => one === query.value.get("mode")) ?? modes[0];

  return (
    <>
      <div class="filters">
        <Select
          label={t.model}
          value={model.id}
          onValue={(name) => setQuery({ model: name })}
          options={models.map(({ id }) => [id, id])}
        />
        <Select
          label={t.mode}
          value={mode ?? ""}
          onValue={(one) => setQuery({ mode: one === modes[0] ? undefined : one })}
          options={modes.map((one) => [one, t.modes[one]])}
        />
      </div>
      {mode === "embed" ? (
        <Embedding key={model.id} model={model.id} />
      ) : (
        <Talking key={`${model.id} ${mode}`} model={model.id} isChat={mode === "chat"} />
      )}
    </>
  );
}

export default function Playground() {
  const t = text.value.playground;
  const asked = useAsk(usable);

  return (
    <>
      <h1>{t.title}</h1>
      <p class="lead">{t.intro}</p>
      <Loaded of={asked}>{(models) => <Trying models={models} />}</Loaded>
    </>
  );
}
