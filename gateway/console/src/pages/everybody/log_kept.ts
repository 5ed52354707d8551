// SPDX-License-Identifier: Apache-2.0
// The log as it is now, and as this browser last saw it: a checkpoint is kept here, so that a log
// that is told anew from some entry on, or made shorter, is found out by whoever looked before.
import { ask, Refusal, send } from "../../api/client";
import {
  type Checkpoint,
  type Fetch,
  goesOn,
  isSigned,
  readCheckpoint,
  readKey,
  type Signed,
  Tiles,
  toBase64,
} from "../../proof";
import { verifierKey } from "./receipt_check";

const KEPT = "sallyport.log";

interface Kept {
  vkey: string;
  note: string;
  at: string;
}

/** "first": nothing was kept; "key": the log has another key; "other": it does not go on from what
 * was kept; "shorter": it has fewer entries than it had. */
export type Since = "first" | "goesOn" | "key" | "other" | "shorter";

export interface LogNow {
  vkey: string;
  checkpoint: Checkpoint;
  signed: Signed;
  tiles: Tiles;
  since: Since;
  /** What was kept of before. */
  before: { size: number; at: string } | undefined;
}

export const logFile = (signal?: AbortSignal): Fetch => {
  return async (path) => {
    try {
      const answer = await send("GET /log/{path}", { path: { path }, ...(signal && { signal }) });
      return new Uint8Array(await answer.arrayBuffer());
    } catch (error) {
      if (error instanceof Refusal && error.status === 404) return null;
      throw error;
    }
  };
};

function kept(): Kept | undefined {
  try {
    return (JSON.parse(localStorage.getItem(KEPT) ?? "null") as Kept | null) ?? undefined;
  } catch {
    return undefined;
  }
}

async function compare(old: Kept, now: Omit<LogNow, "since" | "before">): Promise<Since> {
  const before = readCheckpoint(old.note);
  const { checkpoint, tiles } = now;

  if (old.vkey !== now.vkey) return "key";
  if (before.size > checkpoint.size) return "shorter";
  if (before.size === checkpoint.size)
    return toBase64(before.root) === toBase64(checkpoint.root) ? "goesOn" : "other";
  return (await goesOn(before, checkpoint, tiles)) ? "goesOn" : "other";
}

/** What was seen last stays until the log is proved to go on from it. */
export async function logNow(signal?: AbortSignal): Promise<LogNow> {
  const [vkey, note] = await Promise.all([
    verifierKey(signal),
    ask("GET /log/{path}", {
      path: { path: "checkpoint" },
      ...(signal && { signal }),
    }) as Promise<string>,
  ]);
  const checkpoint = readCheckpoint(note);
  const signed = await isSigned(checkpoint, await readKey(vkey));
  const now = { vkey, checkpoint, signed, tiles: new Tiles(logFile(signal), checkpoint.size) };
  const old = kept();
  const since = old ? await compare(old, now) : "first";

  if (signed === "good" && (since === "first" || since === "goesOn"))
    localStorage.setItem(KEPT, JSON.stringify({ vkey, note, at: new Date().toISOString() }));
  return {
    ...now,
    since,
    before: old && { size: readCheckpoint(old.note).size, at: old.at },
  };
}

/** From now on this browser believes the log as it is. */
export const forgetLog = (): void => localStorage.removeItem(KEPT);
