// SPDX-License-Identifier: Apache-2.0
// Events as they are published, the newest first; what comes while the list is held is counted, and
// shown when it goes on. Nothing moves but the list.
import { useEffect, useRef, useState } from "preact/hooks";
import { Refusal, send } from "../../api/client";
import { eventsOf } from "../../api/stream";
import { refusalOf } from "../../api/use";
import type { Event } from "../../api/schema";
import { query, setQuery } from "../../router";
import { number } from "../../text/format";
import { text } from "../../text/text";
import { Badge, Button, EmptyState } from "../../ui/basic";
import { ErrorState } from "../../ui/state";
import { Table } from "../../ui/table";
import { asked, type Filters, searchOf } from "./asked";
import { columns } from "./columns";
import { EventView } from "./event_view";
import { EventFilters } from "./filters";

const MOST_KEPT = 1000;
const AGAIN_MS = 2000;

interface Tail {
  events: Event[];
  /** All that came, those that are no longer kept, too. */
  count: number;
  size: number;
  isOn: boolean;
  error: Refusal | undefined;
}

const NOTHING: Tail = { events: [], count: 0, size: 0, isOn: false, error: undefined };

/** Follow the stream, a minute after the other, until `signal`. */
async function follow(
  filters: Filters,
  signal: AbortSignal,
  change: (how: (old: Tail) => Tail) => void,
): Promise<void> {
  let cursor: string | undefined;

  while (!signal.aborted) {
    try {
      const given = { ...filters, ...(cursor ? { cursor } : {}) };
      const answer = await send("GET /api/v1/audit/live", { query: given, signal });

      change((old) => ({ ...old, isOn: true, error: undefined }));
      for await (const { event, data, id } of eventsOf(answer)) {
        if (signal.aborted) return;
        cursor = id;
        if (event === "place") {
          const { size } = JSON.parse(data) as { size: number };
          change((old) => ({ ...old, size }));
        } else {
          const one = JSON.parse(data) as Event;
          change((old) => ({
            ...old,
            events: [one, ...old.events].slice(0, MOST_KEPT),
            count: old.count + 1,
          }));
        }
      }
    } catch (error) {
      if (signal.aborted) return;
      const refusal = refusalOf(error);
      change((old) => ({ ...old, isOn: false, error: refusal }));
      if (refusal.status >= 400 && refusal.status < 500 && refusal.status !== 429) return;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}

function useTail(filters: Filters): Tail {
  const [tail, setTail] = useState<Tail>(NOTHING);

  useEffect(() => {
    const stop = new AbortController();

    setTail(NOTHING);
    void follow(filters, stop.signal, setTail);
    return () => stop.abort();
  }, [searchOf(filters)]);
  return tail;
}

export default function Live() {
  const t = text.value.auditLive;
  const filters = asked();
  const tail = useTail(filters);
  const held = useRef<Tail>();
  const [isHeld, setHeld] = useState(false);
  const shown = (isHeld && held.current) || tail;
  const open = query.value.get("event");
  const waiting = tail.count - shown.count;

  return (
    <>
      <div class="head-row">
        <h1>{t.title}</h1>
        <Badge tone={isHeld ? "warn" : tail.isOn ? "good" : "plain"}>
          {isHeld ? t.held : tail.isOn ? t.on : t.connecting}
        </Badge>
        <Button
          icon={isHeld ? "play" : "clock"}
          aria-pressed={isHeld}
          onClick={() => {
            held.current = tail;
            setHeld(!isHeld);
          }}
        >
          {isHeld ? t.goOn : t.hold}
        </Button>
      </div>
      <p class="lead">{t.intro}</p>
      <EventFilters without={["from", "to"]} />
      {tail.error && <ErrorState error={tail.error} />}
      <p class="soft" role="status">
        {isHeld && waiting > 0 ? t.waiting(waiting) : t.count(shown.count)}
        {shown.size > 0 && ` ${t.size(number(shown.size))}`}
      </p>
      {shown.events.length ? (
        <Table
          label={t.title}
          columns={columns()}
          rows={shown.events}
          rowKey={(e) => e.id ?? ""}
          openKey={open ?? undefined}
          onOpen={(e) => setQuery({ event: e.id })}
        />
      ) : (
        <EmptyState icon="clock" title={t.none}>
          {t.noneHelp}
        </EmptyState>
      )}
      {open && <EventView id={open} onClose={() => setQuery({ event: undefined })} />}
    </>
  );
}
