// SPDX-License-Identifier: Apache-2.0
// All licenses that this reader manages, found by person, model and state.
import { cursorOf, send } from "../../api/client";
import type { License } from "../../api/schema";
import { type Page, usePaged } from "../../api/use";
import { go, query, setQuery } from "../../router";
import { text } from "../../text/text";
import { Badge, EmptyState, Time, type Tone } from "../../ui/basic";
import { Field, Select } from "../../ui/form";
import { ErrorState, Waiting } from "../../ui/state";
import { type Column, Table } from "../../ui/table";

const PAGE = 200;
const TONES: Record<string, Tone> = {
  preparing: "info",
  active: "good",
  suspended: "warn",
  revoked: "bad",
};

export function LicenseState({ state }: { state: string }) {
  return (
    <Badge tone={TONES[state] ?? "plain"}>{text.value.allLicenses.states[state] ?? state}</Badge>
  );
}

const rights = (one: License) =>
  (one.rights ?? []).map((right) => text.value.rights[right] ?? right).join(", ");

function columns(): Array<Column<License>> {
  const t = text.value.allLicenses;

  return [
    {
      key: "person",
      title: t.columns.person,
      render: (one) => <a href={`/admin/licenses/${one.id}`}>{one.person}</a>,
      sort: (one) => one.person ?? "",
    },
    {
      key: "model",
      title: t.columns.model,
      width: "1.5fr",
      render: (one) => one.model,
      sort: (one) => one.model ?? "",
    },
    { key: "rights", title: t.columns.rights, width: "1.5fr", render: rights },
    {
      key: "ends",
      title: t.columns.ends,
      width: "10rem",
      render: (one) => <Time at={one.expires} kind="relative" />,
      sort: (one) => one.expires ?? "",
    },
    {
      key: "state",
      title: t.columns.state,
      width: "8rem",
      render: (one) => <LicenseState state={one.state ?? ""} />,
      sort: (one) => one.state ?? "",
    },
  ];
}

async function licenses(q: string, state: string, cursor: string | undefined, stop: AbortSignal) {
  const answer = await send("GET /api/v1/licenses", {
    query: { q, state, limit: PAGE, cursor },
    signal: stop,
  });
  const said = (await answer.json()) as { licenses?: License[] };

  return { rows: said.licenses ?? [], next: cursorOf(answer) } satisfies Page<License>;
}

export default function Licenses() {
  const t = text.value.allLicenses;
  const search = query.value.get("q") ?? "";
  const state = query.value.get("state") ?? "";
  const list = usePaged(
    (cursor, signal) => licenses(search, state, cursor, signal),
    [search, state],
  );

  return (
    <>
      <h1>{t.title}</h1>
      <p class="lead">{t.intro}</p>
      <div class="filters" role="search">
        <Field
          type="search"
          label={t.search}
          hint={t.searchHint}
          value={search}
          onValue={(q) => setQuery({ q })}
        />
        <Select
          label={t.columns.state}
          value={state}
          onValue={(value) => setQuery({ state: value })}
          options={[["", t.any], ...Object.entries(t.states)]}
        />
      </div>
      {list.error && <ErrorState error={list.error} again={list.again} />}
      {list.isBusy && !list.rows.length && <Waiting />}
      {!list.isBusy && !list.error && !list.rows.length && (
        <EmptyState icon="license" title={t.none}>
          {t.noneHelp}
        </EmptyState>
      )}
      {list.rows.length > 0 && (
        <>
          <p class="soft" role="status">
            {list.hasMore ? t.countSoFar(list.rows.length) : t.count(list.rows.length)}
          </p>
          <Table
            label={t.title}
            columns={columns()}
            rows={list.rows}
            rowKey={(one) => one.id ?? ""}
            onOpen={(one) => go(`/admin/licenses/${one.id}`)}
            onEnd={list.more}
          />
        </>
      )}
    </>
  );
}
