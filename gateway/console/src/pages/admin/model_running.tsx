// SPDX-License-Identifier: Apache-2.0
// What engines do with a model: the memory it takes, in how many bits, and whether it stays there.
import { useState } from "preact/hooks";
import { ask, ofModel, Refusal } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import { bytes } from "../../text/format";
import { text } from "../../text/text";
import { Badge, Button, Card, EmptyState, Facts, Note, Progress } from "../../ui/basic";
import { Form, Select } from "../../ui/form";
import { toast } from "../../ui/layer";
import { ErrorState, Loaded } from "../../ui/state";
import { type Engines, enginesOf, EngineState } from "./engines";
import { type Kept, type PartProps } from "./model_api";

/** Engines are told to those who hold the office for all models. */
const orNone = (error: unknown): Engines | null => {
  if (error instanceof Refusal && error.status === 403) return null;
  throw error;
};

function Serving({ kept, engines }: { kept: Kept; engines: Engines | null }) {
  const t = text.value.keptModel;
  const own = engines?.engines.filter((one) => one.model === kept.model) ?? [];

  return (
    <Card title={t.inMemory}>
      <Facts
        rows={[
          [
            t.needs,
            kept.memory
              ? t.between(bytes(kept.memory.least_bytes), bytes(kept.memory.most_bytes))
              : t.notCounted,
          ],
          engines !== null &&
            engines.memory.free_bytes !== undefined && [t.free, bytes(engines.memory.free_bytes)],
          [t.pinned, kept.pinned ? t.yes : t.no],
        ]}
      />
      {engines !== null && !own.length && <p class="soft">{t.notLoaded}</p>}
      {own.map((engine) => (
        <div key={`${engine.edge} ${engine.slot}`}>
          <EngineState engine={engine} />{" "}
          {text.value.health.calls(engine.sequences ?? 0, engine.waiting ?? 0)}
          {engine.state === "loading" && (
            <Progress
              label={text.value.allModels.engineStates.loading ?? ""}
              value={engine.loaded_bytes ?? 0}
              of={engine.total_bytes ?? 0}
            />
          )}
        </div>
      ))}
    </Card>
  );
}

function Bits({ kept, again }: PartProps) {
  const t = text.value.keptModel;
  const [bits, setBits] = useState<string>(kept.quantize);
  const set = useAct(async () => {
    await ask("PUT /api/v1/models/{ns}/{name}/quantize", {
      path: ofModel(kept.model),
      body: { quantize: bits as Kept["quantize"] },
    });
    toast(t.bitsSet);
    again();
  });

  return (
    <Card title={t.bits}>
      <Form onSend={() => void set.run()}>
        {set.error && <ErrorState error={set.error} />}
        <Select
          label={t.keptIn}
          hint={t.bitsHint}
          value={bits}
          onValue={setBits}
          options={[
            ["none", t.bitsNone],
            ["q8_0", t.bits8],
            ["q4_0", t.bits4],
          ]}
        />
        <p>
          {t.now}: <Badge>{kept.quantize === "none" ? t.bitsNone : kept.quantize}</Badge>
        </p>
        <Button type="submit" isBusy={set.isBusy}>
          {t.set}
        </Button>
      </Form>
    </Card>
  );
}

function Staying({ kept, again }: PartProps) {
  const t = text.value.keptModel;
  const path = ofModel(kept.model);
  const pin = useAct(async () => {
    if (kept.pinned) await ask("DELETE /api/v1/models/{ns}/{name}/pin", { path });
    else await ask("PUT /api/v1/models/{ns}/{name}/pin", { path, body: {} });
    toast(kept.pinned ? t.wasUnpinned : t.wasPinned);
    again();
  });
  const unload = useAct(async () => {
    await ask("POST /api/v1/models/{ns}/{name}/unload", { path, body: { running: "wait" } });
    toast(t.wasUnloaded);
    again();
  });

  return (
    <Card title={t.staying}>
      <p>{t.stayingHelp}</p>
      {pin.error && <ErrorState error={pin.error} />}
      {unload.error && <ErrorState error={unload.error} />}
      <div class="actions">
        <Button isBusy={pin.isBusy} onClick={() => void pin.run()}>
          {kept.pinned ? t.unpin : t.pin}
        </Button>
        {!kept.pinned && (
          <Button isBusy={unload.isBusy} onClick={() => void unload.run()}>
            {t.unload}
          </Button>
        )}
      </div>
    </Card>
  );
}

export function Running({ kept, again }: PartProps) {
  const t = text.value.keptModel;
  const engines = useAsk((signal) => enginesOf(signal).catch(orNone), [kept]);

  if (!kept.runnable)
    return (
      <EmptyState icon="play" title={t.notRun}>
        {kept.runnable_reason}
      </EmptyState>
    );
  return (
    <>
      {kept.state !== "active" && <Note tone="warn">{t.notNow}</Note>}
      <Loaded of={engines}>{(found) => <Serving kept={kept} engines={found} />}</Loaded>
      {engines.data !== null && <Staying kept={kept} again={again} />}
      {engines.data !== null && <Bits key={kept.quantize} kept={kept} again={again} />}
    </>
  );
}
