// SPDX-License-Identifier: Apache-2.0
// One request: what was asked, what happened to it, what its author can do now.
import { useState } from "preact/hooks";
import { ask } from "../../api/client";
import { type Asked, useAct, useAsk } from "../../api/use";
import type { PageProps } from "../../pages";
import { duration } from "../../text/format";
import { text } from "../../text/text";
import {
  Badge,
  Button,
  Card,
  Facts,
  LinkButton,
  Note,
  type Step,
  Time,
  Timeline,
} from "../../ui/basic";
import { Area, Form } from "../../ui/form";
import { Confirm, toast } from "../../ui/layer";
import { ErrorState, Loaded } from "../../ui/state";
import { Accept, Countersign } from "./request_parts";
import {
  isOpen,
  oneRequest,
  stateName,
  stateTone,
  type StoryEvent,
  type WholeRequest,
} from "./requests_api";

const WITHDRAWABLE = new Set(["draft", "submitted", "returned", "appealed"]);

const formOf = (request: WholeRequest): string =>
  `/requests/new?${new URLSearchParams({ model: request.model, draft: request.id })}`;

function Changes({ changes }: { changes: string[] | undefined }) {
  if (!changes?.length) return null;
  return (
    <ul>
      {changes.map((one, i) => (
        <li key={i}>{one}</li>
      ))}
    </ul>
  );
}

function stepOf(event: StoryEvent): Step {
  const t = text.value.requests;
  const isMove = event.from !== event.to || event.act === "submit";

  return {
    at: event.at,
    title: t.acts[event.act] ?? event.act,
    tone: isMove ? stateTone(event.to) : "plain",
    body: (
      <>
        <div class="soft small">{event.actor || t.byGateway}</div>
        {event.reason && event.act !== "comment" && <p>{event.reason}</p>}
        <Changes changes={event.detail?.changes} />
      </>
    ),
  };
}

/** History and comments in one line of time, and what the clock will do. */
function stepsOf(request: WholeRequest): Step[] {
  const t = text.value.requests;
  const said: Step[] = request.comments.map((one) => ({
    at: one.at,
    title: t.commented(one.person),
    body: <p>{one.text}</p>,
  }));
  const done = request.events.filter((one) => one.act !== "comment").map(stepOf);
  const ahead: Step[] = [];

  if (request.clock) ahead.push({ title: t.decisionAhead });
  return [
    ...[...done, ...said].sort((a, b) => Date.parse(a.at ?? "") - Date.parse(b.at ?? "")),
    ...ahead,
  ];
}

function ClockNote({ request }: { request: WholeRequest }) {
  const t = text.value.requests;
  const clock = request.clock;

  if (!clock) return null;
  return (
    <Note tone="info" title={t.waits(duration(clock.waiting_seconds))}>
      <p>{t.ahead(clock.ahead)}</p>
      {clock.reminder_at && (
        <p>
          {t.reminder} <Time at={clock.reminder_at} kind="relative" />
        </p>
      )}
      {clock.escalation_at && (
        <p>
          {t.escalation} <Time at={clock.escalated_at ?? clock.escalation_at} kind="relative" />
        </p>
      )}
    </Note>
  );
}

function Asking({ request }: { request: WholeRequest }) {
  const t = text.value.requests;
  const fields = Object.entries(request.fields ?? {});
  const { yes, no } = text.value.ui;

  return (
    <Card title={t.asked}>
      <Facts
        rows={[
          [t.columns.model, <a href={`/models/${request.model}`}>{request.model}</a>],
          [t.use, request.intended_use],
          [t.columns.rights, request.rights.map((one) => text.value.rights[one] ?? one).join(", ")],
          request.uses.length > 0 && [t.uses, request.uses.join(", ")],
          request.accessors.length > 0 && [
            t.accessors,
            request.accessors.map((one) => one.person).join(", "),
          ],
          request.terms_sha256 !== undefined && [t.signed, request.terms_signed ? yes : no],
          ...fields.map(([label, value]): [string, string] => [
            label,
            typeof value === "boolean" ? (value ? yes : no) : String(value),
          ]),
        ]}
      />
    </Card>
  );
}

function Say({ request, again }: { request: WholeRequest; again: () => void }) {
  const t = text.value.requests;
  const [words, setWords] = useState("");
  const say = useAct(async () => {
    await ask("POST /api/v1/access-requests/{id}/comments", {
      path: { id: request.id },
      body: { text: words.trim(), audience: "requester" },
    });
    setWords("");
    toast(t.wasSaid);
    again();
  });

  return (
    <Form onSend={() => void say.run()}>
      <Area label={t.say} hint={t.sayHint} value={words} onValue={setWords} rows={3} required />
      {say.error && <ErrorState error={say.error} />}
      <Button type="submit" isBusy={say.isBusy}>
        {t.saySend}
      </Button>
    </Form>
  );
}

function Appeal({ request, again }: { request: WholeRequest; again: () => void }) {
  const t = text.value.requests;
  const [reason, setReason] = useState("");
  const appeal = useAct(async () => {
    await ask("POST /api/v1/access-requests/{id}/appeal", {
      path: { id: request.id },
      body: { reason: reason.trim() },
    });
    toast(t.wasAppealed);
    again();
  });

  return (
    <Card title={t.appeal}>
      <p>{t.appealHelp}</p>
      <Form onSend={() => void appeal.run()}>
        <Area label={t.appealWhy} value={reason} onValue={setReason} rows={3} required />
        {appeal.error && <ErrorState error={appeal.error} />}
        <Button type="submit" isBusy={appeal.isBusy}>
          {t.appealSend}
        </Button>
      </Form>
    </Card>
  );
}

/** Sent back: what is to change, and the answer, with which it is submitted again. */
function Answer({ request, again }: { request: WholeRequest; again: () => void }) {
  const t = text.value.requests;
  const [use, setUse] = useState(request.intended_use);
  const [words, setWords] = useState("");
  const asked = request.events.filter((one) => one.act === "return").at(-1);
  // A signature is under the words it was given for: other words need the form, which signs anew.
  const isSame = use.trim() === request.intended_use;
  const send = useAct(async () => {
    const path = { id: request.id };

    if (!isSame)
      await ask("PATCH /api/v1/access-requests/{id}", {
        path,
        body: { intended_use: use.trim(), changed: request.changed },
      });
    await ask("POST /api/v1/access-requests/{id}/submit", { path, body: { reason: words.trim() } });
    toast(t.wasSent);
    again();
  });

  return (
    <Card title={t.answer}>
      <Note tone="warn" title={asked?.reason ?? request.reason}>
        <Changes changes={asked?.detail?.changes} />
      </Note>
      <Form onSend={() => void send.run()}>
        <Area label={t.use} value={use} onValue={setUse} rows={5} required />
        {request.terms_signed && !isSame && <Note tone="warn" title={t.unsigns} />}
        <p>
          <a href={formOf(request)}>{t.wholeForm}</a>
        </p>
        <Area label={t.answerWords} value={words} onValue={setWords} rows={3} />
        {send.error && <ErrorState error={send.error} />}
        <Button kind="primary" type="submit" isBusy={send.isBusy}>
          {t.answerSend}
        </Button>
      </Form>
    </Card>
  );
}

function Withdraw({ request, again }: { request: WholeRequest; again: () => void }) {
  const t = text.value.requests;
  const [isAsking, setAsking] = useState(false);
  const act = useAct(async () => {
    await ask("POST /api/v1/access-requests/{id}/withdraw", {
      path: { id: request.id },
      body: {},
    });
    setAsking(false);
    toast(t.wasWithdrawn);
    again();
  });

  return (
    <>
      <Button kind="danger" onClick={() => setAsking(true)}>
        {t.withdraw}
      </Button>
      {isAsking && (
        <Confirm
          title={t.withdrawTitle(request.model)}
          does={t.withdraw}
          kind="danger"
          isBusy={act.isBusy}
          onYes={() => void act.run()}
          onNo={() => setAsking(false)}
        >
          <p>{t.withdrawHelp}</p>
          {act.error && <ErrorState error={act.error} />}
        </Confirm>
      )}
    </>
  );
}

function Whole({ request, asked }: { request: WholeRequest; asked: Asked<WholeRequest> }) {
  const t = text.value.requests;
  const own = request.you.own;

  return (
    <div class="beside">
      <div>
        <ClockNote request={request} />
        {!own && request.you.accessor && <Accept request={request} again={asked.again} />}
        {!own && request.you.official && <Countersign request={request} again={asked.again} />}
        {own && request.state === "returned" && <Answer request={request} again={asked.again} />}
        {own && request.state === "denied" && <Appeal request={request} again={asked.again} />}
        <Card title={t.story}>
          <Timeline steps={stepsOf(request)} />
          {own && !isOpen(request) && <Say request={request} again={asked.again} />}
        </Card>
      </div>
      <Asking request={request} />
    </div>
  );
}

export default function Request({ params }: PageProps) {
  const t = text.value.requests;
  const id = params.id ?? "";
  const asked = useAsk((signal) => oneRequest(id, signal), [id]);
  const request = asked.data;

  return (
    <>
      <div class="head-row">
        <h1>{request ? t.of(request.model) : t.one}</h1>
        {request && <Badge tone={stateTone(request.state)}>{stateName(request.state)}</Badge>}
        {request?.you.own && request.state === "draft" && (
          <LinkButton kind="primary" href={formOf(request)}>
            {t.goOn}
          </LinkButton>
        )}
        {request?.you.own && WITHDRAWABLE.has(request.state) && (
          <Withdraw request={request} again={asked.again} />
        )}
      </div>
      <Loaded of={asked} lines={8}>
        {(one) => <Whole key={one.changed} request={one} asked={asked} />}
      </Loaded>
    </>
  );
}
