// SPDX-License-Identifier: Apache-2.0
// All entries of a person or of a license, each proved by this browser, and that none is left out.
import { useState } from "preact/hooks";
import { ask, Refusal, send } from "../../api/client";
import { useAct } from "../../api/use";
import { type Completeness, type CompleteLine, Incomplete, Walk, type Why } from "../../proof";
import { query, setQuery } from "../../router";
import { number } from "../../text/format";
import { text } from "../../text/text";
import { Badge, Button, Card, Facts, LinkButton, Note, Progress, Time } from "../../ui/basic";
import { Field, Form, Select } from "../../ui/form";
import { ErrorState } from "../../ui/state";
import { type Column, Table } from "../../ui/table";
import { verifierKey } from "../everybody/receipt_check";
import { EventView } from "./event_view";

type Of = "actor" | "license";
type Line = { completeness: Parameters<Walk["begin"]>[0] } & {
  end: { count: number };
} & CompleteLine;

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The id of who is called so. */
async function idOf(of: Of, name: string): Promise<string> {
  const t = text.value.completeness;

  if (UUID.test(name)) return name;
  if (of === "license") throw new Refusal(400, "BAD_REQUEST", t.badId);
  const given = { by: "person" as const, actor: name, limit: "1" };
  const { groups = [] } = await ask("GET /api/v1/audit/summary", { query: given });
  if (!groups[0]?.id) throw new Refusal(404, "NOT_FOUND", t.nobody);
  return groups[0].id;
}

/** Line by line, as they come. */
async function* linesOf(answer: Response): AsyncGenerator<Line> {
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";

  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    const lines = (rest + value).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line) as Line;
  }
}

async function check(
  of: Of,
  id: string,
  onProgress: (done: number, of: number) => void,
): Promise<Completeness> {
  const vkey = await verifierKey();
  const answer = await send("GET /api/v1/audit/completeness", { query: { [of]: id } });
  const walk = new Walk(vkey);
  let count = 0;

  for await (const line of linesOf(answer)) {
    if (line.completeness) {
      count = line.completeness.count;
      await walk.begin(line.completeness);
    } else if (line.end) return walk.end(line.end.count);
    else await walk.take(line);
    onProgress(walk.taken, count);
  }
  throw new Incomplete("count"); // the answer was cut short
}

function Entries({ found }: { found: Completeness }) {
  const t = text.value.completeness;
  const open = query.value.get("event");
  const columns: Array<Column<Completeness["entries"][number]>> = [
    { key: "place", title: t.columns.place, render: (e) => e.place },
    { key: "kind", title: t.columns.kind, width: "2fr", render: (e) => e.kind },
    { key: "at", title: t.columns.at, width: "2fr", render: (e) => <Time at={e.at} /> },
    {
      key: "state",
      title: t.columns.state,
      render: (e) => e.isErased && <Badge tone="warn">{t.isErased}</Badge>,
    },
  ];

  if (!found.entries.length) return null;
  return (
    <>
      <Table
        label={t.list}
        columns={columns}
        rows={found.entries}
        rowKey={(e) => e.id}
        openKey={open ?? undefined}
        onOpen={(e) => setQuery({ event: e.id })}
      />
      {open && <EventView id={open} onClose={() => setQuery({ event: undefined })} />}
    </>
  );
}

function Holds({ found }: { found: Completeness }) {
  const t = text.value.completeness;
  const tone = found.signature === "good" ? "good" : "warn";

  return (
    <>
      <Note tone={tone} title={t.holds(found.count)}>
        <p>{t.limit}</p>
        {found.bare > 0 && <p>{t.bare(found.bare)}</p>}
        {found.erased > 0 && <p>{t.erased(found.erased)}</p>}
        {tone === "warn" && <p>{text.value.log.unsureHelp}</p>}
      </Note>
      <Facts
        rows={[
          [t.facts.count, number(found.count)],
          [t.facts.size, number(found.size)],
          [t.facts.stated, number(found.statedAt)],
        ]}
      />
      <Entries found={found} />
      <p class="soft small">{t.saveHelp}</p>
      <LinkButton
        icon="download"
        href={`/api/v1/audit/completeness?${found.of}=${found.id}`}
        download={`completeness-${found.id}.jsonl`}
      >
        {t.save}
      </LinkButton>
    </>
  );
}

export default function CompletenessPage() {
  const t = text.value.completeness;
  const [of, setOf] = useState<Of>(query.value.has("license") ? "license" : "actor");
  const [name, setName] = useState(query.value.get(of) ?? "");
  const [found, setFound] = useState<Completeness | Why>();
  const [[done, all], setProgress] = useState<[number, number]>([0, 0]);
  const act = useAct(async () => {
    setFound(undefined);
    setProgress([0, 0]);
    const id = await idOf(of, name.trim());
    setQuery({ actor: undefined, license: undefined, [of]: id });
    setFound(
      await check(of, id, (n, count) => setProgress([n, count])).catch((error: unknown) => {
        if (error instanceof Incomplete) return error.why;
        throw error;
      }),
    );
  });

  return (
    <>
      <h1>{t.title}</h1>
      <p class="lead">{t.intro}</p>
      <Form class="filters" onSend={() => void act.run()}>
        <Select
          label={t.of}
          value={of}
          onValue={(value) => setOf(value as Of)}
          options={[
            ["actor", t.kinds.actor],
            ["license", t.kinds.license],
          ]}
        />
        <Field label={t.id[of]} value={name} onValue={setName} required spellcheck={false} />
        <Button kind="primary" icon="shield" type="submit" isBusy={act.isBusy}>
          {t.check}
        </Button>
      </Form>
      {act.error && <ErrorState error={act.error} />}
      {act.isBusy && (
        <Progress
          label={t.checking(number(done), number(all))}
          value={done}
          of={Math.max(1, all)}
        />
      )}
      {typeof found === "string" && (
        <Note tone="bad" title={t.fails}>
          <p>{t.whys[found]}</p>
          <p>{text.value.verify.failsHelp}</p>
        </Note>
      )}
      {found && typeof found === "object" && (
        <Card>
          <Holds found={found} />
        </Card>
      )}
    </>
  );
}
