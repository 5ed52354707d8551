// SPDX-License-Identifier: Apache-2.0
// What changed between two texts, line by line (the longest common subsequence of lines).
import { useMemo } from "preact/hooks";
import { text } from "../text/text";

const MAX_LINES = 2000; // of each; the table of lengths is their product

type Line = { kind: "same" | "gone" | "new"; line: string };

const linesOf = (text: string) => (text ? text.split("\n").slice(0, MAX_LINES) : []);

export function diffLines(before: string, after: string): Line[] {
  const a = linesOf(before),
    b = linesOf(after);
  const width = b.length + 1;
  const common = new Uint16Array((a.length + 1) * width);
  const at = (i: number, k: number) => common[i * width + k] ?? 0;
  const out: Line[] = [];

  for (let i = a.length - 1; i >= 0; i--)
    for (let k = b.length - 1; k >= 0; k--)
      common[i * width + k] =
        a[i] === b[k] ? at(i + 1, k + 1) + 1 : Math.max(at(i + 1, k), at(i, k + 1));
  let i = 0,
    k = 0;
  while (i < a.length || k < b.length)
    if (i < a.length && k < b.length && a[i] === b[k]) {
      out.push({ kind: "same", line: a[i++] ?? "" });
      k++;
    } else if (i < a.length && (k === b.length || at(i + 1, k) >= at(i, k + 1)))
      out.push({ kind: "gone", line: a[i++] ?? "" });
    else out.push({ kind: "new", line: b[k++] ?? "" });
  return out;
}

export function Diff({ before, after, label }: { before: string; after: string; label: string }) {
  const lines = useMemo(() => diffLines(before, after), [before, after]);
  const t = text.value.ui;
  const signs = { same: "\u00a0", gone: "−", new: "+" };
  const said = { same: "", gone: t.removed, new: t.added };

  return (
    <div class="diff" role="region" aria-label={label} tabIndex={0}>
      {lines.map((one, i) => (
        <div key={i} class={one.kind}>
          <span aria-hidden="true">{signs[one.kind]}</span>
          {said[one.kind] && <span class="unseen">{said[one.kind]}: </span>}
          <code>{one.line || "\u00a0"}</code>
        </div>
      ))}
    </div>
  );
}
