// SPDX-License-Identifier: Apache-2.0
// All licenses that this reader manages, found by person, model and state.
import { ask } from "../../api/client";
import type { License } from "../../api/schema";
import { useAsk } from "../../api/use";
import { go, query, setQuery } from "../../router";
import { text } from "../../text/text";
import { Badge, EmptyState, Time, type Tone } from "../../ui/basic";
import { Field, Select } from "../../ui/form";
import { Loaded } from "../../ui/state";
import { type Column, Table } from "../../ui/table";

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

export default function Licenses() {
  const t = text.value.allLicenses;
  const asked = useAsk((signal) => ask("GET /api/v1/licenses", { signal }));
  const search = query.value.get("q") ?? "";
  const state = query.value.get("state") ?? "";
  const fits = (one: License) =>
    (!state || one.state === state) &&
    `${one.person} ${one.model} ${one.id}`.toLowerCase().includes(search.toLowerCase());

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
      <Loaded of={asked}>
        {({ licenses = [] }) => {
          const shown = licenses.filter(fits);

          return shown.length === 0 ? (
            <EmptyState icon="license" title={t.none}>
              {t.noneHelp}
            </EmptyState>
          ) : (
            <>
              <p class="soft" role="status">
                {t.count(shown.length)}
              </p>
              <Table
                label={t.title}
                columns={columns()}
                rows={shown}
                rowKey={(one) => one.id ?? ""}
                onOpen={(one) => go(`/admin/licenses/${one.id}`)}
              />
            </>
          );
        }}
      </Loaded>
    </>
  );
}
