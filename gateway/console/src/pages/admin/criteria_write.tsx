// SPDX-License-Identifier: Apache-2.0
// The text of criteria: checked whenever its writer pauses, with the places of its faults, and read
// out in plain words while it is sound.
import { useEffect, useRef, useState } from "preact/hooks";
import type { Refusal } from "../../api/client";
import { refusalOf, useAct } from "../../api/use";
import { text } from "../../text/text";
import { Badge, Button, Card, EmptyState, Note } from "../../ui/basic";
import { Area } from "../../ui/form";
import { toast } from "../../ui/layer";
import { ErrorState } from "../../ui/state";
import { RulesOf } from "../everybody/criteria";
import {
  check,
  documentOf,
  EXAMPLE,
  type Fault,
  keep,
  type Verdict,
  type Version,
  written,
} from "./criteria_api";

const PAUSE_MS = 400;

export interface EditorProps {
  model: string;
  draft: string;
  active: Version | undefined;
}

/** What the gateway says of the text, a moment after its last change. */
function useVerdict(model: string, draft: string) {
  const [state, setState] = useState<{ of?: string; verdict?: Verdict; error?: Refusal }>({});

  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(() => {
      check(model, draft, stop.signal).then(
        (verdict) => !stop.signal.aborted && setState({ of: draft, verdict }),
        (error: unknown) =>
          !stop.signal.aborted && setState({ of: draft, error: refusalOf(error) }),
      );
    }, PAUSE_MS);

    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [model, draft]);
  return { ...state, isOld: state.of !== draft };
}

/** Lines and columns count from 1, columns in bytes of UTF-8: where that is in our string. */
function indexOf(draft: string, fault: Fault): number {
  const lines = draft.split("\n");
  const before = lines.slice(0, fault.line - 1).reduce((sum, line) => sum + line.length + 1, 0);
  const bytes = new TextEncoder().encode(lines[fault.line - 1] ?? "").slice(0, fault.column - 1);

  return before + new TextDecoder().decode(bytes).length;
}

function Faults({ faults, go }: { faults: Fault[]; go: (fault: Fault) => void }) {
  const t = text.value.editor;

  return (
    <Note tone="bad" title={t.faults(faults.length)}>
      <ul>
        {faults.map((fault, i) => (
          <li key={i}>
            <button type="button" class="link" onClick={() => go(fault)}>
              {t.place(fault.line, fault.column)}
            </button>
            : {fault.text}
          </li>
        ))}
      </ul>
    </Note>
  );
}

function Sound({ verdict, draft }: { verdict: Verdict; draft: string }) {
  const t = text.value.editor;
  const criteria = documentOf(draft);

  if (!verdict.checked || !criteria) return null;
  return (
    <Card title={t.reads}>
      <p>
        <strong>{verdict.checked.name}</strong>{" "}
        <span class="soft">({t.conditions(verdict.checked.conditions)})</span>
        <br />
        {verdict.checked.decides ? text.value.model.decides : text.value.model.advises}.
      </p>
      <RulesOf criteria={criteria} />
    </Card>
  );
}

export function Write({
  model,
  draft,
  onDraft,
  onKept,
}: EditorProps & { onDraft: (draft: string) => void; onKept: () => void }) {
  const t = text.value.editor;
  const box = useRef<HTMLDivElement>(null);
  const { verdict, error, isOld } = useVerdict(model, draft);
  const isSound = !isOld && verdict?.checked !== undefined;
  const keeping = useAct(async () => {
    const before = verdict?.checked?.state;

    await keep(model, draft);
    toast(before ? t.keptAlready : t.kept);
    onKept();
  });
  const go = (fault: Fault) => {
    const area = box.current?.querySelector("textarea");
    const at = indexOf(draft, fault);

    area?.focus();
    area?.setSelectionRange(at, at + 1);
  };

  if (!draft)
    return (
      <EmptyState
        icon="policy"
        title={t.begin}
        action={
          <Button kind="primary" onClick={() => onDraft(written(EXAMPLE))}>
            {t.example}
          </Button>
        }
      >
        {t.beginHelp}
      </EmptyState>
    );
  return (
    <div class="beside even">
      <div ref={box}>
        <Area
          label={t.document}
          hint={t.documentHint}
          class="code"
          rows={24}
          value={draft}
          onValue={onDraft}
          spellcheck={false}
          wrap="off"
        />
        <p role="status">
          {isOld || !verdict ? (
            <Badge>{t.checking}</Badge>
          ) : verdict.faults.length ? (
            <Badge tone="bad">{t.faults(verdict.faults.length)}</Badge>
          ) : (
            <Badge tone="good" icon="check">
              {t.faultless}
            </Badge>
          )}{" "}
          {isSound && !verdict.checked?.state && <span class="soft">{t.unsaved}</span>}
          {isSound && verdict.checked?.state && <Badge>{t.states[verdict.checked.state]}</Badge>}
        </p>
        {keeping.error && <ErrorState error={keeping.error} />}
        {isSound && (
          <div class="actions">
            <Button kind="primary" isBusy={keeping.isBusy} onClick={() => void keeping.run()}>
              {t.keep}
            </Button>
            <Button onClick={() => onDraft(written(documentOf(draft)))}>{t.tidy}</Button>
          </div>
        )}
      </div>
      <div>
        {error && <ErrorState error={error} />}
        {!isOld && verdict && verdict.faults.length > 0 && (
          <Faults faults={verdict.faults} go={go} />
        )}
        {verdict && <Sound verdict={verdict} draft={draft} />}
      </div>
    </div>
  );
}
