// SPDX-License-Identifier: Apache-2.0
// What people fill in: a label, a hint and an error that screen readers connect with the field.
import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

interface Around {
  label: string;
  hint?: ComponentChildren;
  error?: string | undefined | false;
  /** The label is there for screen readers only. */
  isBare?: boolean;
}

interface Wired {
  id: string;
  "aria-describedby"?: string | undefined;
  "aria-invalid"?: "true" | undefined;
}

function Around({
  label,
  hint,
  error,
  isBare,
  children,
}: Around & { children: (wired: Wired) => ComponentChildren }) {
  const id = useId();
  const describers = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");

  return (
    <div class="field">
      <label for={id} class={isBare ? "unseen" : undefined}>
        {label}
      </label>
      {hint && (
        <div class="hint" id={`${id}-hint`}>
          {hint}
        </div>
      )}
      {children({
        id,
        "aria-describedby": describers || undefined,
        "aria-invalid": error ? "true" : undefined,
      })}
      {error && (
        <div class="error" id={`${id}-error`} role="alert">
          {error}
        </div>
      )}
    </div>
  );
}

type Element<T extends keyof JSX.IntrinsicElements> = Omit<
  JSX.IntrinsicElements[T],
  "label" | "onInput" | "onChange" | "value"
>;

interface Text extends Around {
  value: string;
  onValue: (value: string) => void;
}

/** A line of text. */
export function Field({
  label,
  hint,
  error,
  isBare,
  value,
  onValue,
  ...rest
}: Text & Element<"input">) {
  return (
    <Around {...{ label, hint, error, isBare }}>
      {(wired) => (
        <input
          type="text"
          {...rest}
          {...wired}
          value={value}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
      )}
    </Around>
  );
}

/** Several lines of text. */
export function Area({
  label,
  hint,
  error,
  isBare,
  value,
  onValue,
  ...rest
}: Text & Element<"textarea">) {
  return (
    <Around {...{ label, hint, error, isBare }}>
      {(wired) => (
        <textarea
          rows={5}
          {...rest}
          {...wired}
          value={value}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
      )}
    </Around>
  );
}

/** One of a list. */
export function Select({
  label,
  hint,
  error,
  isBare,
  value,
  onValue,
  options,
  ...rest
}: Text & Element<"select"> & { options: Array<[value: string, name: string]> }) {
  return (
    <Around {...{ label, hint, error, isBare }}>
      {(wired) => (
        <select
          {...rest}
          {...wired}
          value={value}
          onChange={(event) => onValue(event.currentTarget.value)}
        >
          {options.map(([key, name]) => (
            <option key={key} value={key} selected={key === value}>
              {name}
            </option>
          ))}
        </select>
      )}
    </Around>
  );
}

/** Yes or no. */
export function Check({
  label,
  hint,
  value,
  onValue,
  ...rest
}: Omit<Around, "error" | "isBare"> &
  Element<"input"> & { value: boolean; onValue: (value: boolean) => void }) {
  const id = useId();

  return (
    <div class="check">
      <input
        type="checkbox"
        {...rest}
        id={id}
        checked={value}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => onValue(event.currentTarget.checked)}
      />
      <label for={id}>{label}</label>
      {hint && (
        <div class="hint" id={`${id}-hint`}>
          {hint}
        </div>
      )}
    </div>
  );
}

/** Any number of a list. */
export function Checks({
  label,
  options,
  value,
  onValue,
}: {
  label: string;
  options: Array<[value: string, name: string, hint?: string]>;
  value: string[];
  onValue: (value: string[]) => void;
}) {
  return (
    <fieldset>
      <legend>{label}</legend>
      {options.map(([key, name, hint]) => (
        <Check
          key={key}
          label={name}
          hint={hint}
          value={value.includes(key)}
          onValue={(on) => onValue(on ? [...value, key] : value.filter((one) => one !== key))}
        />
      ))}
    </fieldset>
  );
}

/** A form that is sent by Enter, too. */
export function Form({
  onSend,
  children,
  ...rest
}: { onSend: () => void; children: ComponentChildren } & Omit<
  JSX.IntrinsicElements["form"],
  "onSubmit" | "children"
>) {
  return (
    <form
      {...rest}
      noValidate={rest.noValidate ?? false}
      onSubmit={(event) => {
        event.preventDefault();
        onSend();
      }}
    >
      {children}
    </form>
  );
}
