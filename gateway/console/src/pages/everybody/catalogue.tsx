// SPDX-License-Identifier: Apache-2.0
// All models that one may know of: found by name, narrowed by how they are given and what they do.
import { cursorOf, send } from "../../api/client";
import type { ModelInfo } from "../../api/schema";
import { type Page, usePaged } from "../../api/use";
import { query, setQuery } from "../../router";
import { text } from "../../text/text";
import { Badge, Card, EmptyState, Time } from "../../ui/basic";
import { Field, Select } from "../../ui/form";
import { ErrorState, LoadMore, Waiting } from "../../ui/state";

const PAGE = 50;

async function models(search: string, cursor: string | undefined, signal: AbortSignal) {
  const answer = await send("GET /api/models", {
    query: { search, limit: PAGE, cursor },
    signal,
  });

  return {
    rows: (await answer.json()) as ModelInfo[],
    next: cursorOf(answer),
  } satisfies Page<ModelInfo>;
}

type Gate = ModelInfo["sallyport"]["gate"];

const GATES: Gate[] = ["manual", "auto", "no", "public"];
const GATE_TONES = { manual: "info", auto: "info", no: "good", public: "good" } as const;

export function GateBadge({ gate }: { gate: Gate }) {
  return <Badge tone={GATE_TONES[gate]}>{text.value.models.gates[gate]}</Badge>;
}

/** What a task is called; the engine's word where there is no other. */
export function taskName(task: string): string {
  const names = text.value.models.tasks as Record<string, string>;

  return names[task] ?? task;
}

function ModelCard({ model }: { model: ModelInfo }) {
  const t = text.value.models;
  const { gate, tasks, inference, state } = model.sallyport;

  return (
    <Card title={<a href={`/models/${model.id}`}>{model.id}</a>}>
      <p class="badges">
        <GateBadge gate={gate} />
        {state !== "active" && <Badge tone="bad">{state}</Badge>}
        {model.private && <Badge>{t.hidden}</Badge>}
        {inference ? tasks.map((task) => <Badge key={task}>{taskName(task)}</Badge>) : null}
        {!inference && <Badge>{t.downloadOnly}</Badge>}
      </p>
      <p class="soft small">
        {t.changed} <Time at={model.lastModified} kind="relative" />
      </p>
    </Card>
  );
}

function Filters() {
  const t = text.value.models;
  const any: [string, string] = ["", t.any];
  const get = (name: string) => query.value.get(name) ?? "";

  return (
    <div class="filters" role="search">
      <Field type="search" label={t.search} value={get("q")} onValue={(q) => setQuery({ q })} />
      <Select
        label={t.access}
        value={get("gate")}
        onValue={(gate) => setQuery({ gate })}
        options={[any, ...GATES.map((gate): [string, string] => [gate, t.gates[gate]])]}
      />
      <Select
        label={t.use}
        value={get("task")}
        onValue={(task) => setQuery({ task })}
        options={[
          any,
          ...Object.entries(t.tasks).map((task): [string, string] => task),
          ["none", t.downloadOnly],
        ]}
      />
    </div>
  );
}

function fits(model: ModelInfo, gate: string | null, task: string | null): boolean {
  const own = model.sallyport;

  if (gate && own.gate !== gate) return false;
  if (task === "none") return !own.inference;
  return !task || (own.inference && own.tasks.includes(task));
}

export default function Catalogue() {
  const t = text.value.models;
  const search = query.value.get("q") ?? "";
  const list = usePaged((cursor, signal) => models(search, cursor, signal), [search]);
  const shown = list.rows.filter((model) =>
    fits(model, query.value.get("gate"), query.value.get("task")),
  );
  const isFiltered = query.value.size > 0;

  return (
    <>
      <div class="head-row">
        <h1>{t.title}</h1>
        <span class="soft" role="status">
          {!list.isBusy && !list.hasMore && t.count(shown.length)}
        </span>
      </div>
      <Filters />
      {list.error && <ErrorState error={list.error} again={list.again} />}
      {list.isBusy && !list.rows.length && <Waiting />}
      {!list.isBusy && !list.error && !shown.length && (
        <EmptyState icon="model" title={isFiltered ? t.none : t.empty}>
          {isFiltered ? t.noneHelp : t.emptyHelp}
        </EmptyState>
      )}
      <div class="cards">
        {shown.map((model) => (
          <ModelCard key={model.id} model={model} />
        ))}
      </div>
      <LoadMore hasMore={list.hasMore} isBusy={list.isBusy} more={list.more} />
    </>
  );
}
