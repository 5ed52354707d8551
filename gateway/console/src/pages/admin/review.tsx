// SPDX-License-Identifier: Apache-2.0
// One request beside its evidence: who asks for what, what is known, who voted, and the decision.
import { useState } from "preact/hooks";
import { ask } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import type { PageProps } from "../../pages";
import { text } from "../../text/text";
import { Badge, Button, Card, Facts, Time, Timeline, type Tone } from "../../ui/basic";
import { Area, Form, Select } from "../../ui/form";
import { toast } from "../../ui/layer";
import { ErrorState, Loaded } from "../../ui/state";
import { Committee } from "./committee";
import { Decide } from "./decide";
import { CriteriaResult, Evidence } from "./evidence";
import { RequestState } from "./queue";
import type { RequestView, Told } from "./view";

const rightName = (right: string) => text.value.rights[right] ?? right;

function People({ request }: { request: RequestView }) {
  const t = text.value.review;

  return (
    <Facts
      rows={[
        [t.person, request.person],
        request.lead !== "" && [t.lead, request.lead],
        request.institution !== "" && [t.institution, request.institution],
        request.countersigned_by !== "" && [t.countersigned, request.countersigned_by],
        request.accessors.length > 0 && [
          t.accessors,
          request.accessors
            .map((one) => (one.accepted ? t.accepted(one.person) : t.notAccepted(one.person)))
            .join(", "),
        ],
      ]}
    />
  );
}

function Answers({ fields }: { fields: Record<string, unknown> }) {
  const said = (value: unknown): string =>
    Array.isArray(value)
      ? value.map(said).join(", ")
      : typeof value === "boolean"
        ? value
          ? text.value.ui.yes
          : text.value.ui.no
        : typeof value === "object"
          ? JSON.stringify(value)
          : String(value);

  return (
    <>
      <h3>{text.value.review.fields}</h3>
      <Facts rows={Object.entries(fields).map(([name, value]) => [name, said(value)])} />
    </>
  );
}

function Asked({ request }: { request: RequestView }) {
  const t = text.value.review;
  const { clock } = request;

  return (
    <Card title={t.request}>
      <blockquote>{request.intended_use}</blockquote>
      <Facts
        rows={[
          [t.model, <a href={`/models/${request.model}`}>{request.model}</a>],
          [t.rights, request.rights.map(rightName).join(", ")],
          (request.uses ?? []).length > 0 && [t.uses, (request.uses ?? []).join(", ")],
          request.terms_sha256 !== undefined && [
            t.terms,
            request.terms_signed ? t.termsSigned : t.termsUnsigned,
          ],
          [t.created, <Time at={request.created} />],
          request.waiting_since !== undefined && [
            t.waits,
            <Time at={request.waiting_since} kind="relative" />,
          ],
          [t.round, request.round],
          clock?.escalation_at !== undefined && [
            t.escalation,
            <>
              <Time at={clock.escalated_at ?? clock.escalation_at} kind="relative" />{" "}
              {clock.escalates_to && t.escalationTo(clock.escalates_to)}
            </>,
          ],
          Boolean(request.decided_by) && [t.decidedBy, request.decided_by],
          Boolean(request.reason) && [t.reason, request.reason],
        ]}
      />
      <People request={request} />
      {request.fields && <Answers fields={request.fields} />}
    </Card>
  );
}

const ACT_TONES: Record<string, Tone> = {
  approve: "good",
  deny: "bad",
  return: "warn",
  escalate: "warn",
};

function History({ events }: { events: Told[] }) {
  const t = text.value.review;

  return (
    <Card title={t.history}>
      <Timeline
        steps={events.map((one) => ({
          at: one.at,
          title: `${t.acts[one.act] ?? one.act} · ${one.actor || t.gateway}`,
          body: one.reason || undefined,
          tone: ACT_TONES[one.act] ?? "plain",
        }))}
      />
    </Card>
  );
}

function Comments({ request, onDone }: { request: RequestView; onDone: () => void }) {
  const t = text.value.review;
  const [words, setWords] = useState("");
  const [audience, setAudience] = useState("committee");
  const comment = useAct(async () => {
    await ask("POST /api/v1/access-requests/{id}/comments", {
      path: { id: request.id },
      body: { text: words.trim(), audience },
    });
    setWords("");
    toast(t.wasSent);
    onDone();
  });

  return (
    <Card title={t.comments}>
      {request.comments.length === 0 && <p class="soft">{t.noComments}</p>}
      <ul class="steps">
        {request.comments.map((one) => (
          <li key={one.id}>
            <strong>{one.person}</strong> <Badge>{t.audiences[one.audience] ?? one.audience}</Badge>
            <div>{one.text}</div>
            <div class="soft small">
              <Time at={one.at} />
            </div>
          </li>
        ))}
      </ul>
      <Form onSend={() => void comment.run()}>
        {comment.error && <ErrorState error={comment.error} />}
        <Area label={t.comment} value={words} onValue={setWords} rows={3} required />
        <Select
          label={t.audience}
          value={audience}
          onValue={setAudience}
          options={Object.entries(t.audiences)}
        />
        <Button type="submit" isBusy={comment.isBusy}>
          {t.send}
        </Button>
      </Form>
    </Card>
  );
}

export default function Review({ params }: PageProps) {
  const t = text.value.review;
  const id = params.id ?? "";
  const asked = useAsk(
    async (signal) =>
      (await ask("GET /api/v1/access-requests/{id}", {
        path: { id },
        signal,
      })) as unknown as RequestView,
    [id],
  );

  return (
    <>
      <div class="head-row">
        <h1>{asked.data ? t.of(asked.data.person, asked.data.model) : t.title}</h1>
        {asked.data && <RequestState state={asked.data.state} />}
      </div>
      <Loaded of={asked} lines={8}>
        {(request) => (
          <div class="beside even">
            <div>
              <Asked request={request} />
              <Decide request={request} onDone={asked.again} />
              <Committee request={request} onDone={asked.again} />
              <Comments request={request} onDone={asked.again} />
            </div>
            <div>
              <CriteriaResult weighed={request.criteria} />
              <Evidence request={request} />
              <History events={request.events} />
            </div>
          </div>
        )}
      </Loaded>
    </>
  );
}
