// SPDX-License-Identifier: Apache-2.0
// Why a request is denied or returned: in own words, which templates begin.
import { useState } from "preact/hooks";
import { text } from "../../text/text";
import { Area, Select } from "../../ui/form";

export type Refusing = "deny" | "return";

export function ReasonFields({
  vote,
  reason,
  setReason,
}: {
  vote: Refusing;
  reason: string;
  setReason: (reason: string) => void;
}) {
  const t = text.value.review;
  const templates = vote === "return" ? t.returns : t.denials;
  const [template, setTemplate] = useState("");

  return (
    <>
      <Select
        label={t.template}
        value={template}
        onValue={(name) => {
          setTemplate(name);
          if (templates[name]) setReason(templates[name]);
        }}
        options={[
          ["", t.ownWords],
          ...Object.keys(templates).map((name): [string, string] => [
            name,
            t.templates[name] ?? name,
          ]),
        ]}
      />
      <Area label={t.reason} hint={t.reasonHint} value={reason} onValue={setReason} required />
    </>
  );
}

/** What a returned request is to change: a point a line. */
export function ChangesField({
  changes,
  setChanges,
}: {
  changes: string;
  setChanges: (changes: string) => void;
}) {
  const t = text.value.review;

  return (
    <Area label={t.changes} hint={t.changesHint} value={changes} onValue={setChanges} rows={3} />
  );
}

export const pointsOf = (changes: string): string[] =>
  changes.split("\n").filter((one) => one.trim() !== "");
