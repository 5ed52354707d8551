// SPDX-License-Identifier: Apache-2.0
// What is erased of whom: asked by one person and confirmed by another; what a legal hold keeps;
// and how long what is kept.
import { useState } from "preact/hooks";
import { ask, type Reply } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import { holds, me } from "../../session";
import { number } from "../../text/format";
import { text } from "../../text/text";
import { Badge, Button, Card, EmptyState, Facts, Time, type Tone } from "../../ui/basic";
import { Confirm, toast } from "../../ui/layer";
import { ErrorState, Loaded } from "../../ui/state";
import { Tabs } from "../../ui/tabs";
import { AskErasure, Preview } from "./erasure_ask";
import { Holds } from "./holds";
import { Reason } from "./reason";
import { Retention } from "./retention";

type Erasure = NonNullable<Reply<"GET /api/v1/audit/erasures">["erasures"]>[number];

const TONES: Record<string, Tone> = {
  asked: "info",
  rejected: "plain",
  running: "warn",
  waiting: "warn",
  done: "good",
};

/** Whoever asked, and whoever it is about, cannot confirm it. */
function Decide({ one, onDone }: { one: Erasure; onDone: () => void }) {
  const t = text.value.erasures;
  const [step, setStep] = useState<"confirm" | "reject">();
  const path = { id: one.id ?? "" };
  const done = (says: string) => {
    setStep(undefined);
    toast(says);
    onDone();
  };
  const confirm = useAct(async () => {
    await ask("POST /api/v1/audit/erasures/{id}/confirm", { path, body: {} });
    done(t.wasConfirmed);
  });

  if (one.asked?.by === me.value?.person?.name) return <p class="soft">{t.another}</p>;
  return (
    <>
      <p class="actions">
        <Button kind="danger" onClick={() => setStep("confirm")}>
          {t.confirm}
        </Button>
        <Button onClick={() => setStep("reject")}>{t.reject}</Button>
      </p>
      {confirm.error && <ErrorState error={confirm.error} />}
      {step === "confirm" && (
        <Confirm
          title={t.confirmTitle(one.subject?.name ?? "")}
          does={t.confirm}
          kind="danger"
          isBusy={confirm.isBusy}
          onYes={() => void confirm.run().then(() => setStep(undefined))}
          onNo={() => setStep(undefined)}
        >
          <p>{t.confirmHelp}</p>
          {one.preview && <Preview of={one.preview} />}
        </Confirm>
      )}
      {step === "reject" && (
        <Reason
          title={t.reject}
          onClose={() => setStep(undefined)}
          does={async (reason) => {
            await ask("POST /api/v1/audit/erasures/{id}/reject", { path, body: { reason } });
            done(t.wasRejected);
          }}
        />
      )}
    </>
  );
}

function One({ one, onDone }: { one: Erasure; onDone: () => void }) {
  const t = text.value.erasures;
  const states = t.states as Record<string, string>;
  const state = one.state ?? "asked";

  return (
    <Card
      title={one.subject?.name || one.subject?.id}
      actions={<Badge tone={TONES[state] ?? "plain"}>{states[state] ?? state}</Badge>}
    >
      <Facts
        rows={[
          [t.reason, one.reason],
          [t.scope, one.scope === "log" ? t.scopes.log : t.scopes.all],
          one.override ? [t.override, one.override] : undefined,
          [
            t.asked,
            <>
              {one.asked?.by}, <Time at={one.asked?.at} />
            </>,
          ],
          one.decided && [
            t.decided,
            <>
              {one.decided.by}, <Time at={one.decided.at} /> {one.decision_reason}
            </>,
          ],
          one.erased !== undefined && [t.erased, number(one.erased)],
          Boolean(one.kept) && [
            t.kept,
            <>
              {number(one.kept ?? 0)}
              {one.kept_until && (
                <>
                  {" "}
                  {t.until} <Time at={one.kept_until} kind="date" />
                </>
              )}
            </>,
          ],
          Boolean(one.file_until) && [t.fileUntil, <Time at={one.file_until} kind="date" />],
          Boolean(one.done) && [t.done, <Time at={one.done} />],
        ]}
      />
      {state === "asked" && one.preview && <Preview of={one.preview} />}
      {state === "asked" && holds("persons:manage") && <Decide one={one} onDone={onDone} />}
    </Card>
  );
}

function List() {
  const t = text.value.erasures;
  const [isAsking, setAsking] = useState(false);
  const list = useAsk((signal) => ask("GET /api/v1/audit/erasures", { signal }));

  return (
    <>
      {holds("persons:manage") && (
        <p>
          <Button kind="primary" icon="plus" onClick={() => setAsking(true)}>
            {t.ask}
          </Button>
        </p>
      )}
      <Loaded of={list}>
        {({ erasures = [] }) =>
          erasures.length ? (
            erasures.map((one) => <One key={one.id} one={one} onDone={list.again} />)
          ) : (
            <EmptyState icon="shield" title={t.none}>
              {t.noneHelp}
            </EmptyState>
          )
        }
      </Loaded>
      {isAsking && (
        <AskErasure
          onClose={() => setAsking(false)}
          onDone={() => {
            setAsking(false);
            list.again();
          }}
        />
      )}
    </>
  );
}

export default function Erasures() {
  const t = text.value.erasures;

  return (
    <>
      <h1>{t.title}</h1>
      <p class="lead">{t.intro}</p>
      <Tabs
        label={t.title}
        tabs={[
          { key: "erasures", title: t.tabs.erasures, render: () => <List /> },
          { key: "holds", title: t.tabs.holds, render: () => <Holds /> },
          { key: "retention", title: t.tabs.retention, render: () => <Retention /> },
        ]}
      />
    </>
  );
}
