// SPDX-License-Identifier: Apache-2.0
// Where I am signed in, and my password.
import { useState } from "preact/hooks";
import { ask } from "../../api/client";
import type { Session } from "../../api/schema";
import { useAct, useAsk } from "../../api/use";
import { text } from "../../text/text";
import { Badge, Button, Card, Note, Time } from "../../ui/basic";
import { Field, Form } from "../../ui/form";
import { toast } from "../../ui/layer";
import { ErrorState, Loaded } from "../../ui/state";
import { type Column, Table } from "../../ui/table";

const MIN_PASSWORD = 12;

const isOver = (one: Session): boolean => one.ended || new Date(one.expires) < new Date();

function State({ session, end }: { session: Session; end: (one: Session) => void }) {
  const t = text.value.sessions;

  if (session.is_this) return <Badge tone="good">{t.here}</Badge>;
  if (isOver(session)) return <Badge>{t.ended}</Badge>;
  return (
    <Button kind="quiet" onClick={() => end(session)} aria-label={t.endTitle(session.address)}>
      {t.end}
    </Button>
  );
}

function columns(end: (one: Session) => void): Array<Column<Session>> {
  const t = text.value.sessions;

  return [
    { key: "browser", title: t.columns.browser, width: "1.6fr", render: (one) => one.name },
    {
      key: "method",
      title: t.columns.method,
      render: (one) => t.methods[one.method] ?? one.method.replace(/^oidc:/, ""),
    },
    { key: "address", title: t.columns.address, render: (one) => one.address },
    {
      key: "used",
      title: t.columns.used,
      render: (one) => <Time at={one.used} kind="relative" />,
      sort: (one) => one.used,
    },
    {
      key: "state",
      title: t.end,
      width: "8rem",
      render: (one) => <State session={one} end={end} />,
    },
  ];
}

function Mine() {
  const t = text.value.sessions;
  const asked = useAsk((signal) => ask("GET /api/v1/sessions", { signal }));
  // Shown as ended at once: it takes no confirmation, and what was wrong is shown again.
  const end = useAct(async (session: Session) => {
    const { sessions } = asked.data ?? { sessions: [] };

    asked.put({
      sessions: sessions.map((one) => (one.id === session.id ? { ...one, ended: true } : one)),
    });
    try {
      await ask("DELETE /api/v1/sessions/{id}", { path: { id: session.id } });
      toast(t.wasEnded);
    } finally {
      asked.again();
    }
  });

  return (
    <>
      <h2>{t.list}</h2>
      {end.error && <ErrorState error={end.error} />}
      <Loaded of={asked}>
        {({ sessions }) => (
          <Table
            label={t.list}
            columns={columns((one) => void end.run(one))}
            rows={[...sessions].sort((a, b) => Number(isOver(a)) - Number(isOver(b)))}
            rowKey={(one) => one.id}
          />
        )}
      </Loaded>
    </>
  );
}

function Password() {
  const t = text.value.sessions;
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [again, setAgain] = useState("");
  const differs = again !== "" && again !== next;
  const change = useAct(async () => {
    await ask("PUT /api/v1/password", {
      body: { password: next, ...(current && { current }) },
    });
    setCurrent("");
    setNext("");
    setAgain("");
    toast(t.wasChanged);
  });

  return (
    <Card title={t.password}>
      <Form onSend={() => !differs && void change.run()}>
        <Note>{t.passwordHelp}</Note>
        {change.error && <ErrorState error={change.error} />}
        <Field
          type="password"
          label={t.current}
          hint={t.currentHint}
          value={current}
          onValue={setCurrent}
          autoComplete="current-password"
        />
        <Field
          type="password"
          label={t.next}
          hint={t.nextHint}
          value={next}
          onValue={setNext}
          required
          minLength={MIN_PASSWORD}
          autoComplete="new-password"
        />
        <Field
          type="password"
          label={t.again}
          error={differs ? t.differs : undefined}
          value={again}
          onValue={setAgain}
          required
          autoComplete="new-password"
        />
        <Button kind="primary" type="submit" isBusy={change.isBusy}>
          {t.change}
        </Button>
      </Form>
    </Card>
  );
}

export default function Sessions() {
  const t = text.value.sessions;

  return (
    <>
      <h1>{t.title}</h1>
      <p class="lead">{t.intro}</p>
      <Mine />
      <Password />
    </>
  );
}
