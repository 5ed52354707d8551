// SPDX-License-Identifier: Apache-2.0
// How a model is reached: its gate, the files anyone may read, whether it is hidden. If others have
// changed it meanwhile, nothing is overwritten: both are told.
import { useState } from "preact/hooks";
import { ask, ofModel } from "../../api/client";
import { useAct } from "../../api/use";
import { text } from "../../text/text";
import { Badge, Button, Card, EmptyState, Note } from "../../ui/basic";
import { Area, Check, Form, Select } from "../../ui/form";
import { toast } from "../../ui/layer";
import { ErrorState } from "../../ui/state";
import { Table } from "../../ui/table";
import { type Kept, type PartProps } from "./model_api";

const GATES = ["manual", "auto", "no", "public"] as const;

const lines = (list: string): string[] =>
  list
    .split("\n")
    .map((one) => one.trim())
    .filter(Boolean);

/** The files of the current revision, and which of them the saved patterns open. */
function Opened({ kept }: { kept: Kept }) {
  const t = text.value.keptModel;

  if (!kept.files_of_main.length) return <p class="soft">{t.noFiles}</p>;
  return (
    <Table
      label={t.perFile}
      rows={kept.files_of_main}
      rowKey={(file) => file.path}
      shows={12}
      columns={[
        {
          key: "path",
          title: text.value.model.file,
          width: "2fr",
          render: (file) => file.path,
          sort: (file) => file.path,
        },
        {
          key: "open",
          title: t.gate,
          render: (file) => (
            <Badge tone={file.open ? "good" : "plain"}>
              {file.open ? t.open : file.weights ? t.weights : t.gated}
            </Badge>
          ),
          sort: (file) => Number(file.open),
        },
      ]}
    />
  );
}

export function Settings({ kept, again }: PartProps) {
  const t = text.value.keptModel;
  const [gate, setGate] = useState<string>(kept.gate);
  const [open, setOpen] = useState(kept.open_paths.join("\n"));
  const [isHidden, setHidden] = useState(kept.hidden);
  const [pickles, setPickles] = useState(kept.allow_pickle);
  const save = useAct(async () => {
    await ask("PUT /api/models/{ns}/{name}/settings", {
      path: ofModel(kept.model),
      body: {
        ...(gate !== kept.gate ? { gate: gate as Kept["gate"] } : {}),
        open_paths: lines(open),
        hidden: isHidden,
        allow_pickle: pickles,
        seen: kept.settings_version,
      },
    });
    toast(t.saved);
    again();
  });
  const isOvertaken = save.error?.status === 409;

  if (kept.state === "shredded") return <EmptyState icon="stop" title={t.isShredded} />;
  return (
    <div>
      <Form onSend={() => void save.run()}>
        {isOvertaken ? (
          <Note
            tone="warn"
            title={save.error?.message}
            actions={<Button onClick={again}>{t.reload}</Button>}
          >
            <p>{t.overtaken}</p>
          </Note>
        ) : (
          save.error && <ErrorState error={save.error} />
        )}
        <Select
          label={t.gate}
          hint={text.value.models.gateHelp[gate as "manual"]}
          value={gate}
          onValue={setGate}
          options={GATES.map((one) => [one, text.value.models.gates[one]])}
        />
        {["no", "public", "auto"].includes(gate) && gate !== kept.gate && (
          <Note tone="warn">{t.opens}</Note>
        )}
        <Area
          label={t.openPaths}
          hint={t.openPathsHint}
          class="code"
          rows={5}
          value={open}
          onValue={setOpen}
          spellcheck={false}
        />
        <Check label={t.hidden} hint={t.hiddenHint} value={isHidden} onValue={setHidden} />
        <Check label={t.pickles} hint={t.picklesHint} value={pickles} onValue={setPickles} />
        <Button kind="primary" type="submit" isBusy={save.isBusy}>
          {t.save}
        </Button>
      </Form>
      <Card title={t.perFile}>
        <Opened kept={kept} />
      </Card>
    </div>
  );
}
