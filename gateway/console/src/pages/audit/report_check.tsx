// SPDX-License-Identifier: Apache-2.0
// A report, checked by this browser: its signature, its forms, its entry, and its rows.
import { useState } from "preact/hooks";
import { useAct } from "../../api/use";
import {
  type Bytes,
  type ReportDocument,
  type ReportVerdict,
  type StepResult,
  verifyReport,
} from "../../proof";
import { text } from "../../text/text";
import { Badge, Button, Card, Note, Progress, type Tone } from "../../ui/basic";
import { ErrorState } from "../../ui/state";
import { verifierKey } from "../everybody/receipt_check";
import { fetchForm, fetchNote, fetchReportReceipt } from "./report_parts";

const TONES: Record<StepResult, Tone> = {
  good: "good",
  bad: "bad",
  absent: "plain",
  unsupported: "warn",
};

function Outcome({ verdict }: { verdict: ReportVerdict }) {
  const t = text.value.reports;
  const isBad = verdict.steps.some(({ result }) => result === "bad");

  return (
    <>
      {verdict.holds ? (
        <Note tone="good" title={t.holds} />
      ) : (
        <Note tone={isBad ? "bad" : "warn"} title={isBad ? t.fails : text.value.log.unsure}>
          <p>{isBad ? t.failsHelp : t.unsureHelp}</p>
        </Note>
      )}
      <ul class="steps">
        {verdict.steps.map(({ name, result }) => (
          <li key={name}>
            {t.steps[name]} <Badge tone={TONES[result]}>{text.value.log.results[result]}</Badge>
          </li>
        ))}
      </ul>
    </>
  );
}

export function ReportCheck({
  id,
  json,
  document,
}: {
  id: string;
  json: Bytes;
  document: ReportDocument;
}) {
  const t = text.value.reports;
  const [verdict, setVerdict] = useState<ReportVerdict>();
  const [done, setDone] = useState(0);
  const act = useAct(async () => {
    setVerdict(undefined);
    setDone(0);
    const [vkey, note, receipt, csv, html] = await Promise.all([
      verifierKey(),
      fetchNote(id),
      fetchReportReceipt(id),
      fetchForm(id, "csv", undefined),
      fetchForm(id, "html", undefined),
    ]);
    setVerdict(
      await verifyReport({ json, csv, html, note, receipt }, document, vkey, (n) => setDone(n)),
    );
  });

  return (
    <Card title={t.check}>
      <p class="soft">{t.checkHelp}</p>
      {act.error && <ErrorState error={act.error} />}
      {verdict && <Outcome verdict={verdict} />}
      {act.isBusy && (
        <Progress label={t.checking} value={done} of={Math.max(1, document.rows.length)} />
      )}
      <Button kind="primary" icon="shield" isBusy={act.isBusy} onClick={() => void act.run()}>
        {t.checkIt}
      </Button>
    </Card>
  );
}
