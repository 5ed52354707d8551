// SPDX-License-Identifier: Apache-2.0
// Files on their way in, as the Hub's clients send them (Git LFS with parts, then one commit): each
// is sealed as it arrives. What came before a break is there still, and is not sent again: whoever
// chooses the same files goes on where they stopped.
import { ask, ofModel, Refusal, send } from "../../api/client";
import { Sha256 } from "./sha256";

const PIECE = 4 << 20; // read and hashed at once

export interface Chosen {
  path: string;
  file: File;
}

export type Stage = "waiting" | "hashing" | "sending" | "joining" | "present" | "sent" | "small";

/** How far a file is; `done` counts bytes of the stage. */
export interface Progressing {
  path: string;
  size: number;
  stage: Stage;
  done: number;
}

interface Upload {
  href: string;
  header?: Record<string, string>;
}

type Tell = (path: string, stage: Stage, done: number) => void;

/** Our own address, whatever name the gateway has for itself. */
const local = (href: string): string => new URL(href, location.href).pathname;

async function hash(file: File, tell: (done: number) => void, stop: AbortSignal) {
  const sum = new Sha256();

  for (let at = 0; at < file.size; at += PIECE) {
    sum.update(new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer()));
    stop.throwIfAborted();
    tell(Math.min(at + PIECE, file.size));
  }
  return sum.digest();
}

/** fetch() does not tell how far it is: this does. Resolves to the ETag. */
function put(href: string, bytes: Blob, tell: (sent: number) => void, stop: AbortSignal) {
  return new Promise<string>((resolve, reject) => {
    const request = new XMLHttpRequest();
    const refuse = (status: number, text: string) => {
      let said: { code?: string; detail?: string } = {};

      try {
        said = JSON.parse(text) as typeof said;
      } catch {
        // No answer of ours: the status must do.
      }
      reject(new Refusal(status, said.code ?? "UNREACHABLE", said.detail ?? ""));
    };

    request.open("PUT", local(href));
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => tell(event.loaded);
    request.onload = () =>
      request.status < 300
        ? resolve(request.getResponseHeader("ETag") ?? "")
        : refuse(request.status, request.responseText);
    request.onerror = () => refuse(0, "");
    request.onabort = () => reject(stop.reason as Error);
    stop.addEventListener("abort", () => request.abort());
    request.send(bytes);
  });
}

/** The ETag of a part that has come already, or "". */
async function hasCome(href: string, stop: AbortSignal): Promise<string> {
  const answer = await fetch(local(href), { method: "HEAD", signal: stop });

  return answer.ok ? (answer.headers.get("ETag") ?? "") : "";
}

async function sendParts(one: Chosen, oid: string, upload: Upload, tell: Tell, stop: AbortSignal) {
  const size = Number(upload.header?.chunk_size);
  const numbers = Object.keys(upload.header ?? {})
    .map(Number)
    .filter((n) => n > 0)
    .sort((a, b) => a - b);
  const parts: Array<{ partNumber: number; etag: string }> = [];

  for (const partNumber of numbers) {
    const href = upload.header?.[String(partNumber)] ?? "";
    const from = (partNumber - 1) * size;
    const bytes = one.file.slice(from, from + size);
    const etag =
      (await hasCome(href, stop)) ||
      (await put(href, bytes, (sent) => tell(one.path, "sending", from + sent), stop));

    parts.push({ partNumber, etag });
    tell(one.path, "sending", from + bytes.size);
  }
  tell(one.path, "joining", one.file.size);
  const answer = await fetch(local(upload.href), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ oid, parts }),
    signal: stop,
  });
  if (!answer.ok) throw new Refusal(answer.status, "INTERNAL", await answer.text());
}

async function sendLarge(model: string, one: Chosen, tell: Tell, stop: AbortSignal) {
  const oid = await hash(one.file, (done) => tell(one.path, "hashing", done), stop);
  const batch = (await ask("POST /{ns}/{name}/info/lfs/objects/batch", {
    path: ofModel(model),
    body: {
      operation: "upload",
      transfers: ["basic", "multipart"],
      objects: [{ oid, size: one.file.size }],
    } as { operation: string },
    signal: stop,
  })) as { objects: Array<{ actions?: { upload: Upload } }> };
  const upload = batch.objects[0]?.actions?.upload;

  if (!upload) {
    tell(one.path, "present", one.file.size);
    return oid;
  }
  if (upload.header?.chunk_size) await sendParts(one, oid, upload, tell, stop);
  else await put(upload.href, one.file, (sent) => tell(one.path, "sending", sent), stop);
  tell(one.path, "sent", one.file.size);
  return oid;
}

/** Base64 of a small file, a piece at a time: arguments of a call are limited. */
async function inline(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = "";

  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

/** Which files go by LFS, as the gateway says; it refuses names and pickles here, before a byte. */
async function largeOnes(model: string, files: Chosen[], stop: AbortSignal) {
  const { files: wanted } = await ask("POST /api/models/{ns}/{name}/preupload/{revision}", {
    path: { ...ofModel(model), revision: "main" },
    body: { files: files.map(({ path, file }) => ({ path, size: file.size })) },
    signal: stop,
  });

  return new Set((wanted ?? []).filter((one) => one.uploadMode === "lfs").map((one) => one.path));
}

/** Send all, and make one revision of them on top of `parent` ("": none yet): its id. Refused if
 * others have made one meanwhile. */
export async function upload(
  model: string,
  files: Chosen[],
  summary: string,
  parent: string,
  tell: Tell,
  stop: AbortSignal,
): Promise<string> {
  const large = await largeOnes(model, files, stop);
  const lines: unknown[] = [
    { key: "header", value: { summary, ...(parent ? { parentCommit: parent } : {}) } },
  ];

  for (const one of files) {
    if (large.has(one.path)) {
      const oid = await sendLarge(model, one, tell, stop);
      const value = { path: one.path, algo: "sha256", oid, size: one.file.size };
      lines.push({ key: "lfsFile", value });
    } else {
      const content = await inline(one.file);
      lines.push({ key: "file", value: { path: one.path, encoding: "base64", content } });
      tell(one.path, "small", one.file.size);
    }
  }
  const answer = await send("POST /api/models/{ns}/{name}/commit/{revision}", {
    path: { ...ofModel(model), revision: "main" },
    bytes: lines.map((line) => JSON.stringify(line) + "\n").join(""),
    headers: { "Content-Type": "application/x-ndjson" },
    signal: stop,
  });
  return ((await answer.json()) as { commitOid?: string }).commitOid ?? "";
}
