// SPDX-License-Identifier: Apache-2.0
// Small things that most pages are made of.
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { text } from "../text/text";
import { date, dateTime, relative, utc } from "../text/format";
import { Icon, type IconName } from "./icons";

type Plain<T extends keyof JSX.IntrinsicElements> = JSX.IntrinsicElements[T];
export type Tone = "plain" | "good" | "warn" | "bad" | "info";

const join = (...names: unknown[]): string => names.filter(Boolean).join(" ");

interface ButtonProps extends Omit<Plain<"button">, "icon"> {
  kind?: "plain" | "primary" | "danger" | "quiet";
  icon?: IconName | undefined;
  /** Says so, and takes no further press. */
  isBusy?: boolean;
}

export function Button({ kind = "plain", icon, isBusy, children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      class={join("button", kind, rest.class)}
      aria-disabled={isBusy || rest.disabled ? "true" : undefined}
      onClick={isBusy ? (event) => event.preventDefault() : rest.onClick}
    >
      {icon && <Icon name={icon} />}
      <span>{isBusy ? text.value.ui.working : children}</span>
    </button>
  );
}

/** A link that looks like a button: it goes somewhere and does nothing. */
export function LinkButton({
  kind = "plain",
  icon,
  children,
  ...rest
}: Omit<Plain<"a">, "icon"> & Pick<ButtonProps, "kind" | "icon">) {
  return (
    <a {...rest} class={join("button", kind, rest.class)}>
      {icon && <Icon name={icon} />}
      <span>{children}</span>
    </a>
  );
}

interface CardProps {
  title?: ComponentChildren;
  actions?: ComponentChildren;
  children: ComponentChildren;
  class?: string;
}

export function Card({ title, actions, children, ...rest }: CardProps) {
  return (
    <section class={join("card", rest.class)}>
      {(title || actions) && (
        <header>
          {title && <h2>{title}</h2>}
          {actions && <div class="actions">{actions}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

/** One word on a state; the tone is never all that tells it. */
export function Badge({
  tone = "plain",
  icon,
  children,
}: {
  tone?: Tone;
  icon?: IconName;
  children: ComponentChildren;
}) {
  return (
    <span class={`badge ${tone}`}>
      {icon && <Icon name={icon} size={13} />}
      {children}
    </span>
  );
}

const NOTE_ICONS: Record<Tone, IconName> = {
  plain: "info",
  info: "info",
  good: "check",
  warn: "warning",
  bad: "stop",
};

/** A few sentences that matter now. */
export function Note({
  tone = "info",
  title,
  children,
  actions,
}: {
  tone?: Tone;
  title?: ComponentChildren;
  children?: ComponentChildren;
  actions?: ComponentChildren;
}) {
  return (
    <div class={`note ${tone}`} role={tone === "bad" ? "alert" : undefined}>
      <Icon name={NOTE_ICONS[tone]} />
      <div>
        {title && <strong>{title}</strong>}
        {children}
        {actions && <div class="actions">{actions}</div>}
      </div>
    </div>
  );
}

/** Nothing is here yet: what would be, and how to get it. `isPage`: there is nothing else. */
export function EmptyState({
  icon = "info",
  title,
  children,
  action,
  isPage,
}: {
  icon?: IconName;
  title: string;
  children?: ComponentChildren;
  action?: ComponentChildren;
  isPage?: boolean;
}) {
  return (
    <div class="empty">
      <Icon name={icon} size={32} />
      {isPage ? <h1>{title}</h1> : <h2>{title}</h2>}
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}

/** A time in the reader's zone, UTC when pointed at. `kind`: how it is written. */
export function Time({
  at,
  kind = "full",
}: {
  at: string | number | Date | null | undefined;
  kind?: "full" | "date" | "relative";
}) {
  const [, tick] = useState(0);

  useEffect(() => {
    if (kind !== "relative") return;
    const timer = setInterval(() => tick((n) => n + 1), 30_000);
    return () => clearInterval(timer);
  }, [kind]);
  if (!at) return <span class="soft">{text.value.ui.never}</span>;
  const when = new Date(at);
  if (Number.isNaN(when.getTime())) return <span>{String(at)}</span>;
  const said = kind === "date" ? date(when) : kind === "relative" ? relative(when) : dateTime(when);

  return (
    <time
      dateTime={when.toISOString()}
      title={kind === "relative" ? `${dateTime(when)}\n${utc(when)}` : utc(when)}
    >
      {said}
    </time>
  );
}

/** How far long work is; without `of`, that it goes on, in words. */
export function Progress({ value, of, label }: { value?: number; of?: number; label: string }) {
  const isKnown = of !== undefined && of > 0 && value !== undefined;

  return (
    <div class="progress">
      <span>{label}</span>
      <progress aria-label={label} {...(isKnown ? { value, max: of } : {})} />
    </div>
  );
}

const SHORT = 12;

/** Text to be copied: a token, an id, a command. `isShort`: only its beginning is shown. */
export function Copyable({
  value,
  block,
  label,
  isShort,
}: {
  value: string;
  block?: boolean;
  label?: string;
  isShort?: boolean;
}) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(value);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  const button = (
    <button
      type="button"
      class="button quiet copy"
      onClick={() => void copy()}
      aria-label={`${text.value.ui.copy}: ${label ?? value.slice(0, 60)}`}
    >
      <Icon name={isCopied ? "check" : "copy"} size={15} />
      <span aria-live="polite">{isCopied ? text.value.ui.copied : text.value.ui.copy}</span>
    </button>
  );

  if (block)
    return (
      <div class="copyable block">
        <pre tabIndex={0}>
          <code>{value}</code>
        </pre>
        {button}
      </div>
    );
  return (
    <span class="copyable">
      <code title={isShort ? value : undefined}>
        {isShort ? `${value.slice(0, SHORT)}…` : value}
      </code>
      {button}
    </span>
  );
}

/** Names with what they are, side by side. Rows that are undefined are left out. */
export function Facts({
  rows,
}: {
  rows: Array<[name: string, value: ComponentChildren] | undefined | false>;
}) {
  return (
    <dl class="facts">
      {rows
        .filter((row) => row !== undefined && row !== false)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

export interface Step {
  at?: string | null;
  title: ComponentChildren;
  body?: ComponentChildren;
  tone?: Tone;
}

/** What happened, oldest first; a step without a time is yet to come. */
export function Timeline({ steps }: { steps: Step[] }) {
  return (
    <ol class="timeline">
      {steps.map((step, i) => (
        <li key={i} class={join(step.tone ?? "plain", !step.at && "ahead")}>
          <div class="head">
            <strong>{step.title}</strong>
            {step.at && <Time at={step.at} />}
          </div>
          {step.body && <div>{step.body}</div>}
        </li>
      ))}
    </ol>
  );
}
