// SPDX-License-Identifier: Apache-2.0
// Everybody this gateway knows: found by the gateway, a page at a time.
import { useState } from "preact/hooks";
import { ask, cursorOf, type Query, send } from "../../api/client";
import type { Person } from "../../api/schema";
import { type Page, useAct, usePaged } from "../../api/use";
import { go, query, setQuery } from "../../router";
import { text } from "../../text/text";
import { Badge, Button, Copyable, EmptyState, Note, Time } from "../../ui/basic";
import { Checks, Field, Select } from "../../ui/form";
import { FormDialog } from "../../ui/form_dialog";
import { Dialog } from "../../ui/layer";
import { ErrorState, LoadMore, Waiting } from "../../ui/state";
import { type Column, Table } from "../../ui/table";
import { OFFICES, officeName } from "./offices_text";

const PAGE = 100;
type Asked = Query<"GET /api/v1/persons">;

async function people(asked: Asked, cursor: string | undefined, signal: AbortSignal) {
  const answer = await send("GET /api/v1/persons", {
    query: { ...asked, limit: PAGE, ...(cursor && { cursor }) },
    signal,
  });
  const { persons } = (await answer.json()) as { persons: Person[] };

  return { rows: persons, next: cursorOf(answer) } satisfies Page<Person>;
}

export function PersonState({ person }: { person: Person }) {
  const t = text.value.people;

  return (
    <>
      <Badge tone={person.state === "active" ? "good" : "bad"}>{t.states[person.state]}</Badge>{" "}
      {person.blocked && (
        <Badge tone="bad" icon="stop">
          {t.blocked}
        </Badge>
      )}
    </>
  );
}

function columns(): Array<Column<Person>> {
  const t = text.value.people;

  return [
    {
      key: "name",
      title: t.columns.name,
      render: (one) => <a href={`/admin/people/${one.id}`}>{one.name}</a>,
    },
    { key: "email", title: t.columns.email, width: "1.3fr", render: (one) => one.email },
    {
      key: "offices",
      title: t.columns.offices,
      width: "2fr",
      render: (one) => [...new Set(one.held.map((held) => officeName(held.office)))].join(", "),
    },
    {
      key: "since",
      title: t.columns.since,
      width: "9rem",
      render: (one) => <Time at={one.created} kind="date" />,
    },
    {
      key: "state",
      title: t.columns.state,
      width: "9rem",
      render: (one) => <PersonState person={one} />,
    },
  ];
}

interface Added {
  name: string;
  code: string;
  expires: string;
}

/** A person, and the code with which they set their password: shown this once. */
function Add({ onDone, onClose }: { onDone: (added: Added) => void; onClose: () => void }) {
  const t = text.value.people;
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [offices, setOffices] = useState<string[]>([]);
  const add = useAct(async () => {
    const body = { name: name.trim(), email: email.trim(), offices };
    const { id = "" } = await ask("POST /api/v1/persons", { body });
    const code = await ask("POST /api/v1/persons/{id}/invitation", { path: { id } });

    onDone({ name: body.name, code: code.code ?? "", expires: code.expires ?? "" });
  });

  return (
    <FormDialog title={t.add} does={t.create} act={add} onClose={onClose}>
      <Field
        label={t.columns.name}
        hint={t.nameHint}
        value={name}
        onValue={setName}
        required
        autoCapitalize="none"
        spellcheck={false}
      />
      <Field type="email" label={t.email} value={email} onValue={setEmail} />
      <Checks
        label={t.offices}
        value={offices}
        onValue={setOffices}
        options={OFFICES.map((one) => [one, officeName(one), one])}
      />
    </FormDialog>
  );
}

export function Invited({ name, code, expires, onClose }: Added & { onClose: () => void }) {
  const t = text.value.people;

  return (
    <Dialog
      title={t.invited(name)}
      onClose={onClose}
      actions={<Button onClick={onClose}>{text.value.ui.close}</Button>}
    >
      <Note tone="warn">
        {t.invitedHelp} <Time at={expires} />
      </Note>
      <Copyable block value={code} label={t.code} />
    </Dialog>
  );
}

function Filters({ asked }: { asked: Asked }) {
  const t = text.value.people;

  return (
    <div class="filters" role="search">
      <Field
        type="search"
        label={t.search}
        hint={t.searchHint}
        value={asked.q ?? ""}
        onValue={(q) => setQuery({ q })}
      />
      <Select
        label={t.columns.state}
        value={asked.state ?? ""}
        onValue={(state) => setQuery({ state })}
        options={[["", t.any], ...Object.entries(t.states)]}
      />
      <Select
        label={t.office}
        value={asked.office ?? ""}
        onValue={(office) => setQuery({ office })}
        options={[["", t.any], ...OFFICES.map((one): [string, string] => [one, officeName(one)])]}
      />
    </div>
  );
}

export default function People() {
  const t = text.value.people;
  const get = (name: string) => query.value.get(name) ?? "";
  const asked = { q: get("q"), state: get("state"), office: get("office") } as Asked;
  const list = usePaged(
    (cursor, signal) => people(asked, cursor, signal),
    [asked.q, asked.state, asked.office],
  );
  const [isAdding, setAdding] = useState(false);
  const [added, setAdded] = useState<Added>();

  return (
    <>
      <div class="head-row">
        <h1>{t.title}</h1>
        <Button kind="primary" icon="plus" onClick={() => setAdding(true)}>
          {t.add}
        </Button>
      </div>
      <p class="lead">{t.intro}</p>
      <Filters asked={asked} />
      {list.error && <ErrorState error={list.error} again={list.again} />}
      {list.isBusy && !list.rows.length && <Waiting />}
      {!list.isBusy && !list.error && !list.rows.length && (
        <EmptyState icon="people" title={t.none}>
          {t.noneHelp}
        </EmptyState>
      )}
      {list.rows.length > 0 && (
        <Table
          label={t.title}
          columns={columns()}
          rows={list.rows}
          rowKey={(one) => one.id}
          onOpen={(one) => go(`/admin/people/${one.id}`)}
          onEnd={list.more}
        />
      )}
      <LoadMore hasMore={list.hasMore} isBusy={list.isBusy} more={list.more} />
      {isAdding && (
        <Add
          onClose={() => setAdding(false)}
          onDone={(one) => {
            setAdding(false);
            setAdded(one);
            list.again();
          }}
        />
      )}
      {added && <Invited {...added} onClose={() => setAdded(undefined)} />}
    </>
  );
}
