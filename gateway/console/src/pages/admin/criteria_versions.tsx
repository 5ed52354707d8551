// SPDX-License-Identifier: Apache-2.0
// All versions of a model's criteria: who did what with each, and the steps from a draft to what
// holds. Who decides has seen what changes; if others changed it meanwhile, they are told.
import { useState } from "preact/hooks";
import { ask, ofModel } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import { me } from "../../session";
import { text } from "../../text/text";
import { Badge, Button, Card, Copyable, EmptyState, Note, Time, type Tone } from "../../ui/basic";
import { Diff } from "../../ui/diff";
import { Check, Field, Form, Select } from "../../ui/form";
import { Dialog, toast } from "../../ui/layer";
import { ErrorState } from "../../ui/state";
import { short, type Version, versionsOf, written } from "./criteria_api";
import { Replay } from "./criteria_effect";

const TONES: Record<string, Tone> = {
  active: "good",
  staged: "info",
  proposed: "warn",
};
const YEAR_MS = 366 * 24 * 3600 * 1000;

function Act({ name, at, by }: { name: string; at?: string | undefined; by?: string | undefined }) {
  const t = text.value.editor;

  if (!at) return null;
  return (
    <li>
      {name} <Time at={at} />{" "}
      {by && (
        <span class="soft">
          {t.by(by === me.value?.person?.id ? t.you : t.somebody(short(by)))}
        </span>
      )}
    </li>
  );
}

/** The day from which criteria hold, as the form has it: in the reader's own zone. */
function dayOf(value: string): Date | undefined {
  const day = new Date(value);
  const ahead = day.getTime() - Date.now();

  return ahead > 0 && ahead < YEAR_MS ? day : undefined;
}

interface DecideProps {
  model: string;
  version: Version;
  onDone: () => void;
  onClose: () => void;
}

function Decide({ model, version, onDone, onClose }: DecideProps) {
  const t = text.value.editor;
  const [when, setWhen] = useState("now");
  const [day, setDay] = useState("");
  const [isWrong, setWrong] = useState(false);
  const [isSeen, setSeen] = useState(false);
  const now = useAsk(
    async (signal) => (await versionsOf(model, signal)).find((one) => one.state === "active"),
    [],
  );
  const act = useAct(async () => {
    const from = when === "now" ? undefined : dayOf(day)?.toISOString();

    await ask("POST /api/v1/models/{ns}/{name}/criteria/{sha256}/activate", {
      path: { ...ofModel(model), sha256: version.sha256 },
      body: { replaces: now.data?.sha256 ?? "none", ...(from ? { from } : {}) },
    });
    toast(from ? t.wasStaged : t.wasActivated);
    onDone();
  });
  const decide = () => {
    const isBad = when === "day" && !dayOf(day);

    setWrong(isBad);
    if (!isBad) void act.run();
  };
  const reread = () => {
    act.forget();
    setSeen(false);
    now.again();
  };

  return (
    <Dialog title={t.decide} onClose={onClose} isWide>
      <Form onSend={decide}>
        {act.error?.status === 409 ? (
          <Note
            tone="warn"
            title={act.error.message}
            actions={<Button onClick={reread}>{t.reread}</Button>}
          >
            <p>{t.overtaken}</p>
          </Note>
        ) : (
          act.error && <ErrorState error={act.error} />
        )}
        {!now.isBusy && (
          <Diff
            label={t.diff}
            before={now.data ? written(now.data.criteria) : ""}
            after={written(version.criteria)}
          />
        )}
        <Replay model={model} criteria={written(version.criteria)} />
        <Select
          label={t.when}
          value={when}
          onValue={setWhen}
          options={[
            ["now", t.now],
            ["day", t.fromDay],
          ]}
        />
        {when === "day" && (
          <Field
            type="datetime-local"
            label={t.from}
            hint={t.fromHint}
            error={isWrong && t.fromWrong}
            value={day}
            onValue={setDay}
            required
          />
        )}
        <Check label={t.seen} value={isSeen} onValue={setSeen} required />
        <Button kind="primary" type="submit" isBusy={act.isBusy}>
          {t.activate}
        </Button>
      </Form>
    </Dialog>
  );
}

interface StepsProps {
  model: string;
  version: Version;
  again: () => void;
  decide: () => void;
}

function Steps({ model, version, again, decide }: StepsProps) {
  const t = text.value.editor;
  const path = { ...ofModel(model), sha256: version.sha256 };
  const propose = useAct(async () => {
    await ask("POST /api/v1/models/{ns}/{name}/criteria/{sha256}/propose", { path });
    toast(t.wasProposed);
    again();
  });
  const withdraw = useAct(async () => {
    await ask("POST /api/v1/models/{ns}/{name}/criteria/{sha256}/withdraw", { path });
    toast(t.wasWithdrawn);
    again();
  });
  const waits = version.state === "proposed" || version.state === "staged";
  const isOwn = version.proposed_by === me.value?.person?.id;

  return (
    <>
      {propose.error && <ErrorState error={propose.error} again={again} />}
      {withdraw.error && <ErrorState error={withdraw.error} again={again} />}
      {(version.state === "draft" || version.state === "retired") && (
        <Button isBusy={propose.isBusy} onClick={() => void propose.run()}>
          {t.propose}
        </Button>
      )}
      {waits && !isOwn && (
        <Button kind="primary" onClick={decide}>
          {t.activate}
        </Button>
      )}
      {waits && (
        <Button isBusy={withdraw.isBusy} onClick={() => void withdraw.run()}>
          {t.withdraw}
        </Button>
      )}
      {waits && isOwn && <p class="small">{t.ownProposal}</p>}
    </>
  );
}

interface OneProps extends Omit<StepsProps, "decide"> {
  active: Version | undefined;
  takeUp: (version: Version) => void;
  decide: (version: Version) => void;
}

function One({ model, version, active, again, takeUp, decide }: OneProps) {
  const t = text.value.editor;
  const [isOpen, setOpen] = useState(false);
  const name = (version.criteria as { name?: string }).name ?? short(version.sha256);

  return (
    <Card
      title={
        <>
          {name} <Badge tone={TONES[version.state] ?? "plain"}>{t.states[version.state]}</Badge>
        </>
      }
    >
      <p>
        <Copyable isShort value={version.sha256} label="SHA-256" />
      </p>
      <ul class="plain small">
        <Act name={t.drafted} at={version.drafted} by={version.drafted_by} />
        <Act name={t.proposed} at={version.proposed} by={version.proposed_by} />
        <Act name={t.staged} at={version.staged} by={version.staged_by} />
        <Act name={t.startsAt} at={version.from} />
        <Act name={t.activated} at={version.activated} by={version.activated_by} />
        <Act name={t.retired} at={version.retired} />
      </ul>
      <div class="actions">
        <Steps model={model} version={version} again={again} decide={() => decide(version)} />
        <Button onClick={() => takeUp(version)}>{t.change}</Button>
        <Button aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {version === active ? t.show : t.compare}
        </Button>
      </div>
      {isOpen && (
        <Diff
          label={`${t.diff}: ${short(version.sha256)}`}
          before={written((active ?? version).criteria)}
          after={written(version.criteria)}
        />
      )}
    </Card>
  );
}

interface VersionsProps {
  model: string;
  versions: Version[];
  takeUp: (version: Version) => void;
  again: () => void;
}

export function Versions({ model, versions, takeUp, again }: VersionsProps) {
  const t = text.value.editor;
  const [deciding, setDeciding] = useState<Version>();
  const active = versions.find((one) => one.state === "active");

  if (!versions.length)
    return (
      <EmptyState icon="policy" title={t.begin}>
        {t.beginHelp}
      </EmptyState>
    );
  return (
    <>
      <p class="soft">{t.proposeHelp}</p>
      {versions.map((version) => (
        <One
          key={version.sha256}
          {...{ model, version, active, again, takeUp }}
          decide={setDeciding}
        />
      ))}
      {deciding && (
        <Decide
          model={model}
          version={deciding}
          onClose={() => {
            setDeciding(undefined);
            again();
          }}
          onDone={() => {
            setDeciding(undefined);
            again();
          }}
        />
      )}
    </>
  );
}
