// SPDX-License-Identifier: Apache-2.0
// One question of a request form, as it is written: its words, its kind, what may be answered.
import { text } from "../../text/text";
import { Button } from "../../ui/basic";
import { Area, Check, Select } from "../../ui/form";
import type { FormField } from "../researcher/form_fields";

export interface Written {
  /** Its own while the page lives: questions are moved and renamed. */
  key: number;
  label: string;
  type: FormField["type"];
  required: boolean;
  /** One a line; "value = what is shown" where they differ. */
  options: string;
}

let count = 0;

export const blank = (): Written => ({
  key: ++count,
  label: "",
  type: "text",
  required: true,
  options: "",
});

const SPLIT = " = ";

export const kept = (field: FormField): Written => ({
  key: ++count,
  label: field.label,
  type: field.type,
  required: field.required !== false,
  options: (field.options ?? [])
    .map((one) => {
      if (typeof one === "string") return one;
      return one.label === one.value ? one.value : `${one.value}${SPLIT}${one.label}`;
    })
    .join("\n"),
});

function optionOf(line: string): string | { label: string; value: string } {
  const at = line.indexOf(SPLIT);

  if (at < 1) return line;
  return { value: line.slice(0, at).trim(), label: line.slice(at + SPLIT.length).trim() };
}

export const fieldOf = ({ label, type, required, options }: Written): FormField => ({
  label: label.trim(),
  type,
  required,
  ...(type === "select" && {
    options: options
      .split("\n")
      .map((one) => one.trim())
      .filter(Boolean)
      .map(optionOf),
  }),
});

interface QuestionProps {
  question: Written;
  at: number;
  of: number;
  onChange: (next: Written) => void;
  onMove: (by: number) => void;
  onRemove: () => void;
}

export function Question({ question, at, of, onChange, onMove, onRemove }: QuestionProps) {
  const t = text.value.questions;
  const put = (part: Partial<Written>) => onChange({ ...question, ...part });

  return (
    <fieldset class="question">
      <legend>{t.number(at + 1, of)}</legend>
      <Area
        label={t.words}
        hint={at === 0 ? t.wordsHint : undefined}
        value={question.label}
        onValue={(label) => put({ label })}
        rows={2}
        maxLength={500}
        required
      />
      <Select
        label={t.kind}
        value={question.type}
        onValue={(type) => put({ type: type as FormField["type"] })}
        options={Object.entries(t.kinds)}
      />
      {question.type === "select" && (
        <Area
          label={t.options}
          hint={t.optionsHint}
          value={question.options}
          onValue={(options) => put({ options })}
          rows={4}
          required
        />
      )}
      <Check
        label={t.required}
        value={question.required}
        onValue={(required) => put({ required })}
      />
      <div class="actions">
        {at > 0 && (
          <Button kind="quiet" onClick={() => onMove(-1)} aria-label={t.upOf(at + 1)}>
            {t.up}
          </Button>
        )}
        {at + 1 < of && (
          <Button kind="quiet" onClick={() => onMove(1)} aria-label={t.downOf(at + 1)}>
            {t.down}
          </Button>
        )}
        <Button kind="quiet" icon="close" onClick={onRemove} aria-label={t.removeOf(at + 1)}>
          {t.remove}
        </Button>
      </div>
    </fieldset>
  );
}
