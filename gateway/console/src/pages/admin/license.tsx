// SPDX-License-Identifier: Apache-2.0
// One license: what it grants, and what would end if it were withdrawn, before it is.
import { useState } from "preact/hooks";
import { ask, Refusal, type Reply } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import type { PageProps } from "../../pages";
import { text } from "../../text/text";
import { Button, Card, Copyable, Facts, Note, Time } from "../../ui/basic";
import { Area, Form } from "../../ui/form";
import { Dialog, toast } from "../../ui/layer";
import { ErrorState, Loaded } from "../../ui/state";
import { LicenseState } from "./licenses";

type License = Reply<"GET /api/v1/licenses/{id}"> & { reason?: string };
type Doing = "revoke" | "suspend" | "reinstate";

interface Impact {
  preview: string;
  count: number;
  running: { downloads: number; generations: number; edges: number; known: string };
  requests: Array<{ id: string; person: string; model: string; state: string }>;
}

interface Withdrawn {
  cut?: { edges?: number; confirmed?: number };
}

function ImpactOf({ impact }: { impact: Impact }) {
  const t = text.value.allLicenses;

  return (
    <Note tone="warn" title={t.impact}>
      <ul>
        <li>{t.licenses(impact.count)}</li>
        <li>{t.downloads(impact.running.downloads)}</li>
        <li>{t.generations(impact.running.generations)}</li>
        {impact.requests.length > 0 && <li>{t.requests(impact.requests.length)}</li>}
      </ul>
      <p class="small">{impact.running.edges > 1 ? t.someEdges : t.allEdges}</p>
    </Note>
  );
}

/** Null: who holds the office for some models only has no look at what runs. */
async function impactOf(act: Doing, license: string, signal: AbortSignal): Promise<Impact | null> {
  try {
    const body = { act, select: { license } };

    return (await ask("POST /api/v1/licenses/preview", { body, signal })) as unknown as Impact;
  } catch (error) {
    if (error instanceof Refusal && error.status === 403) return null;
    throw error;
  }
}

async function carryOut(
  act: Doing,
  license: string,
  reason: string,
  preview: string | undefined,
): Promise<Withdrawn> {
  if (preview !== undefined)
    return ask("POST /api/v1/licenses/withdraw", {
      body: { act, select: { license }, reason, preview },
    });
  const given = { path: { id: license }, body: { reason } };

  if (act === "revoke") return ask("POST /api/v1/licenses/{id}/revoke", given);
  if (act === "suspend") return ask("POST /api/v1/licenses/{id}/suspend", given);
  return (await ask("POST /api/v1/licenses/{id}/reinstate", given)) as Withdrawn;
}

/** The act, after a look at what it ends; it is refused if that has changed meanwhile. */
function Change({
  license,
  act,
  onDone,
  onClose,
}: {
  license: License;
  act: Doing;
  onDone: () => void;
  onClose: () => void;
}) {
  const t = text.value.allLicenses;
  const [reason, setReason] = useState("");
  const impact = useAsk((signal) => impactOf(act, license.id ?? "", signal));
  const change = useAct(async () => {
    const { cut } = await carryOut(act, license.id ?? "", reason.trim(), impact.data?.preview);

    toast(cut ? t.wasCut(cut.confirmed ?? 0, cut.edges ?? 0) : t.was[act]);
    onDone();
  });

  return (
    <Dialog title={t.title_of[act](license.person ?? "", license.model ?? "")} onClose={onClose}>
      <Form onSend={() => void change.run()}>
        {change.error && <ErrorState error={change.error} />}
        <p>{t.help[act]}</p>
        {act !== "reinstate" && (
          <Loaded of={impact}>{(found) => found && <ImpactOf impact={found} />}</Loaded>
        )}
        <Area
          label={t.reason}
          hint={t.reasonHint}
          value={reason}
          onValue={setReason}
          rows={3}
          required
        />
        {impact.data !== undefined && (
          <Button
            kind={act === "reinstate" ? "primary" : "danger"}
            type="submit"
            isBusy={change.isBusy}
          >
            {t.acts[act]}
          </Button>
        )}
      </Form>
    </Dialog>
  );
}

function Granted({ license }: { license: License }) {
  const t = text.value.allLicenses;
  const measures: Record<string, string> = text.value.review.measures;
  const pers: Record<string, string> = text.value.review.pers;

  return (
    <Card title={t.granted}>
      <Facts
        rows={[
          [t.columns.person, license.person],
          [t.columns.model, <a href={`/models/${license.model}`}>{license.model}</a>],
          [
            t.columns.rights,
            (license.rights ?? []).map((one) => text.value.rights[one] ?? one).join(", "),
          ],
          [t.from, <Time at={license.not_before} />],
          [t.columns.ends, <Time at={license.expires} />],
          [text.value.review.plan, text.value.plans[license.plan ?? "standard"]],
          [t.regions, license.regions?.join(", ") || t.everywhere],
          [
            t.quotas,
            (license.limits ?? [])
              .map((one) => t.limit(one.max, measures[one.measure] ?? "", pers[one.per] ?? one.per))
              .join("; ") || t.noQuotas,
          ],
          Boolean(license.reason) && [t.reason, license.reason],
          [t.id, <Copyable isShort value={license.id ?? ""} label={t.id} />],
        ]}
      />
    </Card>
  );
}

export default function OneLicense({ params }: PageProps) {
  const t = text.value.allLicenses;
  const id = params.id ?? "";
  const [act, setAct] = useState<Doing>();
  const asked = useAsk(
    async (signal): Promise<License> => ask("GET /api/v1/licenses/{id}", { path: { id }, signal }),
    [id],
  );
  const state = asked.data?.state;

  return (
    <>
      <div class="head-row">
        <h1>{asked.data ? t.of(asked.data.person ?? "", asked.data.model ?? "") : t.one}</h1>
        {state && <LicenseState state={state} />}
      </div>
      <Loaded of={asked} lines={6}>
        {(license) => (
          <>
            <Granted license={license} />
            <div class="actions">
              {state === "active" && (
                <Button onClick={() => setAct("suspend")}>{t.acts.suspend}</Button>
              )}
              {state === "suspended" && (
                <Button onClick={() => setAct("reinstate")}>{t.acts.reinstate}</Button>
              )}
              {(state === "active" || state === "suspended" || state === "preparing") && (
                <Button kind="danger" icon="stop" onClick={() => setAct("revoke")}>
                  {t.acts.revoke}
                </Button>
              )}
            </div>
            {act && (
              <Change
                license={license}
                act={act}
                onClose={() => setAct(undefined)}
                onDone={() => {
                  setAct(undefined);
                  asked.again();
                }}
              />
            )}
          </>
        )}
      </Loaded>
    </>
  );
}
