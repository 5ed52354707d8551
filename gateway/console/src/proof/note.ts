// SPDX-License-Identifier: Apache-2.0
// Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint), and the key that signs them.
import { type Bytes, equal, fromBase64, join, sha256, toHex, utf8 } from "./bytes";

const ED25519 = 1;
const KEY_BYTES = 32;
const ID_BYTES = 4;
const LINE = /^\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)$/;

export interface NoteKey {
  name: string;
  id: Bytes;
  key: Bytes;
}

export interface Note {
  /** What is signed, its last newline with it. */
  text: string;
  signatures: Array<{ name: string; id: Bytes; signature: Bytes }>;
}

export interface Checkpoint extends Note {
  origin: string;
  size: number;
  root: Bytes;
}

/** "name+id+key": a verifier key. Its id must be that of name and key. */
export async function readKey(vkey: string): Promise<NoteKey> {
  const [, name = "", id = "", key = ""] =
    /^([^+\s]+)\+([0-9a-f]{8})\+(\S+)$/.exec(vkey.trim()) ?? [];
  const bytes = fromBase64(key);

  if (!name || bytes[0] !== ED25519 || bytes.length !== 1 + KEY_BYTES)
    throw new Error("this is no verifier key of a log");
  const made = await sha256(join(utf8(`${name}\n`), bytes));
  if (toHex(made.slice(0, ID_BYTES)) !== id) throw new Error("the key's id is of another key");
  return { name, id: made.slice(0, ID_BYTES), key: bytes.slice(1) };
}

/** The same key under the name of what the log signs beside checkpoints: "report". */
export async function keyFor(vkey: string, what: string): Promise<NoteKey> {
  const log = await readKey(vkey);
  const name = `${log.name}/${what}`;
  const made = await sha256(join(utf8(`${name}\n`), new Uint8Array([ED25519]), log.key));

  return { name, id: made.slice(0, ID_BYTES), key: log.key };
}

export function readNote(note: string): Note {
  const cut = note.lastIndexOf("\n\n");
  const signatures = note
    .slice(cut + 2)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [, name = "", value = ""] = LINE.exec(line) ?? [];
      const bytes = fromBase64(value);
      return { name, id: bytes.slice(0, ID_BYTES), signature: bytes.slice(ID_BYTES) };
    });

  if (cut < 0) throw new Error("this is no signed note");
  return { text: note.slice(0, cut + 1), signatures };
}

export function readCheckpoint(note: string): Checkpoint {
  const { text, signatures } = readNote(note);
  const [origin = "", size = "", root = ""] = text.split("\n");

  if (!origin || !/^(0|[1-9]\d{0,15})$/.test(size)) throw new Error("this is no checkpoint");
  return { origin, size: Number(size), root: fromBase64(root), text, signatures };
}

/** "unsupported": this browser's WebCrypto has no Ed25519. */
export type Signed = "good" | "bad" | "unsupported";

/** Has this key signed the checkpoint, as the log that the checkpoint names? */
export async function isSigned(checkpoint: Checkpoint, by: NoteKey): Promise<Signed> {
  return checkpoint.origin === by.name ? isNoteSigned(checkpoint, by) : "bad";
}

/** Has this key signed the note? */
export async function isNoteSigned(note: Note, by: NoteKey): Promise<Signed> {
  const found = note.signatures.find((one) => one.name === by.name && equal(one.id, by.id));
  let key: CryptoKey;

  if (!found) return "bad";
  try {
    key = await crypto.subtle.importKey("raw", by.key, "Ed25519", false, ["verify"]);
  } catch {
    return "unsupported";
  }
  const bytes = utf8(note.text);
  return (await crypto.subtle.verify("Ed25519", key, found.signature, bytes)) ? "good" : "bad";
}
