// SPDX-License-Identifier: Apache-2.0
// How much was done: by time, and by model, institution, region and so on, as bars that are rows of
// a table; each leads to its events.
import { ask } from "../../api/client";
import { useAsk } from "../../api/use";
import { query, setQuery } from "../../router";
import { bytes, number } from "../../text/format";
import { text } from "../../text/text";
import { Card, LinkButton } from "../../ui/basic";
import { Select } from "../../ui/form";
import { Loaded } from "../../ui/state";
import { asked, eventsHref, type Filter, type Filters, searchOf } from "./asked";
import { EventFilters } from "./filters";
import { Histogram, type Summary } from "./histogram";
import { regionName } from "./region";

const MOST_SHOWN = "20";

/** What is counted by, and the filter that finds the events of one group. */
const KINDS = [
  ["model", "model"],
  ["institution", "institution"],
  ["region", "region"],
  ["right", "right"],
  ["person", "actor"],
  ["kind", "kind"],
  ["code", "code"],
] as const satisfies ReadonlyArray<readonly [string, Filter]>;

const MEASURES = ["count", "tokens", "bytes"] as const;

type Kind = (typeof KINDS)[number];
type Measure = (typeof MEASURES)[number];
type Group = NonNullable<Summary["groups"]>[number];

const wanted = (): Measure => MEASURES.find((one) => one === query.value.get("measure")) ?? "count";

const said = (measure: Measure, value: number): string =>
  measure === "bytes" ? bytes(value) : number(value);

function Row({ group, kind, filters }: { group: Group; kind: Kind; filters: Filters }) {
  const { key, id } = group;
  const [by, of] = kind;

  if (!key && !id) return <>{text.value.auditCharts.without}</>;
  return (
    <a href={eventsHref({ ...filters, [of]: id ?? key ?? "" })}>
      {by === "region" ? regionName(key ?? "") : (key ?? id)}
    </a>
  );
}

/** Bars under the names, as long as the chosen number is large. */
function Bars({ groups, kind, filters }: { groups: Group[]; kind: Kind; filters: Filters }) {
  const t = text.value.auditCharts;
  const measure = wanted();
  const of = (group: Group) => group[measure] ?? 0;
  const most = Math.max(1, ...groups.map(of));
  const sorted = [...groups].sort((a, b) => of(b) - of(a));

  return (
    <div class="scrolls" tabIndex={0} role="region" aria-label={t.by[kind[0]]}>
      <table class="bars">
        <thead>
          <tr>
            <th scope="col">{t.group[kind[0]]}</th>
            {MEASURES.map((one) => (
              <th key={one} scope="col" class={one === measure ? "chosen" : undefined}>
                {t.measures[one]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.map((group) => (
            <tr key={group.id ?? group.key ?? ""}>
              <th scope="row">
                <Row group={group} kind={kind} filters={filters} />
                <span
                  class="bar"
                  aria-hidden="true"
                  style={{ width: `${(100 * of(group)) / most}%` }}
                />
              </th>
              {MEASURES.map((one) => (
                <td key={one} class="n">
                  {said(one, group[one] ?? 0)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Counted({ kind, filters }: { kind: Kind; filters: Filters }) {
  const t = text.value.auditCharts;
  const summary = useAsk(
    (signal) =>
      ask("GET /api/v1/audit/summary", {
        query: { by: kind[0], ...filters, limit: MOST_SHOWN },
        signal,
      }),
    [searchOf(filters)],
  );

  return (
    <Card title={t.by[kind[0]]}>
      {kind[0] === "region" && <p class="soft small">{t.regionHelp}</p>}
      <Loaded of={summary}>
        {({ groups = [], truncated }) => (
          <>
            {groups.length ? (
              <Bars groups={groups} kind={kind} filters={filters} />
            ) : (
              <p class="soft">{t.nothing[kind[0]]}</p>
            )}
            {truncated && <p class="soft small">{t.truncated(MOST_SHOWN)}</p>}
          </>
        )}
      </Loaded>
    </Card>
  );
}

export default function Charts() {
  const t = text.value.auditCharts;
  const { text: sought, ...filters } = asked(); // texts cannot be counted by

  return (
    <>
      <div class="head-row">
        <h1>{t.title}</h1>
        <LinkButton icon="search" href={eventsHref(filters)}>
          {t.events}
        </LinkButton>
      </div>
      <p class="lead">{t.intro}</p>
      <EventFilters without={["text"]} />
      {sought && <p class="soft">{t.noText}</p>}
      <Card>
        <Histogram filters={filters} />
      </Card>
      <div class="filters">
        <Select
          label={t.measure}
          value={wanted()}
          onValue={(measure) => setQuery({ measure: measure === "count" ? undefined : measure })}
          options={MEASURES.map((one) => [one, t.measures[one]])}
        />
      </div>
      <div class="cards wide">
        {KINDS.map((kind) => (
          <Counted key={kind[0]} kind={kind} filters={filters} />
        ))}
      </div>
    </>
  );
}
