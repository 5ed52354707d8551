// SPDX-License-Identifier: Apache-2.0
// What criteria would change: line by line beside those in force, and over all past requests.
import { useState } from "preact/hooks";
import { ask } from "../../api/client";
import { useAct } from "../../api/use";
import { text } from "../../text/text";
import { Badge, Button, Card, EmptyState, Time } from "../../ui/basic";
import { Diff } from "../../ui/diff";
import { ErrorState } from "../../ui/state";
import { type Column, Table } from "../../ui/table";
import { type Changed, documentOf, type Replayed, type Version, written } from "./criteria_api";
import type { EditorProps } from "./criteria_write";

/** Beside what is in force; both as people write them. */
export function Against({ draft, active }: { draft: string; active: Version | undefined }) {
  const t = text.value.editor;
  const document = documentOf(draft);

  return (
    <Card title={t.compare}>
      {!active && <p>{t.compareNone}</p>}
      <Diff
        label={t.diff}
        before={active ? written(active.criteria) : ""}
        after={document ? written(document) : draft}
      />
    </Card>
  );
}

const because = (one: Changed): string =>
  one.rules.map((rule) => rule.id).join(", ") || one.missing.map((need) => need.need).join("; ");

function columns(): Array<Column<Changed>> {
  const t = text.value.editor;
  const c = t.columns;

  return [
    {
      key: "person",
      title: c.person,
      render: (one) => <a href={`/admin/requests/${one.request}`}>{one.person_name}</a>,
      sort: (one) => one.person_name,
    },
    {
      key: "at",
      title: c.at,
      render: (one) => <Time at={one.at} kind="date" />,
      sort: (one) => one.at,
    },
    {
      key: "before",
      title: c.before,
      render: (one) => text.value.model.effects[one.before as "approve"],
      sort: (one) => one.before,
    },
    {
      key: "after",
      title: c.after,
      render: (one) => (
        <Badge tone={one.after === "approve" ? "good" : one.after === "deny" ? "bad" : "info"}>
          {text.value.model.effects[one.after as "approve"]}
        </Badge>
      ),
      sort: (one) => one.after,
    },
    {
      key: "license",
      title: c.license,
      render: (one) =>
        one.license && (
          <a href={`/admin/licenses/${one.license}`}>
            {text.value.allLicenses.states[one.license_state ?? ""] ?? one.license_state}
          </a>
        ),
    },
    { key: "because", title: c.because, width: "2fr", render: because },
  ];
}

function Outcome({ replayed }: { replayed: Replayed }) {
  const t = text.value.editor;
  const rows = [...replayed.loses, ...replayed.gains, ...replayed.changes];

  if (!replayed.requests) return <EmptyState title={t.noRequests} />;
  return (
    <>
      <div role="status">
        <ul>
          <li>{t.requests(replayed.requests)}</li>
          <li>{t.same(replayed.same)}</li>
          <li>{t.lose(replayed.lose)}</li>
          <li>{t.gain(replayed.gain)}</li>
          <li>{t.other(replayed.other)}</li>
          {replayed.licenses > 0 && <li>{t.licenses(replayed.licenses)}</li>}
          {replayed.unreadable > 0 && <li>{t.unreadable(replayed.unreadable)}</li>}
        </ul>
      </div>
      {!replayed.complete && <p>{t.cut}</p>}
      {rows.length ? (
        <Table label={t.effect} columns={columns()} rows={rows} rowKey={(one) => one.request} />
      ) : (
        <p>{t.unchanged}</p>
      )}
    </>
  );
}

/** Criteria over past requests, when asked for: it may take seconds. */
export function Replay({ model, criteria }: { model: string; criteria: string }) {
  const t = text.value.editor;
  const [found, setFound] = useState<{ of: string; replayed: Replayed }>();
  const run = useAct(async () => {
    const replayed = await ask("POST /api/v1/policy/replay", { body: { model, criteria } });
    setFound({ of: criteria, replayed });
  });

  return (
    <Card title={t.replay}>
      <p>{t.replayHelp}</p>
      <div class="actions">
        <Button isBusy={run.isBusy} onClick={() => void run.run()}>
          {t.replay}
        </Button>
      </div>
      {run.error && <ErrorState error={run.error} />}
      {found?.of === criteria && <Outcome replayed={found.replayed} />}
    </Card>
  );
}

export function Effect({ model, draft, active }: EditorProps) {
  const t = text.value.editor;

  if (!draft)
    return (
      <EmptyState icon="policy" title={t.begin}>
        {t.beginHelp}
      </EmptyState>
    );
  return (
    <>
      <Against draft={draft} active={active} />
      <Replay model={model} criteria={draft} />
    </>
  );
}
