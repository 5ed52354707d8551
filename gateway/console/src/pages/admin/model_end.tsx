// SPDX-License-Identifier: Apache-2.0
// A model's end: its keys are destroyed for good. What ends with it is shown before; its name must
// be typed.
import { useState } from "preact/hooks";
import { ask, ofModel } from "../../api/client";
import { useAct } from "../../api/use";
import { bytes } from "../../text/format";
import { text } from "../../text/text";
import { Button, Card, LinkButton, Note } from "../../ui/basic";
import { Area, Check, Field, Form } from "../../ui/form";
import { Dialog } from "../../ui/layer";
import { ErrorState } from "../../ui/state";
import { type PartProps } from "./model_api";

function Impact({ kept }: Pick<PartProps, "kept">) {
  const t = text.value.keptModel;
  const size = kept.history.reduce((sum, one) => sum + one.bytes, 0);

  return (
    <Note tone="bad" title={t.impact}>
      <ul>
        <li>{t.endsRevisions(kept.revisions, bytes(size))}</li>
        <li>{t.endsLicenses(kept.licenses)}</li>
        <li>{t.endsRequests(kept.requests)}</li>
        {kept.adapters > 0 && <li>{t.endsAdapters(kept.adapters)}</li>}
        {kept.uploads > 0 && <li>{t.endsUploads(kept.uploads)}</li>}
      </ul>
    </Note>
  );
}

function Shred({
  kept,
  onDone,
  onClose,
}: {
  kept: PartProps["kept"];
  onDone: (remains: string[]) => void;
  onClose: () => void;
}) {
  const t = text.value.keptModel;
  const [reason, setReason] = useState("");
  const [name, setName] = useState("");
  const [isSure, setSure] = useState(false);
  const [isWrong, setWrong] = useState(false);
  const act = useAct(async () => {
    const done = await ask("POST /api/v1/models/{ns}/{name}/shred", {
      path: ofModel(kept.model),
      body: { reason: reason.trim() },
    });
    onDone(done.remains ?? []);
  });
  const shred = () => {
    const isRight = name.trim() === kept.model;

    setWrong(!isRight);
    if (isRight) void act.run();
  };

  return (
    <Dialog title={t.shredTitle(kept.model)} onClose={onClose}>
      <Form onSend={shred}>
        {act.error && <ErrorState error={act.error} />}
        <Impact kept={kept} />
        <Area label={t.reason} value={reason} onValue={setReason} rows={2} required />
        <Field
          label={text.value.allModels.nameAgain}
          hint={kept.model}
          error={isWrong && text.value.allModels.nameWrong}
          value={name}
          onValue={setName}
          required
          autocomplete="off"
          spellcheck={false}
        />
        <Check label={t.sure} value={isSure} onValue={setSure} required />
        <Button kind="danger" type="submit" isBusy={act.isBusy}>
          {t.shred}
        </Button>
      </Form>
    </Dialog>
  );
}

export function End({ kept, again }: PartProps) {
  const t = text.value.keptModel;
  const [isAsked, setAsked] = useState(false);
  const [remains, setRemains] = useState<string[]>();

  if (kept.state === "shredded")
    return (
      <Note tone="warn" title={t.isShredded}>
        <p>{kept.state_reason}</p>
        {remains && (
          <>
            <p>{t.remains}</p>
            <ul>
              {remains.map((one) => (
                <li key={one}>{one}</li>
              ))}
            </ul>
          </>
        )}
      </Note>
    );
  return (
    <>
      <Card title={text.value.allModels.disable}>
        <p>{text.value.allModels.disableHelp}</p>
        <LinkButton href={`/admin/models?q=${encodeURIComponent(kept.model)}`}>
          {text.value.allModels.title}
        </LinkButton>
      </Card>
      <Card title={t.shred}>
        <p>{t.shredHelp}</p>
        <Impact kept={kept} />
        <Button kind="danger" icon="stop" onClick={() => setAsked(true)}>
          {t.shred}
        </Button>
      </Card>
      {isAsked && (
        <Shred
          kept={kept}
          onClose={() => setAsked(false)}
          onDone={(left) => {
            setRemains(left);
            setAsked(false);
            again();
          }}
        />
      )}
    </>
  );
}
