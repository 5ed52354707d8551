// SPDX-License-Identifier: Apache-2.0
// Filters over events. What is typed is asked for with Enter, since each question is itself an
// entry of the log; what is chosen is asked for at once.
import { useEffect, useState } from "preact/hooks";
import { setQuery } from "../../router";
import { text } from "../../text/text";
import { Button } from "../../ui/basic";
import { Field, Form, Select } from "../../ui/form";
import {
  asked,
  askFor,
  type Filter,
  type Filters,
  fromLocal,
  searchOf,
  toLocal,
  toSecond,
} from "./asked";

const TYPED = [
  "text",
  "actor",
  "institution",
  "region",
  "model",
  "license",
  "kind",
  "code",
  "address",
] as const;
const RIGHTS = [
  "metadata:read",
  "weights:read",
  "infer:generate",
  "infer:embed",
  "internals:read",
  "adapters:write",
];
const DAY_MS = 24 * 3600_000;

const trimmed = (filters: Filters): Filters =>
  Object.fromEntries(Object.entries(filters).map(([name, value]) => [name, value.trim()]));

function Typed({ filters, without }: { filters: Filters; without: Filter[] }) {
  const t = text.value.auditEvents;
  const [draft, setDraft] = useState<Filters>(filters);
  const value = (name: Filter) => draft[name] ?? "";

  useEffect(() => setDraft(filters), [searchOf(filters)]);
  return (
    <Form class="filters" role="search" onSend={() => askFor(trimmed({ ...filters, ...draft }))}>
      {TYPED.filter((name) => !without.includes(name)).map((name) => (
        <Field
          key={name}
          label={t.filters[name]}
          value={value(name)}
          onValue={(one) => setDraft({ ...draft, [name]: one })}
          spellcheck={false}
          autocomplete="off"
        />
      ))}
      <Button kind="primary" icon="search" type="submit">
        {t.find}
      </Button>
    </Form>
  );
}

function Chosen({ filters, without }: { filters: Filters; without: Filter[] }) {
  const t = text.value.auditEvents;
  const any: [string, string] = ["", t.any];

  return (
    <div class="filters">
      <Select
        label={t.filters.decision}
        value={filters.decision ?? ""}
        onValue={(decision) => setQuery({ decision })}
        options={[any, ["allow", t.decisions.allow], ["deny", t.decisions.deny]]}
      />
      <Select
        label={t.filters.right}
        value={filters.right ?? ""}
        onValue={(right) => setQuery({ right })}
        options={[any, ...RIGHTS.map((right): [string, string] => [right, right])]}
      />
      {(["from", "to"] as const)
        .filter((name) => !without.includes(name))
        .map((name) => (
          <Field
            key={name}
            type="datetime-local"
            label={t.filters[name]}
            value={toLocal(filters[name])}
            onValue={(value) => setQuery({ [name]: fromLocal(value) })}
          />
        ))}
    </div>
  );
}

/** Several filters at a press. */
function Fast({ filters, isTimed }: { filters: Filters; isTimed: boolean }) {
  const t = text.value.auditEvents;
  const last = (days: number) =>
    setQuery({ from: toSecond(Date.now() - days * DAY_MS), to: undefined });

  return (
    <p class="actions">
      {isTimed && (
        <>
          <Button onClick={() => last(1)}>{t.lastDay}</Button>
          <Button onClick={() => last(7)}>{t.lastWeek}</Button>
          <Button onClick={() => last(30)}>{t.lastMonth}</Button>
        </>
      )}
      <Button
        aria-pressed={filters.decision === "deny"}
        onClick={() => setQuery({ decision: filters.decision === "deny" ? undefined : "deny" })}
      >
        {t.denials}
      </Button>
      {searchOf(filters) && (
        <Button kind="quiet" icon="close" onClick={() => askFor({})}>
          {t.clear}
        </Button>
      )}
    </p>
  );
}

/** `without`: what the page cannot be asked by. */
export function EventFilters({ without = [] }: { without?: Filter[] }) {
  const filters = asked();

  return (
    <>
      <Typed filters={filters} without={without} />
      <Chosen filters={filters} without={without} />
      <Fast filters={filters} isTimed={!without.includes("from")} />
    </>
  );
}
