// SPDX-License-Identifier: Apache-2.0
// One institution: who belongs to it, and whether its word counts.
import { useState } from "preact/hooks";
import { ask, type Reply } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import type { PageProps } from "../../pages";
import { text } from "../../text/text";
import { Button, Card, Facts, Time } from "../../ui/basic";
import { Select } from "../../ui/form";
import { FormDialog } from "../../ui/form_dialog";
import { Confirm, toast } from "../../ui/layer";
import { ErrorState, Loaded } from "../../ui/state";
import { Limits } from "./limits";
import { LibraryCards } from "../researcher/library_cards";
import { idOf, PersonField } from "./person_field";
import { InstitutionState } from "./institutions";

type Whole = Reply<"GET /api/v1/institutions/{id}">;
type Member = NonNullable<Whole["members"]>[number];
interface Given {
  institution: Whole;
  onDone: () => void;
}

function AddMember({ institution, onDone, onClose }: Given & { onClose: () => void }) {
  const t = text.value.institutions;
  const [name, setName] = useState("");
  const [role, setRole] = useState("member");
  const add = useAct(async () => {
    await ask("POST /api/v1/institutions/{id}/members", {
      path: { id: institution.id },
      body: { person: await idOf(name), role },
    });
    toast(t.wasJoined);
    onDone();
  });

  return (
    <FormDialog title={t.addMember} does={t.addMember} act={add} onClose={onClose}>
      <PersonField value={name} onValue={setName} />
      <Select
        label={t.role}
        hint={t.roleHint}
        value={role}
        onValue={setRole}
        options={Object.entries(t.roles)}
      />
    </FormDialog>
  );
}

function Members({ institution, onDone }: Given) {
  const t = text.value.institutions;
  const [isAdding, setAdding] = useState(false);
  const [leaving, setLeaving] = useState<Member>();
  const end = useAct(async (member: Member) => {
    await ask("DELETE /api/v1/institutions/{id}/members/{person}", {
      path: { id: institution.id, person: member.person_id },
      query: { role: member.role },
    });
    setLeaving(undefined);
    toast(t.wasEnded);
    onDone();
  });
  const members = institution.members ?? [];

  return (
    <Card
      title={t.members}
      actions={<Button onClick={() => setAdding(true)}>{t.addMember}</Button>}
    >
      {members.length === 0 && <p class="soft">{t.noMembers}</p>}
      <ul class="steps">
        {members.map((one, i) => (
          <li key={i}>
            <a href={`/admin/people/${one.person_id}`}>{one.person}</a> ·{" "}
            {t.roles[one.role] ?? one.role} · {t.since} <Time at={one.since} kind="date" />{" "}
            {one.until ? (
              <span class="soft">
                {t.until} <Time at={one.until} kind="date" />
              </span>
            ) : (
              <Button
                kind="quiet"
                onClick={() => setLeaving(one)}
                aria-label={t.endTitle(one.person, institution.name)}
              >
                {t.end}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {isAdding && (
        <AddMember
          institution={institution}
          onClose={() => setAdding(false)}
          onDone={() => {
            setAdding(false);
            onDone();
          }}
        />
      )}
      {leaving && (
        <Confirm
          title={t.endTitle(leaving.person, institution.name)}
          does={t.end}
          kind="danger"
          isBusy={end.isBusy}
          onYes={() => void end.run(leaving)}
          onNo={() => setLeaving(undefined)}
        >
          <p>{t.endHelp}</p>
          {end.error && <ErrorState error={end.error} />}
        </Confirm>
      )}
    </Card>
  );
}

function About({ institution, onDone }: Given) {
  const t = text.value.institutions;
  const [isChanging, setChanging] = useState(false);
  const act = institution.state === "active" ? "suspend" : "reinstate";
  const change = useAct(async () => {
    const path = { id: institution.id };

    if (act === "suspend") await ask("POST /api/v1/institutions/{id}/suspend", { path });
    else await ask("POST /api/v1/institutions/{id}/reinstate", { path });
    setChanging(false);
    toast(t.was[act]);
    onDone();
  });

  return (
    <Card title={text.value.person.about}>
      <Facts
        rows={[
          [t.columns.state, <InstitutionState state={institution.state} />],
          [t.columns.kind, t.kinds[institution.kind] ?? institution.kind],
          institution.country !== "" && [t.columns.country, institution.country],
          institution.domains !== "" && [t.domains, institution.domains],
          [text.value.people.columns.since, <Time at={institution.created} kind="date" />],
        ]}
      />
      <Button kind={act === "suspend" ? "danger" : "primary"} onClick={() => setChanging(true)}>
        {t.acts[act]}
      </Button>
      {isChanging && (
        <Confirm
          title={t.titles[act](institution.name)}
          does={t.acts[act]}
          kind={act === "suspend" ? "danger" : "primary"}
          isBusy={change.isBusy}
          onYes={() => void change.run()}
          onNo={() => setChanging(false)}
        >
          <p>{t.help[act]}</p>
          {change.error && <ErrorState error={change.error} />}
        </Confirm>
      )}
    </Card>
  );
}

export default function InstitutionPage({ params }: PageProps) {
  const id = params.id ?? "";
  const asked = useAsk(
    (signal) => ask("GET /api/v1/institutions/{id}", { path: { id }, signal }),
    [id],
  );

  return (
    <>
      <h1>{asked.data?.name ?? text.value.institutions.one}</h1>
      <Loaded of={asked} lines={6}>
        {(institution) => (
          <div class="beside even">
            <div>
              <About institution={institution} onDone={asked.again} />
              <Limits of="institutions" id={institution.id} />
            </div>
            <div>
              <Members institution={institution} onDone={asked.again} />
              <LibraryCards institution={institution.id} />
            </div>
          </div>
        )}
      </Loaded>
    </>
  );
}
