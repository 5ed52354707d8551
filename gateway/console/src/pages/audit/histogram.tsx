// SPDX-License-Identifier: Apache-2.0
// How many events there were, by day or hour; a stretch that is drawn over becomes the filter.
import { useMemo } from "preact/hooks";
import { ask, type Reply } from "../../api/client";
import { useAsk } from "../../api/use";
import { setQuery } from "../../router";
import { number } from "../../text/format";
import { text } from "../../text/text";
import { Chart } from "../../ui/chart";
import { Loaded } from "../../ui/state";
import { type Filters, searchOf, stepOf, toSecond } from "./asked";

export type Summary = Reply<"GET /api/v1/audit/summary">;

const STEP_SECONDS = { hour: 3600, day: 86400 };
const MOST_STEPS = 1000;
const LEAST_STEPS = 14;

/** Times ascending with no gap, so that an hour without events is seen to have none. */
function filled(summary: Summary, step: "hour" | "day"): { times: number[]; counts: number[] } {
  const found = new Map(
    (summary.groups ?? []).map(({ key, count = 0 }) => [Date.parse(key ?? "") / 1000, count]),
  );
  const known = [...found.keys()].filter(Number.isFinite).sort((a, b) => a - b);
  const size = STEP_SECONDS[step];
  const last = known[known.length - 1] ?? 0;
  const first = Math.min(known[0] ?? 0, last - (LEAST_STEPS - 1) * size);
  const steps = known.length ? (last - first) / size + 1 : 0;
  const times =
    steps > MOST_STEPS ? known : Array.from({ length: steps }, (_, i) => first + i * size);

  return { times, counts: times.map((time) => found.get(time) ?? 0) };
}

function Bars({ summary, step, label }: { summary: Summary; step: "hour" | "day"; label: string }) {
  const t = text.value.auditEvents;
  const { times, counts } = useMemo(() => filled(summary, step), [summary, step]);
  const series = useMemo(() => [{ label: t.events, values: counts }], [counts, t]);

  if (!times.length) return <p class="soft">{t.nothingCounted}</p>;
  return (
    <Chart
      label={label}
      kind="bars"
      height={160}
      times={times}
      series={series}
      onSelect={(from, to) => setQuery({ from: toSecond(from * 1000), to: toSecond(to * 1000) })}
    />
  );
}

export function Histogram({ filters }: { filters: Filters }) {
  // Of texts there are no counts.
  if (filters.text) return <p class="soft">{text.value.auditEvents.noCounts}</p>;
  return <Counted filters={filters} />;
}

function Counted({ filters }: { filters: Filters }) {
  const t = text.value.auditEvents;
  const step = stepOf(filters);
  const summary = useAsk(
    (signal) => ask("GET /api/v1/audit/summary", { query: { by: step, ...filters }, signal }),
    [searchOf(filters)],
  );

  return (
    <div class="room chart-room">
      <Loaded of={summary} lines={6}>
        {(data) => (
          <>
            <Bars summary={data} step={step} label={step === "hour" ? t.byHour : t.byDay} />
            <p class="soft small" role="status">
              {t.count((data.groups ?? []).reduce((sum, { count = 0 }) => sum + count, 0))}
              {data.behind ? ` ${t.behind(number(data.behind))}` : ""}
            </p>
          </>
        )}
      </Loaded>
    </div>
  );
}
