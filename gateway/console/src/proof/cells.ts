// SPDX-License-Identifier: Apache-2.0
// The cells of a report's row, out of its entry: what each column's source says
// ("payload.actor.name|payload.actor.id"). Written from schema/report/README.md; where a cell is
// none of these it was made up.
import { utf8 } from "./bytes";

export interface Column {
  name: string;
  type: string;
  source: string;
  meaning: string;
}

export type Cell = string | number | null;

const MAX_CELL = 4096; // bytes; longer ones end in "…"
const MAX_DEPTH = 6;

function written(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "object" && value !== null) return JSON.stringify(value);
  return value === undefined || value === null ? "" : String(value);
}

/** "files.*.path" below a value; of a list "#" is its length, "*" each of it. */
function below(value: unknown, path: string[], depth = 0): string {
  const [name, ...rest] = path;

  if (name === undefined) return written(value);
  if (value === undefined || value === null || depth === MAX_DEPTH) return "";
  if (name === "#") return Array.isArray(value) ? String(value.length) : "";
  if (name === "*")
    return Array.isArray(value) ? value.map((one) => below(one, rest, depth + 1)).join("; ") : "";
  const inner = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
  return below(inner, rest, depth + 1);
}

function shortened(text: string): string {
  const bytes = utf8(text);
  let size = MAX_CELL - 3;

  if (bytes.length <= MAX_CELL) return text;
  while (size > 0 && ((bytes[size] ?? 0) & 0xc0) === 0x80) size--;
  return `${new TextDecoder().decode(bytes.subarray(0, size))}…`;
}

export interface RowFacts {
  index: number;
  row?: number | undefined;
  entry: unknown;
  payload: unknown;
}

function sourced(source: string, of: RowFacts): string {
  const [root, ...path] = source.split(".");

  if (source === "index") return String(of.index);
  if (source === "row") return of.row === undefined ? "" : String(of.row);
  if (root === "entry") return below(of.entry, path);
  return root === "payload" ? below(of.payload, path) : "";
}

export function cellOf(column: Column, of: RowFacts): Cell {
  const text =
    column.source
      .split("|")
      .map((source) => sourced(source, of))
      .find((one) => one !== "") ?? "";

  if (text === "") return null;
  if (column.type !== "integer") return shortened(text);
  return /^\d+$/.test(text) ? Number(text) : null;
}
