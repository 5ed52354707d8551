// SPDX-License-Identifier: Apache-2.0
// Does a receipt prove that an entry is in the log? Nobody is asked: the entry must commit to the
// payload, lie under the checkpoint's root, and the checkpoint be signed by the log's key. An entry
// that came with others in a batch (usage.batch) is proved in two levels: the row under the batch's
// root, which the batch's payload says, and the batch in the log.
import { type Bytes, equal, fromBase64, hmacSha256, join, utf8 } from "./bytes";
import { isIncluded, leafHash } from "./merkle";
import { type Checkpoint, isSigned, readCheckpoint, readKey } from "./note";

/** An entry, and what it commits to. */
export interface Bound {
  entry: string;
  nonce?: string | null;
  payload?: string | null;
}

export interface Row extends Bound {
  index: number;
  count: number;
  path: string[];
}

export interface Receipt extends Bound {
  proof: string;
  row?: Row | null;
}

export type StepName = "payload" | "row" | "inclusion" | "signature";
/** "absent": the payload was erased, and the entry stands without; "unsupported": no Ed25519. */
export type StepResult = "good" | "bad" | "absent" | "unsupported";

export interface Verdict {
  /** No step is bad, and the signature was checked. */
  holds: boolean;
  steps: Array<{ name: StepName; result: StepResult }>;
  entry: { id: string; ev: string; t: string };
  payload: string | null;
  index: number;
  checkpoint: Checkpoint;
}

interface Proof {
  index: number;
  path: Bytes[];
  checkpoint: Checkpoint;
}

/** A C2SP tlog-proof. */
export function readProof(text: string): Proof {
  const cut = text.indexOf("\n\n");
  const [first, ...lines] = text.slice(0, cut).split("\n");
  const rest = lines.filter((line) => !line.startsWith("extra "));
  const index = /^index (0|[1-9]\d{0,15})$/.exec(rest[0] ?? "")?.[1];

  if (cut < 0 || first !== "c2sp.org/tlog-proof@v1" || index === undefined)
    throw new Error("this is no proof of a log");
  return {
    index: Number(index),
    path: rest.slice(1).map(fromBase64),
    checkpoint: readCheckpoint(text.slice(cut + 2)),
  };
}

/** Is the payload the one that the entry's commitment "c" is of? */
export async function commits(of: Bound): Promise<StepResult> {
  if (of.payload == null || of.nonce == null) return "absent";
  const { c } = JSON.parse(of.entry) as { c: string };
  const made = await hmacSha256(fromBase64(of.nonce), join(utf8("audit/v1\n"), utf8(of.payload)));

  return equal(made, fromBase64(c)) ? "good" : "bad";
}

async function isRow(row: Row, batch: string | null | undefined): Promise<StepResult> {
  const { count, root } = JSON.parse(batch ?? "{}") as { count?: number; root?: string };

  if (!root || count !== row.count) return "bad";
  const path = row.path.map(fromBase64);
  const leaf = await leafHash(row.entry);
  return (await isIncluded(row.index, count, leaf, path, fromBase64(root))) ? "good" : "bad";
}

/** Throws where it cannot be read at all. */
export async function verifyReceipt(receipt: Receipt, vkey: string): Promise<Verdict> {
  const proof = readProof(receipt.proof);
  const { size, root } = proof.checkpoint;
  const steps: Verdict["steps"] = [{ name: "payload", result: await commits(receipt) }];
  const leaf = await leafHash(receipt.entry);
  const isIn = await isIncluded(proof.index, size, leaf, proof.path, root);
  const last = receipt.row ?? receipt;

  if (receipt.row) {
    steps.push({ name: "row", result: await isRow(receipt.row, receipt.payload) });
    steps.push({ name: "payload", result: await commits(receipt.row) });
  }
  steps.push({ name: "inclusion", result: isIn ? "good" : "bad" });
  steps.push({ name: "signature", result: await isSigned(proof.checkpoint, await readKey(vkey)) });
  return {
    holds: steps.every(({ result }) => result === "good" || result === "absent"),
    steps,
    entry: JSON.parse(last.entry) as Verdict["entry"],
    payload: last.payload ?? null,
    index: proof.index,
    checkpoint: proof.checkpoint,
  };
}
