// SPDX-License-Identifier: Apache-2.0
// What a model asks of those who ask for it: one field for each of its form.
import { language, text } from "../../text/text";
import { Check, Field, Select } from "../../ui/form";
import { countries } from "./countries";

export type Answers = Record<string, string | boolean>;

export interface FormField {
  label: string;
  type: "text" | "checkbox" | "date_picker" | "country" | "ip_location" | "select";
  required?: boolean;
  options?: Array<string | { label: string; value: string }>;
}

export interface ModelForm {
  extra_gated_prompt?: string;
  extra_gated_heading?: string;
  extra_gated_description?: string;
  extra_gated_button_content?: string;
  extra_gated_eu_disallowed?: boolean;
  extra_gated_fields?: FormField[];
}

type Options = Array<[value: string, name: string]>;

function optionsOf(field: FormField): Options {
  if (field.type === "country") return countries(language.value);
  return (field.options ?? []).map((one): [string, string] =>
    typeof one === "string" ? [one, one] : [one.value, one.label],
  );
}

interface One {
  field: FormField;
  answers: Answers;
  onAnswers: (answers: Answers) => void;
}

function FieldOf({ field, answers, onAnswers }: One) {
  const t = text.value.ask;
  const value = answers[field.label];
  const required = field.required !== false;
  const hint = required ? undefined : t.optional;
  const said = typeof value === "string" ? value : "";
  const onValue = (given: string) => onAnswers({ ...answers, [field.label]: given });

  switch (field.type) {
    case "checkbox":
      return (
        <Check
          label={field.label}
          hint={hint}
          required={required}
          value={value === true}
          onValue={(given) => onAnswers({ ...answers, [field.label]: given })}
        />
      );
    case "ip_location":
      return (
        <p class="soft">
          {field.label}: {t.byAddress}
        </p>
      );
    case "select":
    case "country":
      return (
        <Select
          label={field.label}
          hint={hint}
          required={required}
          value={said}
          onValue={onValue}
          options={[["", t.choose], ...optionsOf(field)]}
        />
      );
    default:
      return (
        <Field
          label={field.label}
          hint={hint}
          required={required}
          type={field.type === "date_picker" ? "date" : "text"}
          value={said}
          onValue={onValue}
        />
      );
  }
}

export function FormFields({ form, ...rest }: { form: ModelForm } & Omit<One, "field">) {
  return (
    <>
      {(form.extra_gated_fields ?? []).map((field) => (
        <FieldOf key={field.label} field={field} {...rest} />
      ))}
    </>
  );
}

/** What was answered, without what was left empty. */
export function given(answers: Answers): Answers {
  return Object.fromEntries(Object.entries(answers).filter(([, value]) => value !== ""));
}
