// SPDX-License-Identifier: Apache-2.0
// How likely each token was: by its ground, in words when it is chosen, and all of them as a table.
// Arrows walk from token to token.
import { useRef, useState } from "preact/hooks";
import { percent } from "../../text/format";
import { text } from "../../text/text";
import { Button } from "../../ui/basic";
import { Table } from "../../ui/table";
import type { Token } from "./generating";

// From this probability on; what is likelier has no ground of its own.
const STEPS = [0.9, 0.5, 0.2, 0.05, 0];

const stepOf = (probability: number): number => STEPS.findIndex((least) => probability >= least);

export const probability = ({ logprob }: { logprob: number | null }): number =>
  logprob === null ? 1 : Math.exp(logprob);

/** White space that would not be seen. */
const seen = (token: string): string => token.replaceAll("\n", "↵").replaceAll("\t", "⇥");
const quoted = (token: string): string => `“${seen(token)}”`;

const said = (token: { text: string; logprob: number | null }): string =>
  token.logprob === null
    ? text.value.playground.first(quoted(token.text))
    : text.value.playground.likely(quoted(token.text), percent(probability(token)));

function Legend() {
  const t = text.value.playground;

  return (
    <p class="legend small soft">
      {STEPS.map((least, i) => (
        <span key={least}>
          <span class={`token heat-${i}`} aria-hidden="true">
            abc
          </span>{" "}
          {i < STEPS.length - 1 ? t.atLeast(percent(least)) : t.below(percent(STEPS[i - 1] ?? 0))}
        </span>
      ))}
    </p>
  );
}

function Chosen({ token }: { token: Token }) {
  const t = text.value.playground;

  return (
    <div role="status" class="chosen">
      <strong>{said(token)}</strong>
      {token.others.length > 0 && (
        <>
          <div class="soft small">{t.inItsPlace}</div>
          <ul class="others">
            {token.others.map((one, i) => (
              <li key={i}>
                <meter min={0} max={1} value={probability(one)} aria-hidden="true" />
                <code>{seen(one.text)}</code> {percent(probability(one))}
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

function Tokens({ tokens }: { tokens: Token[] }) {
  const t = text.value.playground;

  return (
    <Table
      label={t.tokens}
      rows={tokens.map((token, at) => ({ token, at }))}
      rowKey={(row) => String(row.at)}
      shows={10}
      columns={[
        {
          key: "at",
          title: t.columns.at,
          width: "5rem",
          isNumber: true,
          render: (row) => row.at + 1,
          sort: (row) => row.at,
        },
        {
          key: "token",
          title: t.columns.token,
          render: (row) => <code>{seen(row.token.text)}</code>,
        },
        {
          key: "probability",
          title: t.columns.probability,
          isNumber: true,
          render: (row) => (row.token.logprob === null ? "–" : percent(probability(row.token))),
          sort: (row) => probability(row.token),
        },
        {
          key: "others",
          title: t.columns.others,
          width: "3fr",
          render: (row) =>
            row.token.others
              .map((one) => `${quoted(one.text)} ${percent(probability(one))}`)
              .join(", "),
        },
      ]}
    />
  );
}

export function Heat({ tokens }: { tokens: Token[] }) {
  const t = text.value.playground;
  const [at, setAt] = useState(0);
  const [isTable, setTable] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const chosen = tokens[Math.min(at, tokens.length - 1)];
  const walk = (event: KeyboardEvent) => {
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: tokens.length - 1 }[
      event.key
    ];

    if (to === undefined || !tokens[to]) return;
    event.preventDefault();
    setAt(to);
    box.current?.querySelectorAll<HTMLElement>("button")[to]?.focus();
  };

  if (!chosen) return null;
  return (
    <>
      <div class="actions">
        <Button kind="quiet" onClick={() => setTable(!isTable)}>
          {isTable ? t.asText : text.value.ui.asTable}
        </Button>
      </div>
      {isTable ? (
        <Tokens tokens={tokens} />
      ) : (
        <>
          <Legend />
          <div role="group" aria-label={t.tokens} class="said" ref={box} onKeyDown={walk}>
            {tokens.map((token, i) => (
              <button
                key={i}
                type="button"
                class={`token heat-${stepOf(probability(token))}`}
                aria-pressed={i === at}
                aria-label={said(token)}
                tabIndex={i === at ? 0 : -1}
                onClick={() => setAt(i)}
              >
                {token.text.includes("\n") ? `${seen(token.text)}\n` : token.text}
              </button>
            ))}
          </div>
          <Chosen token={chosen} />
        </>
      )}
    </>
  );
}
