// SPDX-License-Identifier: Apache-2.0
// The queue: requests that wait, the longest waiting first, and those that were.
import { useState } from "preact/hooks";
import { ask, cursorOf, ofModel, Refusal, send } from "../../api/client";
import type { Request } from "../../api/schema";
import { type Page, useAsk, usePaged } from "../../api/use";
import { go, query, setQuery } from "../../router";
import { text } from "../../text/text";
import { Badge, Button, EmptyState, Time, type Tone } from "../../ui/basic";
import { Field, Select } from "../../ui/form";
import { ErrorState, LoadMore, Waiting } from "../../ui/state";
import { type Column, Table } from "../../ui/table";
import { Bulk } from "./bulk";

const PAGE = 200;
const DAY_MS = 24 * 3600 * 1000;
const ASKED_STATES = ["returned", "approved", "denied", "withdrawn", "closed"];

export const STATE_TONES: Record<string, Tone> = {
  submitted: "info",
  appealed: "warn",
  returned: "plain",
  approved: "good",
  denied: "bad",
};

export function RequestState({ state }: { state: string }) {
  return (
    <Badge tone={STATE_TONES[state] ?? "plain"}>{text.value.queue.states[state] ?? state}</Badge>
  );
}

interface Filters {
  view: string;
  model: string;
  q: string;
}

/** What a view asks for. Those that wait are in the order of their waiting. */
function questionOf({ view, model, q }: Filters) {
  const about = { model, q };

  if (view === "") return { ...about, sort: "waiting" };
  if (view === "mine") return { ...about, sort: "waiting", assigned: "1" };
  return { ...about, state: view === "all" ? "" : view };
}

async function requests(filters: Filters, cursor: string | undefined, signal: AbortSignal) {
  const answer = await send("GET /api/v1/access-requests", {
    query: { ...questionOf(filters), limit: String(PAGE), cursor },
    signal,
  });
  const { requests: rows } = (await answer.json()) as { requests: Request[] };

  return { rows, next: cursorOf(answer) } satisfies Page<Request>;
}

/** After how many days the requests of these models are escalated; 0: never. */
async function escalations(models: string[], signal: AbortSignal): Promise<Map<string, number>> {
  const found = await Promise.all(
    models.map(async (model): Promise<[string, number]> => {
      try {
        const rule = await ask("GET /api/v1/models/{ns}/{name}/committee", {
          path: ofModel(model),
          signal,
        });
        return [model, rule.escalate_days ?? 0];
      } catch (error) {
        if (error instanceof Refusal) return [model, 0];
        throw error;
      }
    }),
  );

  return new Map(found);
}

function Escalation({ request, days }: { request: Request; days: number }) {
  const t = text.value.queue;

  if (!request.waiting_since) return null;
  if (!days) return <span class="soft">{t.noEscalation}</span>;
  const at = new Date(request.waiting_since).getTime() + days * DAY_MS;

  if (at > Date.now()) return <Time at={at} kind="relative" />;
  return (
    <Badge tone="bad" icon="warning">
      {t.escalated}
    </Badge>
  );
}

interface Chosen {
  ids: Set<string>;
  set: (ids: Set<string>) => void;
}

const toggled = (ids: Set<string>, id: string): Set<string> =>
  ids.has(id) ? new Set([...ids].filter((one) => one !== id)) : new Set([...ids, id]);

function columns(days: Map<string, number>, chosen: Chosen): Array<Column<Request>> {
  const t = text.value.queue;

  return [
    {
      key: "choose",
      title: t.columns.choose,
      width: "5rem",
      render: ({ id = "", person = "", model = "", waiting_since }) =>
        waiting_since && (
          <input
            type="checkbox"
            aria-label={t.choose(person, model)}
            checked={chosen.ids.has(id)}
            onChange={() => chosen.set(toggled(chosen.ids, id))}
          />
        ),
    },
    {
      key: "waits",
      title: t.columns.waits,
      width: "10rem",
      render: (one) => <Time at={one.waiting_since ?? one.changed} kind="relative" />,
      sort: (one) => one.waiting_since ?? one.changed ?? "",
    },
    {
      key: "person",
      title: t.columns.person,
      render: (one) => <a href={`/admin/requests/${one.id}`}>{one.person}</a>,
      sort: (one) => one.person ?? "",
    },
    {
      key: "model",
      title: t.columns.model,
      width: "1.5fr",
      render: (one) => one.model,
      sort: (one) => one.model ?? "",
    },
    {
      key: "rights",
      title: t.columns.rights,
      width: "1.5fr",
      render: (one) =>
        (one.rights ?? []).map((right) => text.value.rights[right] ?? right).join(", "),
    },
    {
      key: "state",
      title: t.columns.state,
      width: "8rem",
      render: (one) => <RequestState state={one.state ?? ""} />,
      sort: (one) => one.state ?? "",
    },
    {
      key: "escalation",
      title: t.columns.escalation,
      width: "9rem",
      render: (one) => <Escalation request={one} days={days.get(one.model ?? "") ?? 0} />,
    },
  ];
}

function FilterFields({ filters }: { filters: Filters }) {
  const t = text.value.queue;
  const counts = useAsk(
    (signal) =>
      ask("GET /api/v1/access-requests/counts", {
        query: { model: filters.model, q: filters.q },
        signal,
      }),
    [filters.model, filters.q],
  );
  const count = (...states: string[]) => {
    const all = (counts.data?.counts ?? {}) as Record<string, number>;
    return states.reduce((sum, state) => sum + (all[state] ?? 0), 0);
  };

  return (
    <div class="filters" role="search">
      <Select
        label={t.show}
        value={filters.view}
        onValue={(view) => setQuery({ view })}
        options={[
          ["", t.counted(t.waiting, count("submitted", "appealed"))],
          ["mine", t.mine],
          ...ASKED_STATES.map((state): [string, string] => [
            state,
            t.counted(t.states[state] ?? state, count(state)),
          ]),
          ["all", t.all],
        ]}
      />
      <Field
        label={t.columns.model}
        hint={t.modelHint}
        value={filters.model}
        onValue={(model) => setQuery({ model })}
      />
      <Field
        type="search"
        label={t.search}
        hint={t.searchHint}
        value={filters.q}
        onValue={(q) => setQuery({ q })}
      />
    </div>
  );
}

/** What is chosen, and what can be done with all of it. */
function Choice({ rows, chosen, onDone }: { rows: Request[]; chosen: Chosen; onDone: () => void }) {
  const t = text.value.queue;
  const [isDeciding, setDeciding] = useState(false);
  const waiting = rows.filter((one) => one.waiting_since);
  const own = waiting.filter((one) => chosen.ids.has(one.id ?? ""));
  const isAll = own.length === waiting.length;

  if (!waiting.length) return null;
  return (
    <div class="actions" role="group" aria-label={t.choice}>
      <Button onClick={() => chosen.set(new Set(isAll ? [] : waiting.map((one) => one.id ?? "")))}>
        {isAll ? t.chooseNone : t.chooseAll(waiting.length)}
      </Button>
      {own.length > 0 && (
        <Button kind="primary" icon="check" onClick={() => setDeciding(true)}>
          {t.decide(own.length)}
        </Button>
      )}
      {isDeciding && (
        <Bulk
          requests={own}
          onClose={(done) => {
            setDeciding(false);
            if (!done.length) return;
            chosen.set(new Set([...chosen.ids].filter((id) => !done.includes(id))));
            onDone();
          }}
        />
      )}
    </div>
  );
}

export default function Queue() {
  const t = text.value.queue;
  const get = (name: string) => query.value.get(name) ?? "";
  const filters = { view: get("view"), model: get("model"), q: get("q") };
  const list = usePaged(
    (cursor, signal) => requests(filters, cursor, signal),
    [filters.view, filters.model, filters.q],
  );
  const models = [...new Set(list.rows.map((one) => one.model ?? ""))].sort();
  const [ids, setIds] = useState(new Set<string>());
  const chosen = { ids, set: setIds };
  const days = useAsk((signal) => escalations(models, signal), [models.join(" ")]);

  return (
    <>
      <h1>{t.title}</h1>
      <p class="lead">{t.intro}</p>
      <FilterFields filters={filters} />
      {list.error && <ErrorState error={list.error} again={list.again} />}
      {list.isBusy && !list.rows.length && <Waiting />}
      {!list.isBusy && !list.error && !list.rows.length && (
        <EmptyState icon="inbox" title={t.none}>
          {t.noneHelp}
        </EmptyState>
      )}
      {list.rows.length > 0 && (
        <>
          <p class="soft small">{t.keys}</p>
          <Choice rows={list.rows} chosen={chosen} onDone={list.again} />
          <Table
            label={t.title}
            columns={columns(days.data ?? new Map<string, number>(), chosen)}
            rows={list.rows}
            rowKey={(one) => one.id ?? ""}
            onOpen={(one) => go(`/admin/requests/${one.id}`)}
            onEnd={list.more}
          />
        </>
      )}
      <LoadMore hasMore={list.hasMore} isBusy={list.isBusy} more={list.more} />
    </>
  );
}
