// SPDX-License-Identifier: Apache-2.0
// Files into a model: from this machine, piece by piece, or fetched by the gateway from another
// hub; and what is under way, whoever sends it.
import { useEffect, useRef, useState } from "preact/hooks";
import { Refusal, send } from "../../api/client";
import { refusalOf } from "../../api/use";
import { bytes } from "../../text/format";
import { text } from "../../text/text";
import { Badge, Button, Card, EmptyState, Note, Progress, Time } from "../../ui/basic";
import { Field, Form } from "../../ui/form";
import { toast } from "../../ui/layer";
import { ErrorState } from "../../ui/state";
import { type PartProps } from "./model_api";
import { type Chosen, type Progressing, type Stage, upload } from "./upload";

const MOST_FILES = 512;

/** A folder's own name is left away: its files stand where the model's do. */
const chosenOf = (list: FileList | null): Chosen[] =>
  Array.from(list ?? [])
    .map((file) => ({
      file,
      path: file.webkitRelativePath.split("/").slice(1).join("/") || file.name,
    }))
    .filter(({ path }) => !path.split("/").some((part) => part.startsWith(".git")))
    .slice(0, MOST_FILES);

function Rows({ rows }: { rows: Progressing[] }) {
  const t = text.value.uploading;
  const size = rows.reduce((sum, one) => sum + one.size, 0);
  const isOver = (one: Progressing) => ["sent", "present", "small"].includes(one.stage);
  const done = rows.reduce(
    (sum, one) =>
      sum +
      (isOver(one) || one.stage === "joining" ? one.size : one.stage === "sending" ? one.done : 0),
    0,
  );

  return (
    <>
      <Progress label={t.all(bytes(done), bytes(size))} value={done} of={size} />
      <ul class="plain">
        {rows.map((one) => (
          <li key={one.path}>
            <Badge tone={isOver(one) ? "good" : "plain"}>{t.stages[one.stage]}</Badge>{" "}
            <code>{one.path}</code> <span class="soft">{bytes(one.size)}</span>
            {(one.stage === "hashing" || one.stage === "sending") && (
              <Progress label={t.stages[one.stage]} value={one.done} of={one.size} />
            )}
          </li>
        ))}
      </ul>
    </>
  );
}

function Choose({ onChosen }: { onChosen: (files: Chosen[]) => void }) {
  const t = text.value.uploading;
  const folder = useRef<HTMLInputElement>(null);

  useEffect(() => folder.current?.setAttribute("webkitdirectory", ""), []);
  return (
    <div class="actions">
      <label>
        {t.chooseFiles}{" "}
        <input type="file" multiple onChange={(e) => onChosen(chosenOf(e.currentTarget.files))} />
      </label>
      <label>
        {t.chooseFolder}{" "}
        <input
          type="file"
          ref={folder}
          onChange={(e) => onChosen(chosenOf(e.currentTarget.files))}
        />
      </label>
    </div>
  );
}

function FromHere({ kept, again }: PartProps) {
  const t = text.value.uploading;
  const [files, setFiles] = useState<Chosen[]>([]);
  const [rows, setRows] = useState<Progressing[]>([]);
  const [title, setTitle] = useState("");
  const [error, setError] = useState<Refusal>();
  const [stop, setStop] = useState<AbortController>();

  useEffect(() => () => stop?.abort(), [stop]);
  const choose = (chosen: Chosen[]) => {
    setFiles(chosen);
    setRows(chosen.map(({ path, file }) => ({ path, size: file.size, stage: "waiting", done: 0 })));
    setError(undefined);
  };
  const tell = (path: string, stage: Stage, done: number) =>
    setRows((old) => old.map((one) => (one.path === path ? { ...one, stage, done } : one)));
  const run = async () => {
    const control = new AbortController();

    setStop(control);
    setError(undefined);
    try {
      await upload(kept.model, files, title.trim() || t.usual, kept.main, tell, control.signal);
      choose([]);
      toast(t.made);
      again();
    } catch (failed) {
      if (control.signal.aborted) toast(t.wasStopped, "info");
      else setError(refusalOf(failed));
      again();
    } finally {
      setStop(undefined);
    }
  };

  return (
    <Card title={t.fromHere}>
      <p>{t.help}</p>
      {!stop && <Choose onChosen={choose} />}
      {error && <ErrorState error={error} />}
      {rows.length > 0 && (
        <Form onSend={() => void run()}>
          <Field label={t.title} value={title} onValue={setTitle} maxLength={200} />
          <Rows rows={rows} />
          {/* keys: a button that becomes another under its own press would send the form */}
          {stop ? (
            <Button
              key="stop"
              kind="danger"
              icon="stop"
              onClick={() => stop.abort(new Error("stopped"))}
            >
              {t.stop}
            </Button>
          ) : (
            <Button key="send" kind="primary" icon="upload" type="submit">
              {rows.some((one) => one.stage !== "waiting") ? t.goOn : t.send}
            </Button>
          )}
        </Form>
      )}
    </Card>
  );
}

interface Line {
  file?: string;
  size?: number;
  done?: number;
  state?: string;
  files?: number;
  bytes?: number;
  revision?: string;
  error?: { code: string; detail: string };
}

/** Lines of JSON, one at a time. */
async function* linesOf(answer: Response): AsyncGenerator<Line> {
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";

  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true };
    const lines = (rest + (value ?? "")).split("\n");

    rest = lines.pop() ?? "";
    for (const line of lines) if (line) yield JSON.parse(line) as Line;
    if (done) return;
  }
}

function FromHub({ kept, again }: PartProps) {
  const t = text.value.uploading;
  const [source, setSource] = useState("");
  const [revision, setRevision] = useState("main");
  const [token, setToken] = useState("");
  const [rows, setRows] = useState<Progressing[]>([]);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Refusal>();
  const take = (line: Line) => {
    const { file } = line;

    if (line.error) throw new Refusal(400, line.error.code, line.error.detail);
    if (!file) return;
    const stage: Stage =
      line.state === "present" ? "present" : line.state === "sealed" ? "sent" : "sending";
    const row = { path: file, size: line.size ?? 0, stage, done: line.done ?? 0 };
    setRows((old) => [...old.filter((one) => one.path !== file), row]);
  };
  const run = async () => {
    setBusy(true);
    setError(undefined);
    setRows([]);
    try {
      const answer = await send("POST /api/v1/imports", {
        body: { source: source.trim(), name: kept.model, revision, ...(token ? { token } : {}) },
      });
      for await (const line of linesOf(answer)) take(line);
      toast(t.made);
      setToken("");
    } catch (failed) {
      setError(refusalOf(failed));
    } finally {
      setBusy(false);
      again();
    }
  };

  return (
    <Card title={t.fromHub}>
      <p>{t.hubHelp}</p>
      <Form onSend={() => !isBusy && void run()}>
        {error && <ErrorState error={error} />}
        <Field
          label={t.source}
          hint={t.sourceHint}
          value={source}
          onValue={setSource}
          required
          spellcheck={false}
        />
        <Field label={t.revision} value={revision} onValue={setRevision} required />
        <Field
          label={t.token}
          hint={t.tokenHint}
          type="password"
          autocomplete="off"
          value={token}
          onValue={setToken}
        />
        {rows.length > 0 && <Rows rows={rows} />}
        <Button type="submit" icon="download" isBusy={isBusy}>
          {t.fetch}
        </Button>
      </Form>
    </Card>
  );
}

function UnderWay({ kept, again }: PartProps) {
  const t = text.value.uploading;

  return (
    <Card
      title={t.underWay}
      actions={
        <Button icon="refresh" onClick={again}>
          {t.look}
        </Button>
      }
    >
      {kept.under_way.length === 0 && <p class="soft">{t.nothing}</p>}
      {kept.under_way.map((one) => (
        <div key={one.sha256}>
          <Progress
            label={t.partly(bytes(one.came), bytes(one.size), one.begun_by)}
            value={one.came}
            of={one.size}
          />
          <p class="soft small">
            {t.touched} <Time at={one.touched} kind="relative" /> ·{" "}
            <code>{one.sha256.slice(0, 12)}</code>
          </p>
        </div>
      ))}
      {kept.under_way.length > 0 && <Note>{t.resumes}</Note>}
    </Card>
  );
}

export function Uploads({ kept, again }: PartProps) {
  if (kept.state !== "active")
    return <EmptyState icon="stop" title={text.value.uploading.notNow} />;
  return (
    <>
      <FromHere kept={kept} again={again} />
      <UnderWay kept={kept} again={again} />
      <FromHub kept={kept} again={again} />
    </>
  );
}
