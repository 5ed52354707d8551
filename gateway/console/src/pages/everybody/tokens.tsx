// SPDX-License-Identifier: Apache-2.0
// Access tokens: make one, narrow it, end it.
import { useState } from "preact/hooks";
import { ask, type Reply } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import { text } from "../../text/text";
import { Badge, Button, Copyable, EmptyState, Note, Time } from "../../ui/basic";
import { Area, Checks, Field, Form, Select } from "../../ui/form";
import { Confirm, Dialog, toast } from "../../ui/layer";
import { ErrorState, Loaded } from "../../ui/state";
import { type Column, Table } from "../../ui/table";

type Token = Reply<"GET /api/v1/tokens">["tokens"][number];

function Made({ token, onClose }: { token: string; onClose: () => void }) {
  const t = text.value.tokens;

  return (
    <Dialog
      title={t.madeTitle}
      onClose={onClose}
      actions={<Button onClick={onClose}>{text.value.ui.close}</Button>}
    >
      <Note tone="warn">{t.madeHelp}</Note>
      <Copyable block value={token} label={t.madeTitle} />
    </Dialog>
  );
}

function Make({ onMade, onClose }: { onMade: (token: string) => void; onClose: () => void }) {
  const t = text.value.tokens;
  const [name, setName] = useState("");
  const [days, setDays] = useState("30");
  const [rights, setRights] = useState<string[]>([]);
  const [models, setModels] = useState("");
  const make = useAct(async () => {
    const names = models.split(/\s+/).filter(Boolean);
    const isNarrow = rights.length > 0 || names.length > 0;
    const made = await ask("POST /api/v1/tokens", {
      body: {
        name: name.trim(),
        expires_days: Number(days),
        // What is left out is not narrowed; an empty list would be a token for nothing.
        scope: isNarrow
          ? {
              rights: rights.length ? rights : undefined,
              models: names.length ? names : undefined,
            }
          : undefined,
      },
    });
    onMade(made.token ?? "");
  });

  return (
    <Dialog title={t.make} onClose={onClose}>
      <Form onSend={() => void make.run()}>
        {make.error && <ErrorState error={make.error} />}
        <Field label={t.name} hint={t.nameHint} value={name} onValue={setName} required autoFocus />
        <Select
          label={t.days}
          value={days}
          onValue={setDays}
          options={Object.entries(t.dayChoices)}
        />
        <Checks
          label={t.rights}
          value={rights}
          onValue={setRights}
          options={Object.entries(text.value.rights).map(([right, says]) => [right, says, right])}
        />
        <Area label={t.models} hint={t.modelsHint} value={models} onValue={setModels} rows={2} />
        <Button kind="primary" type="submit" isBusy={make.isBusy}>
          {t.create}
        </Button>
      </Form>
    </Dialog>
  );
}

function State({ token }: { token: Token }) {
  const t = text.value.tokens;

  if (token.revoked) return <Badge tone="bad">{t.revoked}</Badge>;
  if (new Date(token.expires) < new Date()) return <Badge>{t.ended}</Badge>;
  return <Badge tone="good">{t.working}</Badge>;
}

function columns(revoke: (token: Token) => void): Array<Column<Token>> {
  const t = text.value.tokens;
  const isOver = (one: Token) => one.revoked || new Date(one.expires) < new Date();

  return [
    { key: "name", title: t.columns.name, render: (one) => one.name, sort: (one) => one.name },
    {
      key: "scope",
      title: t.columns.scope,
      width: "1.6fr",
      render: (one) => [one.rights, one.models, one.addresses].filter(Boolean).join(" · ") || t.all,
    },
    {
      key: "made",
      title: t.columns.made,
      render: (one) => <Time at={one.created} kind="date" />,
      sort: (one) => one.created,
    },
    {
      key: "ends",
      title: t.columns.ends,
      render: (one) => <Time at={one.expires} kind="relative" />,
      sort: (one) => one.expires,
    },
    { key: "state", title: t.columns.state, width: "7rem", render: (one) => <State token={one} /> },
    {
      key: "act",
      title: t.revoke,
      width: "8rem",
      render: (one) =>
        !isOver(one) && (
          <Button kind="quiet" onClick={() => revoke(one)} aria-label={t.revokeTitle(one.name)}>
            {t.revoke}
          </Button>
        ),
    },
  ];
}

export default function Tokens() {
  const t = text.value.tokens;
  const asked = useAsk((signal) => ask("GET /api/v1/tokens", { signal }));
  const [isMaking, setMaking] = useState(false);
  const [made, setMade] = useState<string>();
  const [doomed, setDoomed] = useState<Token>();
  const revoke = useAct(async (token: Token) => {
    await ask("DELETE /api/v1/tokens/{id}", { path: { id: token.id } });
    setDoomed(undefined);
    toast(t.wasRevoked);
    asked.again();
  });
  const makeButton = (
    <Button kind="primary" icon="plus" onClick={() => setMaking(true)}>
      {t.make}
    </Button>
  );

  return (
    <>
      <div class="head-row">
        <h1>{t.title}</h1>
        {makeButton}
      </div>
      <p class="lead">{t.intro}</p>
      <Loaded of={asked}>
        {({ tokens }) =>
          tokens.length ? (
            <Table
              label={t.list}
              columns={columns(setDoomed)}
              rows={tokens}
              rowKey={(one) => one.id}
            />
          ) : (
            <EmptyState icon="token" title={t.none}>
              {t.noneHelp}
            </EmptyState>
          )
        }
      </Loaded>
      {isMaking && (
        <Make
          onClose={() => setMaking(false)}
          onMade={(token) => {
            setMaking(false);
            setMade(token);
            asked.again();
          }}
        />
      )}
      {made && <Made token={made} onClose={() => setMade(undefined)} />}
      {doomed && (
        <Confirm
          title={t.revokeTitle(doomed.name)}
          does={t.revoke}
          kind="danger"
          isBusy={revoke.isBusy}
          onYes={() => void revoke.run(doomed)}
          onNo={() => setDoomed(undefined)}
        >
          <p>{t.revokeHelp}</p>
          {revoke.error && <ErrorState error={revoke.error} />}
        </Confirm>
      )}
    </>
  );
}
