// SPDX-License-Identifier: Apache-2.0
// Can the gateway do its work? Its parts, its log, its engines, those who witness the log.
import { ask, type Reply } from "../../api/client";
import { type Asked, useAsk } from "../../api/use";
import { isSigned, readCheckpoint, readKey } from "../../proof";
import { holds } from "../../session";
import { bytes, number } from "../../text/format";
import { text } from "../../text/text";
import { Badge, Button, Card, Facts, Note, Time } from "../../ui/basic";
import { Loaded } from "../../ui/state";
import { verifierKey } from "../everybody/receipt_check";
import { enginesOf, EngineState } from "./engines";

type Ready = Reply<"GET /readyz">;

/** Not by ask(): 503 is an answer here, too, and says what is missing. */
async function readiness(signal: AbortSignal): Promise<Ready> {
  return (await (await fetch("/readyz", { signal })).json()) as Ready;
}

function Again({ of }: { of: Pick<Asked<unknown>, "again" | "isBusy"> }) {
  return (
    <Button kind="quiet" icon="refresh" isBusy={of.isBusy} onClick={of.again}>
      {text.value.health.again}
    </Button>
  );
}

function Part({ state }: { state: string | undefined }) {
  const t = text.value.health;
  const isUp = state === "up";

  return (
    <Badge tone={isUp ? "good" : "bad"} icon={isUp ? "check" : "stop"}>
      {isUp ? t.up : t.down}
    </Badge>
  );
}

function Parts() {
  const t = text.value.health;
  const asked = useAsk(readiness);

  return (
    <Card title={t.parts} actions={<Again of={asked} />}>
      <Loaded of={asked}>
        {(now) => (
          <>
            <Note tone={now.ready ? "good" : "bad"} title={now.ready ? t.ready : t.notReady}>
              {now.reason && <p>{now.reason}</p>}
            </Note>
            <Facts
              rows={[
                [t.database, <Part state={now.database} />],
                [t.keeper, <Part state={now.keeper} />],
                [t.scribe, <Part state={now.scribe} />],
                [t.lease, <Part state={now.lease} />],
                [t.readOnly, now.read_only ? text.value.ui.yes : text.value.ui.no],
                [t.full, now.full ? text.value.ui.yes : text.value.ui.no],
                now.clock_jumps !== undefined && [
                  t.clock,
                  t.jumps(now.clock_jumps, now.clock_jumped_by_ms ?? 0),
                ],
              ]}
            />
          </>
        )}
      </Loaded>
    </Card>
  );
}

async function logNow(signal: AbortSignal) {
  const [vkey, note] = await Promise.all([
    verifierKey(signal),
    ask("GET /log/{path}", { path: { path: "checkpoint" }, signal }) as Promise<string>,
  ]);
  const checkpoint = readCheckpoint(note);

  return { checkpoint, signed: await isSigned(checkpoint, await readKey(vkey)) };
}

function LogNow() {
  const t = text.value.log;
  const asked = useAsk(logNow);

  return (
    <Card title={t.title} actions={<Again of={asked} />}>
      <Loaded of={asked}>
        {({ checkpoint, signed }) => (
          <Facts
            rows={[
              [t.origin, checkpoint.origin],
              [t.size, number(checkpoint.size)],
              [
                t.signature,
                <Badge tone={signed === "good" ? "good" : signed === "bad" ? "bad" : "warn"}>
                  {t.results[signed]}
                </Badge>,
              ],
            ]}
          />
        )}
      </Loaded>
      <p>
        <a href="/log-status">{text.value.health.more}</a>
      </p>
    </Card>
  );
}

function EnginesNow() {
  const t = text.value.health;
  const asked = useAsk(enginesOf);

  return (
    <Card title={t.engines} actions={<Again of={asked} />}>
      <Loaded of={asked}>
        {({ engines, memory }) => (
          <>
            <p>{t.memory(bytes(memory.free_bytes ?? 0), bytes(memory.limit_bytes ?? 0))}</p>
            <ul class="steps">
              {engines.map((one) => (
                <li key={`${one.edge} ${one.slot}`}>
                  {t.slot(one.edge, one.slot)} <EngineState engine={one} />
                  {one.model && (
                    <div>
                      <a href={`/models/${one.model}`}>{one.model}</a>,{" "}
                      {bytes(one.memory_bytes ?? 0)}
                      <div class="soft small">{t.calls(one.sequences ?? 0, one.waiting ?? 0)}</div>
                    </div>
                  )}
                </li>
              ))}
            </ul>
          </>
        )}
      </Loaded>
    </Card>
  );
}

function Witnesses() {
  const t = text.value.log;
  const asked = useAsk((signal) => ask("GET /api/v1/log/witnesses", { signal }));

  return (
    <Card title={t.witnesses} actions={<Again of={asked} />}>
      <Loaded of={asked}>
        {({ witnesses = [] }) => (
          <>
            {witnesses.length === 0 && <p class="soft">{t.noWitnesses}</p>}
            <ul class="steps">
              {witnesses.map((one) => (
                <li key={one.vkey}>
                  <strong>{one.name}</strong> {t.columns.size}: {number(one.size ?? 0)},{" "}
                  <Time at={one.cosigned_at} kind="relative" />{" "}
                  {one.reason && <Badge tone="bad">{one.reason}</Badge>}
                </li>
              ))}
            </ul>
          </>
        )}
      </Loaded>
    </Card>
  );
}

export default function Health() {
  const t = text.value.health;

  return (
    <>
      <h1>{t.title}</h1>
      <p class="lead">{t.intro}</p>
      <div class="beside even">
        <div>
          <Parts />
          <LogNow />
        </div>
        <div>
          {holds("models:manage") && <EnginesNow />}
          {holds("audit:read") && <Witnesses />}
        </div>
      </div>
    </>
  );
}
