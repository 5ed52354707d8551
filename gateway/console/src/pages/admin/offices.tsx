// SPDX-License-Identifier: Apache-2.0
// Who holds which office, for which models, until when; giving them and taking them back.
import { useState } from "preact/hooks";
import { ask } from "../../api/client";
import type { HeldOffice } from "../../api/schema";
import { useAct, useAsk } from "../../api/use";
import { query, setQuery } from "../../router";
import { text } from "../../text/text";
import { Badge, Button, EmptyState, Note, Time } from "../../ui/basic";
import { Checks, Field, Select } from "../../ui/form";
import { FormDialog } from "../../ui/form_dialog";
import { Confirm, toast } from "../../ui/layer";
import { ErrorState, Loaded } from "../../ui/state";
import { type Column, Table } from "../../ui/table";
import { idOf, PersonField } from "./person_field";
import { OFFICES, officeName } from "./offices_text";

const isOver = (one: { until: string | null }): boolean =>
  one.until !== null && new Date(one.until) < new Date();

/** `person`: to whom; without it, it is asked for. */
export function Give({
  person,
  onDone,
  onClose,
}: {
  person?: { id: string; name: string };
  onDone: () => void;
  onClose: () => void;
}) {
  const t = text.value.offices;
  const [name, setName] = useState("");
  const [offices, setOffices] = useState<string[]>([]);
  const [scope, setScope] = useState("");
  const [until, setUntil] = useState("");
  const give = useAct(async () => {
    await ask("POST /api/v1/persons/{id}/offices", {
      path: { id: person?.id ?? (await idOf(name)) },
      body: {
        offices,
        ...(scope.trim() && { scope: scope.trim() }),
        ...(until && { until: new Date(`${until}T23:59:59`).toISOString() }),
      },
    });
    toast(t.wasGiven);
    onDone();
  });

  return (
    <FormDialog
      title={person ? t.giveTo(person.name) : t.give}
      does={t.give}
      isReady={offices.length > 0}
      act={give}
      onClose={onClose}
    >
      <p class="soft">{t.giveHelp}</p>
      {!person && <PersonField label={t.columns.person} value={name} onValue={setName} />}
      <Checks
        label={t.offices}
        value={offices}
        onValue={setOffices}
        options={OFFICES.map((one) => [one, officeName(one), one])}
      />
      <Field label={t.scope} hint={t.scopeHint} value={scope} onValue={setScope} />
      <Field type="date" label={t.until} hint={t.untilHint} value={until} onValue={setUntil} />
    </FormDialog>
  );
}

export function Take({
  office,
  onDone,
  onClose,
}: {
  office: HeldOffice;
  onDone: () => void;
  onClose: () => void;
}) {
  const t = text.value.offices;
  const take = useAct(async () => {
    await ask("DELETE /api/v1/persons/{id}/offices", {
      path: { id: office.person_id },
      query: { office: office.office, ...(office.scope && { scope: office.scope }) },
    });
    toast(t.wasTaken);
    onDone();
  });

  return (
    <Confirm
      title={t.takeTitle(officeName(office.office), office.person)}
      does={t.take}
      kind="danger"
      isBusy={take.isBusy}
      onYes={() => void take.run()}
      onNo={onClose}
    >
      <p>{t.takeHelp}</p>
      {take.error && <ErrorState error={take.error} />}
    </Confirm>
  );
}

export const Scope = ({ scope }: { scope: string | null }) => (
  <>{scope ?? text.value.offices.everywhere}</>
);

export function Until({ until }: { until: string | null }) {
  const t = text.value.offices;

  if (until === null) return <>{t.noEnd}</>;
  if (isOver({ until })) return <Badge>{t.over}</Badge>;
  return <Time at={until} kind="date" />;
}

function columns(take: (one: HeldOffice) => void): Array<Column<HeldOffice>> {
  const t = text.value.offices;

  return [
    {
      key: "person",
      title: t.columns.person,
      render: (one) => <a href={`/admin/people/${one.person_id}`}>{one.person}</a>,
      sort: (one) => one.person,
    },
    {
      key: "office",
      title: t.columns.office,
      width: "1.4fr",
      render: (one) => officeName(one.office),
      sort: (one) => officeName(one.office),
    },
    {
      key: "scope",
      title: t.columns.scope,
      render: (one) => <Scope scope={one.scope} />,
      sort: (one) => one.scope ?? "",
    },
    {
      key: "until",
      title: t.columns.until,
      width: "9rem",
      render: (one) => <Until until={one.until} />,
      sort: (one) => one.until ?? "9",
    },
    {
      key: "granted",
      title: t.columns.granted,
      width: "9rem",
      render: (one) => <Time at={one.granted} kind="date" />,
      sort: (one) => one.granted,
    },
    {
      key: "act",
      title: t.take,
      width: "9rem",
      render: (one) => (
        <Button
          kind="quiet"
          onClick={() => take(one)}
          aria-label={t.takeTitle(officeName(one.office), one.person)}
        >
          {t.take}
        </Button>
      ),
    },
  ];
}

/** Whose signatures the keeper asks for: offices alone do not make licenses there. */
function Approvers() {
  const t = text.value.offices;
  const asked = useAsk((signal) => ask("GET /api/v1/approvers", { signal }));
  const { mode, needed = 1, needed_for_changes = 1, approvers = [] } = asked.data ?? {};

  if (mode !== "signed") return null;
  return (
    <Note title={t.approvers(approvers.filter((one) => one.state === "active").length)}>
      {t.approversHelp(needed, needed_for_changes)}
    </Note>
  );
}

export default function Offices() {
  const t = text.value.offices;
  const asked = useAsk((signal) => ask("GET /api/v1/offices", { signal }));
  const [isGiving, setGiving] = useState(false);
  const [taken, setTaken] = useState<HeldOffice>();
  const wanted = query.value.get("office") ?? "";
  const done = () => {
    setGiving(false);
    setTaken(undefined);
    asked.again();
  };

  return (
    <>
      <div class="head-row">
        <h1>{t.title}</h1>
        <Button kind="primary" icon="plus" onClick={() => setGiving(true)}>
          {t.give}
        </Button>
      </div>
      <p class="lead">{t.intro}</p>
      <Approvers />
      <div class="filters">
        <Select
          label={t.columns.office}
          value={wanted}
          onValue={(office) => setQuery({ office })}
          options={[
            ["", text.value.people.any],
            ...OFFICES.map((one): [string, string] => [one, officeName(one)]),
          ]}
        />
      </div>
      <Loaded of={asked}>
        {({ offices }) => {
          const rows = offices.filter((one) => !wanted || one.office === wanted);

          if (!rows.length)
            return (
              <EmptyState icon="office" title={t.none}>
                {t.noneHelp}
              </EmptyState>
            );
          return (
            <Table
              label={t.title}
              columns={columns(setTaken)}
              rows={rows}
              rowKey={(one) => `${one.person_id}-${one.office}-${one.scope ?? ""}`}
            />
          );
        }}
      </Loaded>
      {isGiving && <Give onDone={done} onClose={() => setGiving(false)} />}
      {taken && <Take office={taken} onDone={done} onClose={() => setTaken(undefined)} />}
    </>
  );
}
