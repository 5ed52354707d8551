// SPDX-License-Identifier: Apache-2.0
// The forms of a report, fetched with what is known of how far they are: the JSON form has a row a
// line.
import { Refusal, send } from "../../api/client";
import type { Bytes, Receipt, ReportDocument } from "../../proof";
import { text } from "../../text/text";

export const MAX_BYTES = 256 * 1024 * 1024;
const NEWLINE = 10;

/** A form's bytes; `onLine` counts the lines that came so far. */
export async function fetchForm(
  id: string,
  form: string,
  signal: AbortSignal | undefined,
  onLine: (lines: number) => void = () => undefined,
): Promise<Bytes> {
  const answer = await send("GET /api/v1/reports/{report}", {
    path: { report: `${id}.${form}` },
    ...(signal && { signal }),
  });
  const reader = answer.body?.getReader();
  const parts: BlobPart[] = [];
  let size = 0;
  let lines = 0;

  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > MAX_BYTES) throw new Refusal(413, "TOO_LARGE", text.value.reports.tooLarge);
    for (const byte of value) if (byte === NEWLINE) lines++;
    parts.push(value);
    onLine(lines);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

export const readDocument = (json: Bytes): ReportDocument =>
  JSON.parse(new TextDecoder().decode(json)) as ReportDocument;

export async function fetchNote(id: string): Promise<string> {
  return new TextDecoder().decode(await fetchForm(id, "note", undefined));
}

export async function fetchReportReceipt(id: string): Promise<Receipt> {
  const bytes = await fetchForm(id, "receipt", undefined);
  return JSON.parse(new TextDecoder().decode(bytes)) as Receipt;
}
