// SPDX-License-Identifier: Apache-2.0
// Engines as the gateway tells of them.
import { ask } from "../../api/client";
import { text } from "../../text/text";
import { Badge, type Tone } from "../../ui/basic";

export interface Engine {
  slot: number;
  edge: number;
  up: boolean;
  state: string;
  model?: string;
  loaded_bytes?: number;
  total_bytes?: number;
  memory_bytes?: number;
  sequences?: number;
  waiting?: number;
}

export interface Engines {
  engines: Engine[];
  memory: { limit_bytes?: number; free_bytes?: number };
}

export async function enginesOf(signal: AbortSignal): Promise<Engines> {
  return (await ask("GET /api/v1/engines", { signal })) as unknown as Engines;
}

const TONES: Record<string, Tone> = { ready: "good", loading: "info", ending: "warn" };

export function EngineState({ engine }: { engine: Engine }) {
  const t = text.value.allModels;

  if (!engine.up) return <Badge tone="bad">{t.engineDown}</Badge>;
  return (
    <Badge tone={TONES[engine.state] ?? "plain"}>
      {t.engineStates[engine.state] ?? engine.state}
    </Badge>
  );
}
