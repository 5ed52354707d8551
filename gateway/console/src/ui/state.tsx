// SPDX-License-Identifier: Apache-2.0
// Waiting, failing, and having: what is shown while an answer is on its way, and what a refusal
// says and asks for.
import type { ComponentChildren } from "preact";
import type { Refusal } from "../api/client";
import type { Asked } from "../api/use";
import { text } from "../text/text";
import { Button, Copyable, Note } from "./basic";

/** What a code means for the reader: what to do now. */
function advice(error: Refusal): string {
  const t = text.value.errors;
  const byCode = t.byCode as Record<string, string>;

  return (
    byCode[error.code] ??
    (error.status >= 500
      ? t.server
      : error.status === 403
        ? t.forbidden
        : error.status === 404
          ? t.absent
          : error.status === 401
            ? t.signIn
            : "")
  );
}

/** A refusal: what was said, what is missing, what to do, and the number to quote. */
export function ErrorState({ error, again }: { error: Refusal; again?: (() => void) | undefined }) {
  const t = text.value.errors;

  return (
    <Note
      tone="bad"
      title={(t.titles as Record<string, string>)[error.code] ?? error.message}
      actions={
        again && (
          <Button icon="refresh" onClick={again}>
            {t.again}
          </Button>
        )
      }
    >
      {advice(error) && <p>{advice(error)}</p>}
      {error.missing.length > 0 && (
        <ul>
          {error.missing.map((one, i) => (
            <li key={i}>{one.href ? <a href={one.href}>{one.need}</a> : one.need}</li>
          ))}
        </ul>
      )}
      {error.requestId && (
        <p class="soft small">
          {error.code} · {t.requestId} <Copyable value={error.requestId} />
        </p>
      )}
    </Note>
  );
}

/** The shape of what is to come, and in words that it comes. */
export function Waiting({ lines = 3 }: { lines?: number }) {
  return (
    <div class="waiting" role="status">
      <span class="unseen">{text.value.ui.loading}</span>
      {Array.from({ length: lines }, (_, i) => (
        <div key={i} class="bone" />
      ))}
    </div>
  );
}

/** Shows `children` with the answer once it is there; an old one stays under a later error. */
export function Loaded<T>({
  of,
  lines,
  children,
}: {
  of: Asked<T>;
  lines?: number;
  children: (data: T) => ComponentChildren;
}) {
  return (
    <>
      {of.error && <ErrorState error={of.error} again={of.again} />}
      {of.data !== undefined ? children(of.data) : !of.error && <Waiting lines={lines ?? 3} />}
    </>
  );
}

/** The button under a list that comes page by page. */
export function LoadMore({
  hasMore,
  isBusy,
  more,
}: {
  hasMore: boolean;
  isBusy: boolean;
  more: () => void;
}) {
  if (!hasMore) return null;
  return (
    <p class="more">
      <Button isBusy={isBusy} onClick={more}>
        {text.value.ui.more}
      </Button>
    </p>
  );
}
