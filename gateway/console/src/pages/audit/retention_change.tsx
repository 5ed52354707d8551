// SPDX-License-Identifier: Apache-2.0
// Changing how long something is kept: one person asks, another one confirms or rejects it.
import { useState } from "preact/hooks";
import { ask, type Reply } from "../../api/client";
import { useAct } from "../../api/use";
import { holds, me } from "../../session";
import { number } from "../../text/format";
import { text } from "../../text/text";
import { Badge, Button, Card, Facts, Time, type Tone } from "../../ui/basic";
import { Area, Field } from "../../ui/form";
import { FormDialog } from "../../ui/form_dialog";
import { Confirm, toast } from "../../ui/layer";
import { ErrorState } from "../../ui/state";
import { Reason } from "./reason";

type Found = Reply<"GET /api/v1/audit/retention">;
export type Rules = NonNullable<Found["rules"]>;
type Change = NonNullable<Found["changes"]>[number];

/** The law's least, and what the gateway takes at most. */
const MONTHS = { min: 6, max: 1200 };
const YEARS = { min: 10, max: 100 };
const TONES: Record<string, Tone> = { asked: "info", stands: "good", rejected: "plain" };

const periodOf = (rules: Rules, name: string): string =>
  String(rules.find((one) => one.rule === name)?.period ?? "");

interface AskProps {
  rules: Rules;
  onClose: () => void;
  onDone: () => void;
}

function Ask({ rules, onClose, onDone }: AskProps) {
  const t = text.value.erasures.retention;
  const [months, setMonths] = useState(periodOf(rules, "usage"));
  const [years, setYears] = useState(periodOf(rules, "record"));
  const [reason, setReason] = useState("");
  const act = useAct(async () => {
    await ask("POST /api/v1/audit/retention", {
      body: { usage_months: Number(months), record_years: Number(years), reason: reason.trim() },
    });
    toast(t.wasAsked);
    onDone();
  });
  const isSame = months === periodOf(rules, "usage") && years === periodOf(rules, "record");

  return (
    <FormDialog title={t.change} does={t.ask} isReady={!isSame} act={act} onClose={onClose}>
      <p class="soft">{t.changeHelp}</p>
      <Field
        label={t.usageMonths}
        hint={t.atLeast(number(MONTHS.min))}
        type="number"
        {...MONTHS}
        value={months}
        onValue={setMonths}
        required
      />
      <Field
        label={t.recordYears}
        hint={t.atLeast(number(YEARS.min))}
        type="number"
        {...YEARS}
        value={years}
        onValue={setYears}
        required
      />
      <Area
        label={text.value.erasures.reason}
        hint={text.value.erasures.reasonHint}
        value={reason}
        onValue={setReason}
        rows={3}
        maxLength={2000}
        required
      />
    </FormDialog>
  );
}

/** Whoever asked cannot decide it. */
function Decide({ change, onDone }: { change: Change; onDone: () => void }) {
  const t = text.value.erasures.retention;
  const [step, setStep] = useState<"confirm" | "reject">();
  const path = { id: change.id ?? "" };
  const done = (says: string) => {
    setStep(undefined);
    toast(says);
    onDone();
  };
  const confirm = useAct(async () => {
    await ask("POST /api/v1/audit/retention/{id}/confirm", { path, body: {} });
    done(t.wasConfirmed);
  });

  if (change.asked?.by === me.value?.person.name)
    return <p class="soft">{text.value.erasures.another}</p>;
  return (
    <div class="actions">
      <Button kind="primary" onClick={() => setStep("confirm")}>
        {t.confirm}
      </Button>
      <Button onClick={() => setStep("reject")}>{t.reject}</Button>
      {step === "confirm" && (
        <Confirm
          title={t.confirmTitle}
          does={t.confirm}
          isBusy={confirm.isBusy}
          onYes={() => void confirm.run()}
          onNo={() => setStep(undefined)}
        >
          {confirm.error && <ErrorState error={confirm.error} />}
          <p>{t.confirmHelp}</p>
        </Confirm>
      )}
      {step === "reject" && (
        <Reason
          title={t.reject}
          onClose={() => setStep(undefined)}
          does={async (reason) => {
            await ask("POST /api/v1/audit/retention/{id}/reject", { path, body: { reason } });
            done(text.value.erasures.wasRejected);
          }}
        />
      )}
    </div>
  );
}

function One({ change, onDone }: { change: Change; onDone: () => void }) {
  const t = text.value.erasures.retention;
  const state = change.state ?? "asked";
  const periods = t.both(number(change.usage_months ?? 0), number(change.record_years ?? 0));

  return (
    <li>
      <strong>{periods}</strong>{" "}
      <Badge tone={TONES[state] ?? "plain"}>{t.states[state] ?? state}</Badge>
      <Facts
        rows={[
          [text.value.erasures.reason, change.reason],
          [
            text.value.erasures.asked,
            <>
              {change.asked?.by}, <Time at={change.asked?.at} />
            </>,
          ],
          change.decided && [
            text.value.erasures.decided,
            <>
              {change.decided.by}, <Time at={change.decided.at} /> {change.decision_reason}
            </>,
          ],
        ]}
      />
      {state === "asked" && holds("persons:manage") && <Decide {...{ change, onDone }} />}
    </li>
  );
}

interface ChangesProps {
  rules: Rules;
  changes: Change[];
  again: () => void;
}

export function Changes({ rules, changes, again }: ChangesProps) {
  const t = text.value.erasures.retention;
  const [isAsking, setAsking] = useState(false);
  const isOpen = changes.some((one) => one.state === "asked");

  return (
    <Card
      title={t.changes}
      actions={
        holds("persons:manage") &&
        !isOpen && <Button onClick={() => setAsking(true)}>{t.change}</Button>
      }
    >
      {changes.length === 0 && <p class="soft">{t.noChanges}</p>}
      <ul class="steps">
        {changes.map((one) => (
          <One key={one.id} change={one} onDone={again} />
        ))}
      </ul>
      {isAsking && (
        <Ask
          rules={rules}
          onClose={() => setAsking(false)}
          onDone={() => {
            setAsking(false);
            again();
          }}
        />
      )}
    </Card>
  );
}
