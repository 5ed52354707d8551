// SPDX-License-Identifier: Apache-2.0
// Institutions that vouch for people, and how to add one.
import { useState } from "preact/hooks";
import { ask } from "../../api/client";
import type { Institution } from "../../api/schema";
import { useAct, useAsk } from "../../api/use";
import { go, query, setQuery } from "../../router";
import { text } from "../../text/text";
import { Badge, Button, EmptyState } from "../../ui/basic";
import { Field, Select } from "../../ui/form";
import { FormDialog } from "../../ui/form_dialog";
import { toast } from "../../ui/layer";
import { Loaded } from "../../ui/state";
import { type Column, Table } from "../../ui/table";

export function InstitutionState({ state }: { state: Institution["state"] }) {
  return (
    <Badge tone={state === "active" ? "good" : "bad"}>{text.value.people.states[state]}</Badge>
  );
}

function Add({ onDone, onClose }: { onDone: () => void; onClose: () => void }) {
  const t = text.value.institutions;
  const [name, setName] = useState("");
  const [kind, setKind] = useState("university");
  const [country, setCountry] = useState("");
  const [domains, setDomains] = useState("");
  const add = useAct(async () => {
    const found = domains.toLowerCase().match(/[^\s,]+/g);

    await ask("POST /api/v1/institutions", {
      body: {
        name: name.trim(),
        kind,
        ...(country.trim() && { country: country.trim().toUpperCase() }),
        ...(found && { domains: found }),
      },
    });
    toast(t.wasAdded);
    onDone();
  });

  return (
    <FormDialog title={t.add} does={t.add} act={add} onClose={onClose}>
      <Field label={t.columns.name} value={name} onValue={setName} required />
      <Select
        label={t.columns.kind}
        value={kind}
        onValue={setKind}
        options={Object.entries(t.kinds)}
      />
      <Field
        label={t.columns.country}
        hint={t.countryHint}
        value={country}
        onValue={setCountry}
        maxLength={2}
      />
      <Field label={t.domains} hint={t.domainsHint} value={domains} onValue={setDomains} />
    </FormDialog>
  );
}

function columns(): Array<Column<Institution>> {
  const t = text.value.institutions;

  return [
    {
      key: "name",
      title: t.columns.name,
      width: "2fr",
      render: (one) => <a href={`/admin/institutions/${one.id}`}>{one.name}</a>,
      sort: (one) => one.name,
    },
    {
      key: "kind",
      title: t.columns.kind,
      render: (one) => t.kinds[one.kind] ?? one.kind,
      sort: (one) => one.kind,
    },
    {
      key: "country",
      title: t.columns.country,
      width: "6rem",
      render: (one) => one.country,
      sort: (one) => one.country,
    },
    { key: "domains", title: t.domains, width: "1.5fr", render: (one) => one.domains },
    {
      key: "state",
      title: t.columns.state,
      width: "8rem",
      render: (one) => <InstitutionState state={one.state} />,
      sort: (one) => one.state,
    },
  ];
}

export default function Institutions() {
  const t = text.value.institutions;
  const asked = useAsk((signal) => ask("GET /api/v1/institutions", { signal }));
  const [isAdding, setAdding] = useState(false);
  const q = query.value.get("q") ?? "";
  const fits = (one: Institution) =>
    `${one.name} ${one.domains} ${one.country}`.toLowerCase().includes(q.trim().toLowerCase());

  return (
    <>
      <div class="head-row">
        <h1>{t.title}</h1>
        <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
          {t.add}
        </Button>
      </div>
      <p class="lead">{t.intro}</p>
      <div class="filters" role="search">
        <Field
          type="search"
          label={text.value.people.search}
          value={q}
          onValue={(typed) => setQuery({ q: typed })}
        />
      </div>
      <Loaded of={asked}>
        {({ institutions }) => {
          const rows = institutions.filter(fits);

          if (!rows.length)
            return (
              <EmptyState icon="office" title={t.none}>
                {t.noneHelp}
              </EmptyState>
            );
          return (
            <Table
              label={t.title}
              columns={columns()}
              rows={rows}
              rowKey={(one) => one.id}
              onOpen={(one) => go(`/admin/institutions/${one.id}`)}
            />
          );
        }}
      </Loaded>
      {isAdding && (
        <Add
          onClose={() => setAdding(false)}
          onDone={() => {
            setAdding(false);
            asked.again();
          }}
        />
      )}
    </>
  );
}
