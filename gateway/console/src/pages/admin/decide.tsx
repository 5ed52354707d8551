// SPDX-License-Identifier: Apache-2.0
// Deciding a request: approve with rights, days, countries, quotas; deny or return with a reason.
import { useState } from "preact/hooks";
import { ask, type Body } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import { text } from "../../text/text";
import { Button, Card, Note } from "../../ui/basic";
import { Area, Checks, Field, Form, Select } from "../../ui/form";
import { Dialog, toast } from "../../ui/layer";
import { ErrorState } from "../../ui/state";
import { type Quota, Quotas } from "./quota_fields";
import { ChangesField, pointsOf, ReasonFields } from "./reason";
import { isOpen, type RequestView } from "./view";

type Approval = Body<"POST /api/v1/access-requests/{id}/approve">;
type Plan = NonNullable<Approval["plan"]>;
type Doing = "approve" | "deny" | "return";

interface Given {
  request: RequestView;
  onDone: () => void;
  onClose: () => void;
}

const DAYS = 365;

/** Whether the vote decided is in the answer's state. */
function tell(state: string | undefined) {
  const t = text.value.review;

  if (state === "approved") toast(t.wasApproved);
  else if (state === "denied") toast(t.wasDenied);
  else toast(t.wasCounted, "info");
}

function Approve({ request, onDone, onClose }: Given) {
  const t = text.value.review;
  const [rights, setRights] = useState(request.rights);
  const [days, setDays] = useState(String(DAYS));
  const [regions, setRegions] = useState("");
  const [quotas, setQuotas] = useState<Quota[]>([]);
  const [plan, setPlan] = useState<Plan>("standard");
  const [reason, setReason] = useState("");
  const approve = useAct(async () => {
    const countries = regions.toUpperCase().match(/[A-Z]+/g);
    const body: Approval = { rights, expires_days: Number(days) };

    if (reason.trim()) body.reason = reason.trim();
    if (plan !== "standard") body.plan = plan;
    if (countries) body.regions = countries;
    if (quotas.length) body.limits = quotas;
    const done = await ask("POST /api/v1/access-requests/{id}/approve", {
      path: { id: request.id },
      body,
    });
    tell(done.state);
    onDone();
  });

  return (
    <Dialog title={t.approveTitle} onClose={onClose} isWide>
      <Form onSend={() => void approve.run()}>
        {approve.error && <ErrorState error={approve.error} />}
        <p class="soft">{t.approveHelp}</p>
        <Checks
          label={t.granted}
          value={rights}
          onValue={setRights}
          options={request.rights.map((one) => [one, text.value.rights[one] ?? one, one])}
        />
        <div class="filters">
          <Field
            type="number"
            min={1}
            required
            label={t.days}
            hint={t.daysHint}
            value={days}
            onValue={setDays}
          />
          <Field label={t.regions} hint={t.regionsHint} value={regions} onValue={setRegions} />
          <Select
            label={t.plan}
            hint={t.planHint}
            value={plan}
            onValue={(one) => setPlan(one as Plan)}
            options={Object.entries(text.value.plans)}
          />
        </div>
        <Quotas quotas={quotas} onQuotas={setQuotas} />
        <Area label={t.remark} value={reason} onValue={setReason} rows={2} />
        <Button kind="primary" type="submit" isBusy={approve.isBusy}>
          {t.approve}
        </Button>
      </Form>
    </Dialog>
  );
}

/** Deny or return: both need a reason, which templates begin. */
function Refuse({ request, onDone, onClose, isReturn }: Given & { isReturn: boolean }) {
  const t = text.value.review;
  const [reason, setReason] = useState("");
  const [changes, setChanges] = useState("");
  const refuse = useAct(async () => {
    const path = { id: request.id };

    if (isReturn) {
      const body = { reason: reason.trim(), changes: pointsOf(changes) };

      await ask("POST /api/v1/access-requests/{id}/return", { path, body });
      toast(t.wasReturned);
    } else {
      const body = { reason: reason.trim() };

      tell((await ask("POST /api/v1/access-requests/{id}/deny", { path, body })).state);
    }
    onDone();
  });

  return (
    <Dialog title={isReturn ? t.returnTitle : t.denyTitle} onClose={onClose}>
      <Form onSend={() => void refuse.run()}>
        {refuse.error && <ErrorState error={refuse.error} />}
        <ReasonFields vote={isReturn ? "return" : "deny"} {...{ reason, setReason }} />
        {isReturn && <ChangesField changes={changes} setChanges={setChanges} />}
        <Button kind={isReturn ? "primary" : "danger"} type="submit" isBusy={refuse.isBusy}>
          {isReturn ? t.giveBack : t.deny}
        </Button>
      </Form>
    </Dialog>
  );
}

/** Why the reader cannot vote, if so. */
function Hindrance({ request }: { request: RequestView }) {
  const t = text.value.review;
  const conflicts = request.you.conflicts ?? [];

  if (!isOpen(request)) return <p class="soft">{t.isOver}</p>;
  if (conflicts.length > 0)
    return (
      <Note tone="warn" title={t.conflict}>
        <ul>
          {conflicts.map((one) => (
            <li key={one}>{t.conflicts[one] ?? one}</li>
          ))}
        </ul>
      </Note>
    );
  if (!request.you.decider) return <p class="soft">{t.mayNot}</p>;
  return null;
}

export function Decide({ request, onDone }: Omit<Given, "onClose">) {
  const t = text.value.review;
  const [doing, setDoing] = useState<Doing>();
  const approvers = useAsk(
    (signal) => ask("GET /api/v1/approvers", { query: { model: request.model }, signal }),
    [request.model],
  );
  const { you } = request;
  const mayVote = isOpen(request) && you.decider && !you.conflicts?.length;
  const mustSign = approvers.data?.mode === "signed";
  const done = () => {
    setDoing(undefined);
    onDone();
  };
  const given = { request, onDone: done, onClose: () => setDoing(undefined) };

  return (
    <Card title={t.decide}>
      <Hindrance request={request} />
      {mayVote && mustSign && <Note>{t.signFirst}</Note>}
      <div class="actions">
        {mayVote && !mustSign && (
          <Button kind="primary" icon="check" onClick={() => setDoing("approve")}>
            {t.approve}
          </Button>
        )}
        {mayVote && (
          <Button kind="danger" icon="stop" onClick={() => setDoing("deny")}>
            {t.deny}
          </Button>
        )}
        {isOpen(request) && you.handler && !you.own && (
          <Button onClick={() => setDoing("return")}>{t.giveBack}</Button>
        )}
      </div>
      {doing === "approve" && <Approve {...given} />}
      {(doing === "deny" || doing === "return") && (
        <Refuse {...given} isReturn={doing === "return"} />
      )}
    </Card>
  );
}
