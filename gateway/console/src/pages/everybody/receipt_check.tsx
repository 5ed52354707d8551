// SPDX-License-Identifier: Apache-2.0
// A receipt, checked by this browser, step by step.
import { useEffect, useState } from "preact/hooks";
import { ask, Refusal, send } from "../../api/client";
import { type Receipt, type StepResult, type Verdict, verifyReceipt } from "../../proof";
import { number } from "../../text/format";
import { text } from "../../text/text";
import { Badge, Copyable, Facts, Note, Time, type Tone } from "../../ui/basic";
import { Waiting } from "../../ui/state";

const TONES: Record<StepResult, Tone> = {
  good: "good",
  bad: "bad",
  absent: "plain",
  unsupported: "warn",
};

/** The log's key. It is what all else rests on; who has kept it compares it. */
export const verifierKey = (signal?: AbortSignal): Promise<string> =>
  ask("GET /log/vkey", signal ? { signal } : undefined) as Promise<string>;

/** The receipt of an event that the asker was part of. */
export async function fetchReceipt(id: string): Promise<Receipt> {
  const answer = await send("GET /api/v1/receipts/{id}", { path: { id } });

  if (answer.status === 202) throw new Refusal(202, "NOT_YET", text.value.log.waits);
  return (await answer.json()) as Receipt;
}

function Outcome({ verdict }: { verdict: Verdict }) {
  const t = text.value.log;
  const isBad = verdict.steps.some((step) => step.result === "bad");

  if (verdict.holds) return <Note tone="good" title={t.holds} />;
  return (
    <Note tone={isBad ? "bad" : "warn"} title={isBad ? t.fails : t.unsure}>
      <p>{isBad ? t.failsHelp : t.unsureHelp}</p>
    </Note>
  );
}

function Steps({ verdict }: { verdict: Verdict }) {
  const t = text.value.log;

  return (
    <ul class="steps">
      {verdict.steps.map((step, i) => (
        <li key={i}>
          {t.steps[step.name]} <Badge tone={TONES[step.result]}>{t.results[step.result]}</Badge>
        </li>
      ))}
    </ul>
  );
}

function pretty(payload: string): string {
  try {
    return JSON.stringify(JSON.parse(payload), null, 2);
  } catch {
    return payload;
  }
}

/** Checks `receipt` when it appears, and shows each step and what the entry says. */
export function ReceiptCheck({ receipt }: { receipt: Receipt }) {
  const t = text.value.log;
  const [verdict, setVerdict] = useState<Verdict | string>();

  useEffect(() => {
    let isCurrent = true;

    setVerdict(undefined);
    verifierKey()
      .then((vkey) => verifyReceipt(receipt, vkey))
      .catch((error: unknown) => String(error))
      .then((found) => isCurrent && setVerdict(found));
    return () => {
      isCurrent = false;
    };
  }, [receipt]);
  if (verdict === undefined) return <Waiting />;
  if (typeof verdict === "string")
    return (
      <Note tone="bad" title={t.unreadable}>
        <p>{verdict}</p>
      </Note>
    );
  return (
    <div>
      <Outcome verdict={verdict} />
      <Steps verdict={verdict} />
      <Facts
        rows={[
          [t.what, verdict.entry.ev],
          [t.when, <Time at={verdict.entry.t} />],
          [t.where, t.entry(number(verdict.index), number(verdict.checkpoint.size))],
          verdict.payload !== null && [
            t.content,
            <Copyable block label={t.content} value={pretty(verdict.payload)} />,
          ],
        ]}
      />
    </div>
  );
}
