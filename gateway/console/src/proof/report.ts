// SPDX-License-Identifier: Apache-2.0
// Does a signed report hold? Its note is of the log's key and names the digests of its forms; an
// entry of the log names the same; and its rows are entries of the log, out of whose hashes the
// root of the tree is computed again.
import { type Bytes, equal, fromBase64, sha256, toBase64, toHex, utf8 } from "./bytes";
import { type Cell, cellOf, type Column } from "./cells";
import { isIncluded, leafHash } from "./merkle";
import { isNoteSigned, keyFor, readNote } from "./note";
import {
  type Bound,
  commits,
  type Receipt,
  readProof,
  type StepResult,
  verifyReceipt,
} from "./receipt";
import { isConsistent, Tree } from "./tree";

export interface ReportRow extends Bound {
  cells: Cell[];
  index: number;
  gap?: string[];
  row?: number;
  path?: string[];
  batch?: Bound;
}

export interface ReportDocument {
  report: {
    code: string;
    name: string;
    title: string;
    question: string;
    of_entries: boolean;
    columns: Column[];
    missing: Array<{ what: string; why: string }>;
    period: { from: string | null; to: string | null };
    filters: Record<string, string>;
    log: { origin: string; size: number; root: string };
  };
  rows: ReportRow[];
  end: {
    gap?: string[];
    totals: {
      rows: number;
      erased: number;
      sums: Record<string, number>;
      groups: Array<{
        by: string;
        of: Array<{ key: string; rows: number; sums?: Record<string, number> }>;
      }>;
    };
  };
}

export interface ReportParts {
  json: Bytes;
  csv: Bytes;
  html: Bytes;
  note: string;
  receipt: Receipt & { consistency?: string[] };
}

export type ReportStep =
  "signature" | "forms" | "entry" | "inclusion" | "later" | "rows" | "cells" | "root";

export interface ReportVerdict {
  holds: boolean;
  steps: Array<{ name: ReportStep; result: StepResult }>;
}

interface Said {
  name: string;
  origin: string;
  size: number;
  root: string;
  digests: Record<string, string>;
  entry: string;
}

const PAGE_END = '<section id="signature">'; // the page's digest is of what stands before it
const said = (fact: boolean): StepResult => (fact ? "good" : "bad");

function readSaid(text: string): Said {
  const [first, name, , , origin, size, root, ...rest] = text.split("\n");
  const words = Object.fromEntries(rest.filter(Boolean).map((line) => line.split(" ", 2)));

  if (
    first !== "sallyport report/v1" ||
    !name ||
    !origin ||
    !/^\d{1,15}$/.test(size ?? "") ||
    !root
  )
    throw new Error("this is no note of a report");
  const { entry, ...digests } = words as Record<string, string>;
  return { name, origin, size: Number(size), root, digests, entry: entry ?? "" };
}

function beforeSignature(page: Bytes): Bytes {
  const cut = new TextDecoder().decode(page).lastIndexOf(PAGE_END);

  if (cut < 0) throw new Error("the page has no signature");
  return utf8(new TextDecoder().decode(page).slice(0, cut));
}

async function areForms(parts: ReportParts, says: Said): Promise<boolean> {
  const forms = { json: parts.json, csv: parts.csv, html: beforeSignature(parts.html) };

  for (const [name, bytes] of Object.entries(forms))
    if (toHex(await sha256(bytes)) !== says.digests[name]) return false;
  return true;
}

/** The payload of report.make names the same digests, and the same tree. */
function isEntryOf(receipt: Receipt, says: Said): boolean {
  const { report } = JSON.parse(receipt.payload ?? "{}") as {
    report?: Record<string, string | number>;
  };
  const { ev, id } = JSON.parse(receipt.entry) as { ev?: string; id?: string };
  const forms = ["json", "csv", "html"];

  return (
    report !== undefined &&
    ev === "report.make" &&
    id === says.entry &&
    report.name === says.name &&
    report.size === says.size &&
    report.root === toHex(fromBase64(says.root)) &&
    forms.every((form) => report[form] === says.digests[form])
  );
}

interface Walk {
  rows: boolean;
  cells: boolean;
  root: boolean;
}

/** Whether a row of a batch is one; `batch`: the last that was told of. */
async function isOfBatch(row: ReportRow, batch: string | null | undefined): Promise<boolean> {
  const { count = 0, root = "" } = JSON.parse(batch ?? "{}") as { count?: number; root?: string };
  const path = (row.path ?? []).map(fromBase64);
  const leaf = await leafHash(row.entry);

  return isIncluded(row.row ?? -1, count, leaf, path, fromBase64(root));
}

const parsed = (text: string | null | undefined): unknown => JSON.parse(text ?? "null");

function areCells(columns: Column[], row: ReportRow): boolean {
  const { index, row: place, entry, payload } = row;
  const facts = { index, row: place, entry: parsed(entry), payload: parsed(payload) };

  return columns.every((column, i) => (row.cells[i] ?? null) === cellOf(column, facts));
}

async function walk(
  { report, rows, end }: ReportDocument,
  onProgress: (done: number, of: number) => void,
): Promise<Walk> {
  const tree = new Tree();
  const found: Walk = { rows: true, cells: true, root: false };
  let batch: { index: number; payload: string | null | undefined } | undefined;

  for (const [i, row] of rows.entries()) {
    if (row.batch || row.row === undefined) {
      await tree.skip(row.index, (row.gap ?? []).map(fromBase64));
      await tree.append(await leafHash(row.batch?.entry ?? row.entry));
    }
    if (row.batch) {
      batch = { index: row.index, payload: row.batch.payload };
      if ((await commits(row.batch)) !== "good") found.rows = false;
    }
    if (row.row !== undefined && batch?.index !== row.index) found.rows = false;
    else if (row.row !== undefined && !(await isOfBatch(row, batch?.payload))) found.rows = false;
    if ((await commits(row)) === "bad") found.rows = false;
    if (!areCells(report.columns, row)) found.cells = false;
    if (i % 256 === 0) onProgress(i, rows.length);
  }
  await tree.skip(report.log.size, (end.gap ?? []).map(fromBase64));
  found.root = report.log.size === 0 || toBase64(await tree.root()) === report.log.root;
  if (end.totals.rows !== rows.length) found.rows = false;
  return found;
}

async function isLater(receipt: ReportParts["receipt"], says: Said): Promise<boolean> {
  const { checkpoint } = readProof(receipt.proof);
  const before = { size: says.size, root: fromBase64(says.root) };

  if (says.size === 0) return true;
  return isConsistent(before, checkpoint, (receipt.consistency ?? []).map(fromBase64));
}

/** Throws where it cannot be read at all. */
export async function verifyReport(
  parts: ReportParts,
  document: ReportDocument,
  vkey: string,
  onProgress: (done: number, of: number) => void = () => undefined,
): Promise<ReportVerdict> {
  const note = readNote(parts.note);
  const says = readSaid(note.text);
  const key = await keyFor(vkey, "report");
  const { log, name } = document.report;
  const isSame =
    log.size === says.size &&
    equal(fromBase64(log.root), fromBase64(says.root)) &&
    name === says.name &&
    log.origin === says.origin &&
    key.name === `${says.origin}/report`;
  const receipt = await verifyReceipt(parts.receipt, vkey);
  const rows = await walk(document, onProgress).catch(() => ({
    rows: false,
    cells: false,
    root: false,
  }));
  const steps: ReportVerdict["steps"] = [
    { name: "signature", result: await isNoteSigned(note, key) },
    { name: "forms", result: said(isSame && (await areForms(parts, says))) },
    { name: "entry", result: said(isEntryOf(parts.receipt, says)) },
    {
      name: "inclusion",
      result: receipt.holds
        ? "good"
        : receipt.steps.some(({ result }) => result === "bad")
          ? "bad"
          : "unsupported",
    },
    { name: "later", result: said(await isLater(parts.receipt, says)) },
    { name: "rows", result: said(rows.rows) },
    { name: "cells", result: said(rows.cells) },
    { name: "root", result: said(rows.root) },
  ];

  return { holds: steps.every(({ result }) => result === "good"), steps };
}
