// SPDX-License-Identifier: Apache-2.0
// Any stretch of the log, computed again by this browser: every entry is hashed, and the tree with
// these leaves must have the root that the log has signed.
import { useEffect, useRef, useState } from "preact/hooks";
import { ask } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import { isStretchUnder, type Signed } from "../../proof";
import { query, setQuery } from "../../router";
import { number } from "../../text/format";
import { text } from "../../text/text";
import { Button, Card, Copyable, Facts, Note, Progress, Time } from "../../ui/basic";
import { Field, Form } from "../../ui/form";
import { ErrorState, Loaded } from "../../ui/state";
import { toBase64 } from "../../proof";
import { type LogNow, logNow } from "../everybody/log_kept";
import { Since } from "../everybody/log_since";
import { asked, eventsHref, type Filters, searchOf } from "./asked";

const MOST_KINDS = 30;

interface Found {
  holds: boolean;
  signed: Signed;
  from: number;
  end: number;
  size: number;
  root: string;
  first: string;
  last: string;
  kinds: Array<[kind: string, count: number]>;
}

/** Counts what the entries themselves say: their kinds, and when. */
class Told {
  private kinds = new Map<string, number>();
  first = "";
  last = "";

  take = (_index: number, entry: string): void => {
    const { ev, t } = JSON.parse(entry) as { ev: string; t: string };
    this.kinds.set(ev, (this.kinds.get(ev) ?? 0) + 1);
    this.first ||= t;
    this.last = t;
  };

  get most(): Array<[string, number]> {
    return [...this.kinds].sort((a, b) => b[1] - a[1]);
  }
}

async function check(
  now: LogNow,
  from: number,
  end: number,
  signal: AbortSignal,
  onProgress: (done: number) => void,
): Promise<Found> {
  const { checkpoint, signed, tiles } = now;
  const told = new Told();
  const stretch = { from, end };
  const isUnder = await isStretchUnder(checkpoint, stretch, tiles, {
    onEntry: told.take,
    onProgress,
    signal,
  });

  return {
    holds: isUnder && signed !== "bad",
    signed,
    ...stretch,
    size: checkpoint.size,
    root: toBase64(checkpoint.root),
    first: told.first,
    last: told.last,
    kinds: told.most.slice(0, MOST_KINDS),
  };
}

function Outcome({ found }: { found: Found }) {
  const t = text.value.verify;
  const { from, end, size } = found;
  const title = t.holds(number(end - from), number(size));

  return (
    <>
      {found.holds ? (
        <Note tone={found.signed === "good" ? "good" : "warn"} title={title}>
          {found.signed !== "good" && <p>{text.value.log.unsureHelp}</p>}
        </Note>
      ) : (
        <Note tone="bad" title={t.fails}>
          <p>{t.failsHelp}</p>
        </Note>
      )}
      <Facts
        rows={[
          [t.stretch, `${number(from)} – ${number(end - 1)}`],
          [t.first, <Time at={found.first} />],
          [t.last, <Time at={found.last} />],
          [text.value.log.root, <Copyable value={found.root} label={text.value.log.root} />],
        ]}
      />
      <div class="scrolls" tabIndex={0} role="region" aria-label={t.kinds}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t.kind}</th>
              <th scope="col">{t.entries}</th>
            </tr>
          </thead>
          <tbody>
            {found.kinds.map(([kind, count]) => (
              <tr key={kind}>
                <th scope="row">
                  <a href={eventsHref({ kind })}>{kind}</a>
                </th>
                <td class="n">{number(count)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

/** The numbers between which all lies that the filters find. */
async function spanOf(filters: Filters, size: number): Promise<[first: number, last: number]> {
  const one = async (order: "oldest" | "newest") => {
    let cursor: string | undefined;

    do {
      const given = { ...filters, order, limit: "1", ...(cursor ? { cursor } : {}) };
      const { events = [], next } = await ask("GET /api/v1/audit/events", { query: given });
      if (events[0]) return events[0].index ?? 0;
      cursor = next ?? undefined;
    } while (cursor);
    return undefined;
  };
  const [first, last] = [await one("oldest"), await one("newest")];

  return [first ?? 0, Math.min(last ?? size - 1, size - 1)];
}

const whole = (value: string | null): number | undefined =>
  value && /^\d{1,15}$/.test(value) ? Number(value) : undefined;

function Choose({ now }: { now: LogNow }) {
  const t = text.value.verify;
  const { size } = now.checkpoint;
  const [from, setFrom] = useState(String(whole(query.value.get("first")) ?? 0));
  const [to, setTo] = useState(String(whole(query.value.get("last")) ?? size - 1));
  const [done, setDone] = useState(0);
  const [found, setFound] = useState<Found>();
  const stop = useRef<AbortController>();
  const filters = asked();
  const [first, last] = [Number(from), Number(to)];
  const act = useAct(async () => {
    stop.current = new AbortController();
    setFound(undefined);
    setDone(0);
    setQuery({ first: from, last: to });
    setFound(await check(now, first, last + 1, stop.current.signal, setDone));
  });
  const span = useAct(async () => {
    const [least, most] = await spanOf(filters, size);
    setFrom(String(least));
    setTo(String(most));
  });

  useEffect(() => () => stop.current?.abort(), []);
  return (
    <Card title={t.choose}>
      <Form class="filters" onSend={() => void act.run()}>
        <Field
          type="number"
          label={t.from}
          value={from}
          onValue={setFrom}
          required
          min={0}
          max={last}
        />
        <Field
          type="number"
          label={t.to}
          value={to}
          onValue={setTo}
          required
          min={first}
          max={size - 1}
        />
        <Button kind="primary" icon="shield" type="submit" isBusy={act.isBusy || span.isBusy}>
          {t.check}
        </Button>
        {act.isBusy && <Button onClick={() => stop.current?.abort()}>{t.stop}</Button>}
      </Form>
      {searchOf(filters) && (
        <p class="actions">
          <Button icon="search" isBusy={span.isBusy} onClick={() => void span.run()}>
            {t.ofFilter}
          </Button>
          <span class="soft">{Object.values(filters).join(", ")}</span>
        </p>
      )}
      {span.error && <ErrorState error={span.error} />}
      {act.error && !stop.current?.signal.aborted && <ErrorState error={act.error} />}
      {act.isBusy && (
        <Progress
          label={t.checking(number(done), number(last + 1 - first))}
          value={done}
          of={last + 1 - first}
        />
      )}
      {found && <Outcome found={found} />}
    </Card>
  );
}

export default function Verify() {
  const t = text.value.verify;
  const now = useAsk((signal) => logNow(signal));

  return (
    <>
      <h1>{t.title}</h1>
      <p class="lead">{t.intro}</p>
      <Loaded of={now}>
        {(log) => (
          <>
            <Card title={t.now}>
              <Facts
                rows={[
                  [text.value.log.size, number(log.checkpoint.size)],
                  [text.value.log.signature, text.value.log.results[log.signed]],
                  [text.value.logSince.title, <Since now={log} again={now.again} />],
                ]}
              />
              <Button icon="refresh" isBusy={now.isBusy} onClick={now.again}>
                {t.newest}
              </Button>
            </Card>
            <Choose now={log} />
          </>
        )}
      </Loaded>
    </>
  );
}
