// SPDX-License-Identifier: Apache-2.0
// One person: offices, institutions, credentials, what they asked for and hold, what they sign in
// with; suspending them and letting them in again.
import { useState } from "preact/hooks";
import { ask, type Reply } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import type { PageProps } from "../../pages";
import { holds, me } from "../../session";
import { text } from "../../text/text";
import { Button, Card, Facts, Time } from "../../ui/basic";
import { Area, Form } from "../../ui/form";
import { Dialog, toast } from "../../ui/layer";
import { ErrorState, Loaded } from "../../ui/state";
import { Referees } from "../researcher/referees";
import { Limits } from "./limits";
import { Give, Scope, Take, Until } from "./offices";
import { officeName } from "./offices_text";
import { Invited, PersonState } from "./people";
import { Credentials, LicensesOf, RequestsOf, Sessions, TokensOf } from "./person_parts";

type Whole = Reply<"GET /api/v1/persons/{id}">;
interface Given {
  person: Whole;
  onDone: () => void;
}

function Held({ person, onDone }: Given) {
  const t = text.value.offices;
  const [isGiving, setGiving] = useState(false);
  const [taken, setTaken] = useState<Whole["held"][number]>();
  const done = () => {
    setGiving(false);
    setTaken(undefined);
    onDone();
  };

  return (
    <Card title={t.title} actions={<Button onClick={() => setGiving(true)}>{t.give}</Button>}>
      {person.held.length === 0 && <p class="soft">{t.noneHeld}</p>}
      <ul class="steps">
        {person.held.map((one) => (
          <li key={`${one.office}-${one.scope ?? ""}`}>
            <strong>{officeName(one.office)}</strong> · <Scope scope={one.scope} /> ·{" "}
            <Until until={one.until} />{" "}
            <Button
              kind="quiet"
              onClick={() => setTaken(one)}
              aria-label={t.takeTitle(officeName(one.office), person.name)}
            >
              {t.take}
            </Button>
          </li>
        ))}
      </ul>
      {isGiving && <Give person={person} onDone={done} onClose={() => setGiving(false)} />}
      {taken && (
        <Take
          office={{
            ...taken,
            person: person.name,
            person_id: person.id,
            granted: person.created,
          }}
          onDone={done}
          onClose={() => setTaken(undefined)}
        />
      )}
    </Card>
  );
}

function Institutions({ person }: { person: Whole }) {
  const t = text.value.institutions;

  return (
    <Card title={t.title}>
      {person.institutions.length === 0 && <p class="soft">{t.noneOf}</p>}
      <ul class="steps">
        {person.institutions.map((one) => (
          <li key={`${one.id}-${one.role}`}>
            <a href={`/admin/institutions/${one.id}`}>{one.name}</a> ·{" "}
            {t.roles[one.role] ?? one.role} · {t.since} <Time at={one.since} kind="date" />
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** Suspend, or let in again: what runs for them ends before the answer. */
function Life({ person, onDone, onClose }: Given & { onClose: () => void }) {
  const t = text.value.person;
  const act = person.state === "active" ? "suspend" : "reinstate";
  const [reason, setReason] = useState("");
  const change = useAct(async () => {
    const given = { path: { id: person.id }, body: { reason: reason.trim() } };

    if (act === "suspend") await ask("POST /api/v1/persons/{id}/suspend", given);
    else await ask("POST /api/v1/persons/{id}/reinstate", given);
    toast(t.was[act]);
    onDone();
  });

  return (
    <Dialog title={t.titles[act](person.name)} onClose={onClose}>
      <Form onSend={() => void change.run()}>
        {change.error && <ErrorState error={change.error} />}
        <p>{t.help[act]}</p>
        <Area label={t.reason} value={reason} onValue={setReason} rows={2} required />
        <Button
          kind={act === "suspend" ? "danger" : "primary"}
          type="submit"
          isBusy={change.isBusy}
        >
          {t.acts[act]}
        </Button>
      </Form>
    </Dialog>
  );
}

function Head({ person, onDone }: Given) {
  const t = text.value.person;
  const [isChanging, setChanging] = useState(false);
  const [code, setCode] = useState<{ code: string; expires: string }>();
  const invite = useAct(async () => {
    const path = { id: person.id };
    const made = await ask("POST /api/v1/persons/{id}/invitation", { path });

    setCode({ code: made.code ?? "", expires: made.expires ?? "" });
  });
  const isSelf = person.id === me.value?.person.id;

  return (
    <Card title={t.about}>
      <Facts
        rows={[
          [text.value.people.columns.state, <PersonState person={person} />],
          person.email !== "" && [text.value.people.columns.email, person.email],
          [text.value.people.columns.since, <Time at={person.created} kind="date" />],
        ]}
      />
      {invite.error && <ErrorState error={invite.error} />}
      {isSelf ? (
        <p class="soft">{t.isSelf}</p>
      ) : (
        <div class="actions">
          <Button isBusy={invite.isBusy} onClick={() => void invite.run()}>
            {t.invite}
          </Button>
          <Button
            kind={person.state === "active" ? "danger" : "primary"}
            onClick={() => setChanging(true)}
          >
            {t.acts[person.state === "active" ? "suspend" : "reinstate"]}
          </Button>
        </div>
      )}
      {isChanging && (
        <Life
          person={person}
          onClose={() => setChanging(false)}
          onDone={() => {
            setChanging(false);
            onDone();
          }}
        />
      )}
      {code && <Invited name={person.name} {...code} onClose={() => setCode(undefined)} />}
    </Card>
  );
}

export default function PersonPage({ params }: PageProps) {
  const t = text.value.person;
  const id = params.id ?? "";
  const asked = useAsk((signal) => ask("GET /api/v1/persons/{id}", { path: { id }, signal }), [id]);

  return (
    <>
      <h1>{asked.data?.name ?? t.title}</h1>
      <Loaded of={asked} lines={8}>
        {(person) => (
          <div class="beside even">
            <div>
              <Head person={person} onDone={asked.again} />
              <Held person={person} onDone={asked.again} />
              <Institutions person={person} />
              <Limits of="persons" id={person.id} />
              <Credentials person={person} />
              <Referees person={person.id} />
            </div>
            <div>
              {holds("licenses:manage", "audit:read") && <LicensesOf name={person.name} />}
              {holds("requests:decide", "requests:handle") && <RequestsOf name={person.name} />}
              <TokensOf id={person.id} />
              <Sessions person={person} onDone={asked.again} />
            </div>
          </div>
        )}
      </Loaded>
    </>
  );
}
