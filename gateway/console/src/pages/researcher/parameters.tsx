// SPDX-License-Identifier: Apache-2.0
// What a call may be given: the usual numbers, the rarer ones folded away, and whatever else the
// interface takes as JSON.
import { text } from "../../text/text";
import { Area, Check, Field, Select } from "../../ui/form";

/** As they were typed; empty: the gateway's own. */
export interface Parameters {
  numbers: Partial<Record<Name, string>>;
  /** One a line. */
  stop: string;
  /** How many alternatives of each token are shown; empty: no probabilities. */
  top: string;
  format: "" | "json_object" | "json_schema";
  schema: string;
  echo: boolean;
  deterministic: boolean;
  /** Members of the body, as JSON. */
  more: string;
}

type Usual = "temperature" | "top_p" | "max_tokens" | "seed";
type Rare =
  "top_k" | "min_p" | "presence_penalty" | "frequency_penalty" | "repetition_penalty" | "n";
type Name = Usual | Rare;

interface Range {
  min: number;
  max?: number;
  step: number;
}

// What the gateway takes, and how finely it is chosen here.
const USUAL: Record<Usual, Range> = {
  temperature: { min: 0, max: 2, step: 0.1 },
  top_p: { min: 0, max: 1, step: 0.05 },
  max_tokens: { min: 1, step: 1 },
  seed: { min: 0, step: 1 },
};
const RARE: Record<Rare, Range> = {
  top_k: { min: 0, step: 1 },
  min_p: { min: 0, max: 1, step: 0.01 },
  presence_penalty: { min: -2, max: 2, step: 0.1 },
  frequency_penalty: { min: -2, max: 2, step: 0.1 },
  repetition_penalty: { min: 0.1, max: 2, step: 0.05 },
  n: { min: 1, max: 8, step: 1 },
};
const TOPS = ["0", "3", "5"];

export const DEFAULTS: Parameters = {
  numbers: { temperature: "0.7", max_tokens: "200" },
  stop: "",
  top: "",
  format: "",
  schema: "",
  echo: false,
  deterministic: false,
  more: "",
};

function objectOf(json: string): Record<string, unknown> {
  let value: unknown;

  if (!json.trim()) return {};
  try {
    value = JSON.parse(json);
  } catch {
    value = null;
  }
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw new Error(text.value.playground.noObject);
  return value as Record<string, unknown>;
}

function formatOf({ format, schema }: Parameters): Record<string, unknown> {
  if (!format) return {};
  if (format === "json_object") return { response_format: { type: format } };
  const json_schema = { name: "answer", schema: objectOf(schema), strict: true };
  return { response_format: { type: format, json_schema } };
}

/** Members of the body. Throws if what should be JSON is none. */
export function membersOf(p: Parameters): Record<string, unknown> {
  const stop = p.stop.split("\n").filter((line) => line !== "");
  const numbers = Object.entries(p.numbers)
    .filter(([, value]) => value.trim() !== "")
    .map(([name, value]) => [name, Number(value)]);

  return {
    ...Object.fromEntries(numbers),
    ...(stop.length ? { stop } : {}),
    ...(p.top === "" ? {} : { top_logprobs: Number(p.top) }),
    ...(p.echo ? { echo: true } : {}),
    ...(p.deterministic ? { deterministic: true } : {}),
    ...formatOf(p),
    ...objectOf(p.more),
  };
}

interface FieldsProps {
  value: Parameters;
  onValue: (value: Parameters) => void;
}

function Numbers<N extends Name>({
  ranges,
  value,
  onValue,
}: FieldsProps & { ranges: Record<N, Range> }) {
  const t = text.value.playground;

  return (
    <>
      {(Object.keys(ranges) as N[]).map((name) => (
        <Field
          key={name}
          type="number"
          label={t.parameters[name]}
          hint={t.parameterHints[name]}
          value={value.numbers[name] ?? ""}
          onValue={(given) => onValue({ ...value, numbers: { ...value.numbers, [name]: given } })}
          {...ranges[name]}
        />
      ))}
    </>
  );
}

function Format({ value, onValue }: FieldsProps) {
  const t = text.value.playground;

  return (
    <>
      <Select
        label={t.format}
        value={value.format}
        onValue={(format) => onValue({ ...value, format: format as Parameters["format"] })}
        options={Object.entries(t.formats)}
      />
      {value.format === "json_schema" && (
        <Area
          label={t.schema}
          value={value.schema}
          onValue={(schema) => onValue({ ...value, schema })}
          rows={4}
          required
        />
      )}
    </>
  );
}

export function ParameterFields({ value, onValue, isChat }: FieldsProps & { isChat: boolean }) {
  const t = text.value.playground;

  return (
    <>
      <Numbers ranges={USUAL} value={value} onValue={onValue} />
      <Select
        label={t.top}
        hint={t.topHint}
        value={value.top}
        onValue={(top) => onValue({ ...value, top })}
        options={[["", t.topNone], ...TOPS.map((n): [string, string] => [n, t.tops(Number(n))])]}
      />
      <details>
        <summary>{t.rarer}</summary>
        <Numbers ranges={RARE} value={value} onValue={onValue} />
        <Area
          label={t.stopAt}
          hint={t.stopAtHint}
          value={value.stop}
          onValue={(stop) => onValue({ ...value, stop })}
          rows={2}
        />
        <Format value={value} onValue={onValue} />
        {!isChat && (
          <Check
            label={t.echo}
            value={value.echo}
            onValue={(echo) => onValue({ ...value, echo })}
          />
        )}
        <Check
          label={t.deterministic}
          hint={t.deterministicHint}
          value={value.deterministic}
          onValue={(deterministic) => onValue({ ...value, deterministic })}
        />
        <Area
          label={t.moreJson}
          hint={t.moreJsonHint}
          value={value.more}
          onValue={(more) => onValue({ ...value, more })}
          rows={3}
        />
      </details>
    </>
  );
}
