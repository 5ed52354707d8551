// SPDX-License-Identifier: Apache-2.0
// The revisions of a model: what each has, where it comes from, and which one is served.
import { useState } from "preact/hooks";
import { ask, ofModel } from "../../api/client";
import { useAct } from "../../api/use";
import { bytes } from "../../text/format";
import { text } from "../../text/text";
import { Badge, Button, Card, Copyable, EmptyState, Facts, Time } from "../../ui/basic";
import { Confirm, toast } from "../../ui/layer";
import { ErrorState } from "../../ui/state";
import { FilesOf } from "../everybody/files_of";
import { type PartProps, type Revision } from "./model_api";

const SHORT = 10;

interface OneProps {
  model: string;
  revision: Revision;
  isCurrent: boolean;
  mayMove: boolean;
  choose: () => void;
}

function One({ model, revision, isCurrent, mayMove, choose }: OneProps) {
  const t = text.value.keptModel;
  const [isOpen, setOpen] = useState(false);
  const others = revision.names.filter((name) => name !== "main");

  return (
    <Card
      title={
        <>
          {revision.title || revision.id.slice(0, SHORT)}{" "}
          {isCurrent && <Badge tone="good">{t.current}</Badge>}{" "}
          {revision.recalled && <Badge tone="bad">{t.recalled}</Badge>}{" "}
          {!revision.runnable && <Badge>{text.value.models.downloadOnly}</Badge>}
        </>
      }
    >
      <Facts
        rows={[
          [
            text.value.model.revision,
            <Copyable isShort value={revision.id} label={text.value.model.revision} />,
          ],
          [t.made, <Time at={revision.made} />],
          Boolean(revision.made_by) && [t.by, revision.made_by],
          [t.from, revision.parent ? <code>{revision.parent.slice(0, SHORT)}</code> : t.firstOne],
          [t.size, t.filesOf(revision.files, bytes(revision.bytes))],
          !revision.runnable && [text.value.model.runs, revision.runnable_reason],
          others.length > 0 && [t.names, others.join(", ")],
          [
            text.value.model.manifest,
            <Copyable isShort value={revision.manifest_sha256} label={text.value.model.manifest} />,
          ],
        ]}
      />
      <p class="soft small">{t.sealed}</p>
      <div class="actions">
        <Button aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          {text.value.model.files}
        </Button>
        {mayMove && !isCurrent && !revision.recalled && (
          <Button onClick={choose}>{t.makeCurrent}</Button>
        )}
      </div>
      {isOpen && (
        <FilesOf
          model={model}
          revision={revision.id}
          label={`${text.value.model.files} ${revision.id.slice(0, SHORT)}`}
          shows={8}
        />
      )}
    </Card>
  );
}

export function Revisions({ kept, again }: PartProps) {
  const t = text.value.keptModel;
  const [chosen, setChosen] = useState<Revision>();
  const move = useAct(async () => {
    if (!chosen) return;
    await ask("POST /api/models/{ns}/{name}/branch/{branch}", {
      path: { ...ofModel(kept.model), branch: "main" },
      body: { startingPoint: chosen.id, overwrite: true },
    });
    toast(t.isCurrent(chosen.title || chosen.id.slice(0, SHORT)));
    setChosen(undefined);
    again();
  });

  if (!kept.history.length)
    return (
      <EmptyState icon="upload" title={t.noRevisions}>
        {t.noRevisionsHelp}
      </EmptyState>
    );
  return (
    <>
      {kept.history.map((revision) => (
        <One
          key={revision.id}
          model={kept.model}
          revision={revision}
          isCurrent={revision.id === kept.main}
          mayMove={kept.state === "active"}
          choose={() => setChosen(revision)}
        />
      ))}
      {chosen && (
        <Confirm
          title={t.makeCurrentTitle(chosen.title || chosen.id.slice(0, SHORT))}
          does={t.makeCurrent}
          isBusy={move.isBusy}
          onYes={() => void move.run()}
          onNo={() => setChosen(undefined)}
        >
          {move.error && <ErrorState error={move.error} />}
          <p>{t.makeCurrentHelp}</p>
        </Confirm>
      )}
    </>
  );
}
