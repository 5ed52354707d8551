// SPDX-License-Identifier: Apache-2.0
// Legal holds: nothing of a person, a license or a model goes while one stands.
import { useState } from "preact/hooks";
import { ask, type Reply } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import { holds as holdsOffice } from "../../session";
import { text } from "../../text/text";
import { Badge, Button, Card, EmptyState, Facts, Time } from "../../ui/basic";
import { Area, Field, Select } from "../../ui/form";
import { FormDialog } from "../../ui/form_dialog";
import { toast } from "../../ui/layer";
import { Loaded } from "../../ui/state";
import { Reason } from "./reason";

type Hold = NonNullable<Reply<"GET /api/v1/audit/holds">["holds"]>[number];
type On = "person" | "license" | "model";

const KINDS: On[] = ["person", "license", "model"];
const MOST = 2000;

function Place({ onDone, onClose }: { onDone: () => void; onClose: () => void }) {
  const t = text.value.erasures.holds;
  const [on, setOn] = useState<On>("person");
  const [target, setTarget] = useState("");
  const [reason, setReason] = useState("");
  const act = useAct(async () => {
    const body = { on, target: target.trim(), reason: reason.trim() };
    await ask("POST /api/v1/audit/holds", { body });
    toast(t.wasPlaced);
    onDone();
  });

  return (
    <FormDialog title={t.place} does={t.place} act={act} onClose={onClose}>
      <Select
        label={t.on}
        value={on}
        onValue={(value) => setOn(value as On)}
        options={KINDS.map((kind) => [kind, t.kinds[kind]])}
      />
      <Field label={t.target} value={target} onValue={setTarget} required spellcheck={false} />
      <Area
        label={text.value.erasures.reason}
        hint={text.value.erasures.reasonHint}
        value={reason}
        onValue={setReason}
        required
        maxLength={MOST}
      />
    </FormDialog>
  );
}

function One({ hold, onDone }: { hold: Hold; onDone: () => void }) {
  const t = text.value.erasures.holds;
  const [isLifting, setLifting] = useState(false);

  return (
    <Card
      title={`${t.kinds[hold.on ?? "person"]}: ${hold.name || hold.target}`}
      actions={hold.lifted ? <Badge>{t.lifted}</Badge> : <Badge tone="warn">{t.stands}</Badge>}
    >
      <Facts
        rows={[
          [text.value.erasures.reason, hold.reason],
          [
            t.placed,
            <>
              {hold.by}, <Time at={hold.placed} />
            </>,
          ],
          Boolean(hold.lifted) && [
            t.lifted,
            <>
              {hold.lifted_by}, <Time at={hold.lifted} /> {hold.lift_reason}
            </>,
          ],
        ]}
      />
      {!hold.lifted && holdsOffice("persons:manage") && (
        <p>
          <Button onClick={() => setLifting(true)}>{t.lift}</Button>
        </p>
      )}
      {isLifting && (
        <Reason
          title={t.lift}
          onClose={() => setLifting(false)}
          does={async (reason) => {
            const path = { id: hold.id ?? "" };
            await ask("POST /api/v1/audit/holds/{id}/lift", { path, body: { reason } });
            setLifting(false);
            toast(t.wasLifted);
            onDone();
          }}
        />
      )}
    </Card>
  );
}

export function Holds() {
  const t = text.value.erasures.holds;
  const [isPlacing, setPlacing] = useState(false);
  const list = useAsk((signal) => ask("GET /api/v1/audit/holds", { signal }));

  return (
    <>
      {holdsOffice("persons:manage") && (
        <p>
          <Button kind="primary" icon="plus" onClick={() => setPlacing(true)}>
            {t.place}
          </Button>
        </p>
      )}
      <Loaded of={list}>
        {({ holds = [] }) =>
          holds.length ? (
            holds.map((hold) => <One key={hold.id} hold={hold} onDone={list.again} />)
          ) : (
            <EmptyState icon="policy" title={t.none}>
              {t.noneHelp}
            </EmptyState>
          )
        }
      </Loaded>
      {isPlacing && (
        <Place
          onClose={() => setPlacing(false)}
          onDone={() => {
            setPlacing(false);
            list.again();
          }}
        />
      )}
    </>
  );
}
