// SPDX-License-Identifier: Apache-2.0
// The event explorer: filters, how many when, the events, and one of them with its proof. All that
// is asked for stands in the address.
import { ask, type Query, type Reply } from "../../api/client";
import { useAsk, usePaged } from "../../api/use";
import type { Event } from "../../api/schema";
import { query, setQuery } from "../../router";
import { text } from "../../text/text";
import { EmptyState, LinkButton } from "../../ui/basic";
import { ErrorState, LoadMore, Waiting } from "../../ui/state";
import { Table } from "../../ui/table";
import { asked, eventsHref, type Filters, searchOf } from "./asked";
import { columns } from "./columns";
import { EventView } from "./event_view";
import { EventFilters } from "./filters";
import { Histogram } from "./histogram";
import { Saved } from "./saved";

type Found = Reply<"GET /api/v1/audit/events">;

const PAGE = "200";
const AHEAD = 2000; // rows that are there before they are scrolled to
const FEW = 50;
const MOST_LOOKS = 10;

/** What a row shows; payloads of a hundred thousand would fill the memory. */
function lightly({ payload: _, ...event }: Event): Event {
  return event;
}

/** A page; where events are looked for without an index, as many looks as give some rows. */
async function page(filters: Filters, cursor: string | undefined, signal: AbortSignal) {
  const rows: Event[] = [];
  let next: string | null | undefined = cursor;

  for (let looks = 0; looks === 0 || (next && rows.length < FEW && looks < MOST_LOOKS); looks++) {
    const given: Query<"GET /api/v1/audit/events"> = {
      ...filters,
      limit: PAGE,
      ...(next ? { cursor: next } : {}),
    };
    const found: Found = await ask("GET /api/v1/audit/events", { query: given, signal });

    rows.push(...(found.events ?? []).map(lightly));
    next = found.next;
  }
  return { rows, next: next ?? null };
}

/** From a person to their licenses. */
function Licenses({ actor }: { actor: string }) {
  const t = text.value.auditEvents;
  const found = useAsk(
    (signal) => ask("GET /api/v1/audit/summary", { query: { by: "license", actor }, signal }),
    [actor],
  );
  const licenses = (found.data?.groups ?? [])
    .map(({ id, key, count = 0 }) => ({ id: id ?? key ?? "", count }))
    .filter(({ id }) => id !== "");

  if (!licenses.length) return null;
  return (
    <p>
      {t.licenses}{" "}
      {licenses.map(({ id, count }) => (
        <span key={id}>
          <a href={eventsHref({ actor, license: id })}>{id}</a> ({t.count(count)}){" "}
        </span>
      ))}
    </p>
  );
}

function Exports({ filters }: { filters: Filters }) {
  const t = text.value.auditEvents;
  const href = (format: string) =>
    `/api/v1/audit/export?${searchOf({ ...filters, format } as Filters)}`;

  return (
    <div class="actions">
      <LinkButton icon="download" href={href("csv")} download>
        CSV
      </LinkButton>
      <LinkButton icon="download" href={href("jsonl")} download>
        {t.jsonLines}
      </LinkButton>
      <LinkButton icon="chart" href={`/audit/charts?${searchOf(filters)}`}>
        {text.value.auditCharts.title}
      </LinkButton>
      <LinkButton icon="shield" href={`/audit/verify?${searchOf(filters)}`}>
        {text.value.verify.title}
      </LinkButton>
    </div>
  );
}

export default function Events() {
  const t = text.value.auditEvents;
  const filters = asked();
  const open = query.value.get("event");
  const list = usePaged((cursor, signal) => page(filters, cursor, signal), [searchOf(filters)]);

  return (
    <>
      <div class="head-row">
        <h1>{t.title}</h1>
        <Exports filters={filters} />
      </div>
      <EventFilters />
      <Saved />
      <Histogram filters={filters} />
      {filters.actor && <Licenses actor={filters.actor} />}
      {list.error && <ErrorState error={list.error} again={list.again} />}
      {list.isBusy && !list.rows.length && <Waiting />}
      {!list.isBusy && !list.error && !list.rows.length && !list.hasMore && (
        <EmptyState icon="search" title={t.none}>
          {t.noneHelp}
        </EmptyState>
      )}
      {list.rows.length > 0 && (
        <Table
          label={t.title}
          columns={columns()}
          rows={list.rows}
          rowKey={(e) => e.id ?? ""}
          openKey={open ?? undefined}
          onOpen={(e) => setQuery({ event: e.id })}
          onEnd={list.more}
          ahead={AHEAD}
        />
      )}
      <LoadMore hasMore={list.hasMore} isBusy={list.isBusy} more={list.more} />
      {open && <EventView id={open} onClose={() => setQuery({ event: undefined })} />}
    </>
  );
}
