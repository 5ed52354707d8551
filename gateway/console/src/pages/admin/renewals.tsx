// SPDX-License-Identifier: Apache-2.0
// Renewals that holders ask for: what came of the license, and granting or declining another term.
import { useState } from "preact/hooks";
import { ask } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import { query, setQuery } from "../../router";
import { me } from "../../session";
import { text } from "../../text/text";
import { Badge, Button, Card, EmptyState, Facts, Time, type Tone } from "../../ui/basic";
import { Area, Field, Select } from "../../ui/form";
import { FormDialog } from "../../ui/form_dialog";
import { toast } from "../../ui/layer";
import { Loaded } from "../../ui/state";

interface Renewal {
  id: string;
  license: string;
  model: string;
  person: string;
  state: string;
  report: string;
  publications: string[];
  reason: string;
  decided_by: string;
  renewed_as?: string;
  license_expires: string;
  created: string;
}

type Doing = "grant" | "deny";

const DAYS = "365";
const TONES: Record<string, Tone> = { submitted: "info", granted: "good", denied: "bad" };

interface DecideProps {
  renewal: Renewal;
  doing: Doing;
  onClose: () => void;
  onDone: () => void;
}

function Decide({ renewal, doing, onClose, onDone }: DecideProps) {
  const t = text.value.renewals;
  const [days, setDays] = useState(DAYS);
  const [reason, setReason] = useState("");
  const act = useAct(async () => {
    const path = { id: renewal.id };

    if (doing === "grant")
      await ask("POST /api/v1/renewals/{id}/grant", {
        path,
        body: { expires_days: Number(days), ...(reason.trim() && { reason: reason.trim() }) },
      });
    else await ask("POST /api/v1/renewals/{id}/deny", { path, body: { reason: reason.trim() } });
    toast(t.was[doing]);
    onDone();
  });

  return (
    <FormDialog
      title={t.titles[doing](renewal.person)}
      does={t.acts[doing]}
      kind={doing === "grant" ? "primary" : "danger"}
      act={act}
      onClose={onClose}
    >
      <p class="soft">{t.help[doing]}</p>
      {doing === "grant" && (
        <Field type="number" min={1} label={t.days} value={days} onValue={setDays} required />
      )}
      <Area
        label={doing === "grant" ? text.value.review.remark : text.value.person.reason}
        value={reason}
        onValue={setReason}
        rows={3}
        required={doing === "deny"}
      />
    </FormDialog>
  );
}

/** An address that somebody typed is a link only where it leads to the web. */
function Publication({ at }: { at: string }) {
  if (!/^https?:\/\//.test(at)) return <>{at}</>;
  return (
    <a href={at} rel="noreferrer noopener" target="_blank">
      {at}
    </a>
  );
}

function One({ renewal, decide }: { renewal: Renewal; decide: (doing: Doing) => void }) {
  const t = text.value.renewals;
  const isOpen = renewal.state === "submitted";
  const isOwn = renewal.person === me.value?.person.name;

  return (
    <Card
      title={`${renewal.person} · ${renewal.model}`}
      actions={
        <Badge tone={TONES[renewal.state] ?? "plain"}>
          {t.states[renewal.state] ?? renewal.state}
        </Badge>
      }
    >
      <p>{renewal.report}</p>
      <Facts
        rows={[
          renewal.publications.length > 0 && [
            t.publications,
            <ul class="plain">
              {renewal.publications.map((at) => (
                <li key={at}>
                  <Publication at={at} />
                </li>
              ))}
            </ul>,
          ],
          [t.license, <a href={`/admin/licenses/${renewal.license}`}>{renewal.license}</a>],
          [t.ends, <Time at={renewal.license_expires} kind="relative" />],
          [t.asked, <Time at={renewal.created} kind="relative" />],
          renewal.decided_by !== "" && [t.decided, renewal.decided_by],
          renewal.reason !== "" && [text.value.person.reason, renewal.reason],
          renewal.renewed_as !== undefined && [
            t.renewed,
            <a href={`/admin/licenses/${renewal.renewed_as}`}>{renewal.renewed_as}</a>,
          ],
        ]}
      />
      {isOpen && isOwn && <p class="soft">{t.own}</p>}
      {isOpen && !isOwn && (
        <p class="actions">
          <Button kind="primary" onClick={() => decide("grant")}>
            {t.acts.grant}
          </Button>
          <Button kind="danger" onClick={() => decide("deny")}>
            {t.acts.deny}
          </Button>
        </p>
      )}
    </Card>
  );
}

export default function Renewals() {
  const t = text.value.renewals;
  const state = query.value.get("state") ?? "submitted";
  const [chosen, setChosen] = useState<{ renewal: Renewal; doing: Doing }>();
  const asked = useAsk(async (signal) => {
    const found = await ask("GET /api/v1/renewals", { signal });

    return (found as unknown as { renewals?: Renewal[] }).renewals ?? [];
  });

  return (
    <>
      <h1>{t.title}</h1>
      <p class="lead">{t.intro}</p>
      <div class="filters">
        <Select
          label={t.state}
          value={state}
          onValue={(value) => setQuery({ state: value })}
          options={Object.entries(t.states)}
        />
      </div>
      <Loaded of={asked}>
        {(all) => {
          const shown = all.filter((one) => one.state === state);

          if (!shown.length)
            return (
              <EmptyState icon="refresh" title={t.none}>
                {t.noneHelp}
              </EmptyState>
            );
          return shown.map((one) => (
            <One
              key={one.id}
              renewal={one}
              decide={(doing) => setChosen({ renewal: one, doing })}
            />
          ));
        }}
      </Loaded>
      {chosen && (
        <Decide
          {...chosen}
          onClose={() => setChosen(undefined)}
          onDone={() => {
            setChosen(undefined);
            asked.again();
          }}
        />
      )}
    </>
  );
}
