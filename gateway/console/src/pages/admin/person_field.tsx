// SPDX-License-Identifier: Apache-2.0
// Whom something is about: a name or an id, as typed by somebody who knows them.
import { ask } from "../../api/client";
import { text } from "../../text/text";
import { Field } from "../../ui/form";

interface PersonFieldProps {
  label?: string;
  value: string;
  onValue: (value: string) => void;
}

export function PersonField({ label, value, onValue }: PersonFieldProps) {
  return (
    <Field
      label={label ?? text.value.committee.person}
      hint={text.value.committee.personHint}
      value={value}
      onValue={onValue}
      required
      autoCapitalize="none"
      spellcheck={false}
    />
  );
}

/** The id of who is called so; what was typed, if nobody is: it may be an id. */
export async function idOf(typed: string): Promise<string> {
  const name = typed.trim();
  const { persons } = await ask("GET /api/v1/persons", { query: { name } });

  return persons[0]?.id ?? name;
}
