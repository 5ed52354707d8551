// SPDX-License-Identifier: Apache-2.0
// One license: rights, days, quotas, how to use it; asking for its renewal, and giving it back.
import { useState } from "preact/hooks";
import { ask } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import type { PageProps } from "../../pages";
import { text } from "../../text/text";
import { Badge, Button, Card, Copyable, Facts, Note, Time } from "../../ui/basic";
import { Area, Check, Form, Select } from "../../ui/form";
import { Dialog, toast } from "../../ui/layer";
import { ErrorState, Loaded } from "../../ui/state";
import { HowTo } from "./how";
import { Left } from "./licenses";
import {
  type License,
  licenseState,
  licenseTone,
  type Renewal,
  renewalsOf,
  usageOf,
} from "./licenses_api";
import { NewTerms } from "./new_terms";
import { Quotas } from "./quotas";
import { signStatement } from "./signing";
import { TakeAlong } from "./take_along";

async function wholeOf(id: string, signal: AbortSignal) {
  const [license, { limits = [] }, renewals] = await Promise.all([
    ask("GET /api/v1/licenses/{id}", { path: { id }, signal }),
    usageOf(signal),
    renewalsOf(id, signal),
  ]);

  return {
    license: license as License,
    limits: limits.filter((one) => one.of !== "license" || one.id === id),
    renewals,
  };
}

interface Acting {
  license: License;
  onDone: () => void;
  onClose: () => void;
}

function Renew({ license, onDone, onClose }: Acting) {
  const t = text.value.licenses;
  const [report, setReport] = useState("");
  const [publications, setPublications] = useState("");
  const act = useAct(async () => {
    await ask("POST /api/v1/licenses/{id}/renewal-request", {
      path: { id: license.id },
      body: {
        report: report.trim(),
        publications: publications.split(/\s+/).filter(Boolean),
      },
    });
    toast(t.wasAsked);
    onDone();
  });

  return (
    <Dialog title={t.renew} onClose={onClose}>
      <Form onSend={() => void act.run()}>
        <Area
          label={t.report}
          hint={t.reportHint}
          value={report}
          onValue={setReport}
          required
          autoFocus
        />
        <Area
          label={t.publications}
          hint={t.publicationsHint}
          value={publications}
          onValue={setPublications}
          rows={3}
        />
        {act.error && <ErrorState error={act.error} />}
        <Button kind="primary" type="submit" isBusy={act.isBusy}>
          {t.askRenewal}
        </Button>
      </Form>
    </Dialog>
  );
}

type Reason = "PROJECT_COMPLETED" | "MOVED_INSTITUTION" | "TRANSFERRED" | "SUPERSEDED";

function Close({ license, onDone, onClose }: Acting) {
  const t = text.value.licenses;
  const [reason, setReason] = useState<Reason>("PROJECT_COMPLETED");
  const [attestation, setAttestation] = useState(t.attestation);
  const [isSure, setSure] = useState(false);
  const act = useAct(async () => {
    const said = attestation.trim();
    const statement = { attestation: said, license: license.id, model: license.model, reason };

    await ask("POST /api/v1/licenses/{id}/close", {
      path: { id: license.id },
      body: {
        reason,
        attestation: said,
        signature: await signStatement("sallyport/close/v1", statement),
      },
    });
    toast(t.wasClosed);
    onDone();
  });

  return (
    <Dialog title={t.closeTitle(license.model)} onClose={onClose}>
      <Form onSend={() => void act.run()}>
        <p>{t.closeHelp}</p>
        <Select
          label={t.why}
          value={reason}
          onValue={(value) => setReason(value as Reason)}
          options={Object.entries(t.reasons)}
        />
        <Area
          label={t.attest}
          hint={t.attestHint}
          value={attestation}
          onValue={setAttestation}
          rows={3}
          required
        />
        <Check label={t.isTrue} value={isSure} onValue={setSure} required />
        {act.error && <ErrorState error={act.error} />}
        <Button kind="danger" type="submit" isBusy={act.isBusy}>
          {t.closeNow}
        </Button>
      </Form>
    </Dialog>
  );
}

function RenewalNote({ renewals }: { renewals: Renewal[] }) {
  const t = text.value.licenses;
  const open = renewals.find((one) => one.state === "submitted");
  const granted = renewals.find((one) => one.renewed_as);
  const last = renewals.at(-1);

  if (granted)
    return (
      <Note tone="good" title={t.renewed}>
        <p>
          <a href={`/licenses/${granted.renewed_as}`}>{t.newOne}</a>
        </p>
      </Note>
    );
  if (open)
    return (
      <Note title={t.renewalWaits}>
        <p>
          <Time at={open.created} kind="relative" />
        </p>
      </Note>
    );
  if (last?.state === "denied")
    return (
      <Note tone="warn" title={t.renewalDenied}>
        <p>{last.reason}</p>
      </Note>
    );
  return null;
}

function About({ license }: { license: License }) {
  const t = text.value.licenses;

  return (
    <Card title={t.what}>
      <Facts
        rows={[
          [t.columns.model, <a href={`/models/${license.model}`}>{license.model}</a>],
          [t.columns.rights, license.rights.map((one) => text.value.rights[one] ?? one).join(", ")],
          [t.since, <Time at={license.not_before} kind="date" />],
          [t.columns.ends, <Time at={license.expires} />],
          license.state === "active" && [t.daysLeft, <Left one={license} />],
          (license.uses?.length ?? 0) > 0 && [
            text.value.requests.uses,
            license.uses?.map((one) => text.value.useNames[one] ?? one).join(", "),
          ],
          (license.regions?.length ?? 0) > 0 && [t.regions, license.regions?.join(", ")],
          [t.plan, text.value.plans[license.plan ?? "standard"]],
          [t.id, <Copyable isShort value={license.id} label={t.id} />],
        ]}
      />
    </Card>
  );
}

export default function LicensePage({ params }: PageProps) {
  const t = text.value.licenses;
  const id = params.id ?? "";
  const asked = useAsk((signal) => wholeOf(id, signal), [id]);
  const [acting, setActing] = useState<"renew" | "close">();
  const license = asked.data?.license;
  const isAsked = asked.data?.renewals.some((one) => one.state === "submitted");
  const onClose = () => setActing(undefined);
  const onDone = () => {
    onClose();
    asked.again();
  };

  return (
    <>
      <div class="head-row">
        <h1>{license ? t.forModel(license.model) : t.one}</h1>
        {license && <Badge tone={licenseTone(license.state)}>{licenseState(license.state)}</Badge>}
        {license && ["active", "expired"].includes(license.state) && !isAsked && (
          <Button onClick={() => setActing("renew")}>{t.renew}</Button>
        )}
        {license && ["active", "suspended", "expired"].includes(license.state) && (
          <Button kind="danger" onClick={() => setActing("close")}>
            {t.close}
          </Button>
        )}
      </div>
      <Loaded of={asked} lines={8}>
        {(whole) => (
          <>
            <RenewalNote renewals={whole.renewals} />
            {["active", "suspended"].includes(whole.license.state) && (
              <NewTerms key={whole.license.id} license={whole.license} />
            )}
            <div class="beside">
              <div>
                {whole.license.state === "active" && (
                  <HowTo model={whole.license.model} rights={whole.license.rights} />
                )}
                <Card title={t.limits}>
                  <Quotas limits={whole.limits} />
                </Card>
              </div>
              <div>
                <About license={whole.license} />
                {whole.license.state === "active" && <TakeAlong id={whole.license.id} />}
              </div>
            </div>
          </>
        )}
      </Loaded>
      {license && acting === "renew" && <Renew {...{ license, onDone, onClose }} />}
      {license && acting === "close" && <Close {...{ license, onDone, onClose }} />}
    </>
  );
}
