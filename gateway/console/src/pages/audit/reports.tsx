// SPDX-License-Identifier: Apache-2.0
// Signed reports: which there are, which were made, and a new one.
import { useEffect, useState } from "preact/hooks";
import { ask, type Body, type Reply } from "../../api/client";
import { useAct, useAsk } from "../../api/use";
import { go } from "../../router";
import { duration, number } from "../../text/format";
import { text } from "../../text/text";
import { Button, Card, EmptyState, Note, Progress, Time } from "../../ui/basic";
import { Field, Form, Select } from "../../ui/form";
import { ErrorState, Loaded } from "../../ui/state";
import { fromLocal, toLocal } from "./asked";

type List = Reply<"GET /api/v1/reports">;
type Kind = NonNullable<List["reports"]>[number];
type Made = NonNullable<List["made"]>[number];
type Asked = NonNullable<Body<"POST /api/v1/reports/{report}">>;

const OF_ENTRIES = "R12"; // of every entry: it takes no filter

export const reportHref = (id: string): string => `/audit/reports/${id}`;

/** How long it has been going on. */
function Elapsed() {
  const [seconds, setSeconds] = useState(0);

  useEffect(() => {
    const timer = setInterval(() => setSeconds((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, []);
  return <Progress label={text.value.reports.making(duration(seconds))} />;
}

function Period({
  asked,
  put,
}: {
  asked: Asked;
  put: (name: "from" | "to", at: string | undefined) => void;
}) {
  const t = text.value.reports;

  return (
    <>
      <Field
        type="datetime-local"
        label={t.from}
        value={toLocal(asked.from)}
        onValue={(value) => put("from", fromLocal(value))}
      />
      <Field
        type="datetime-local"
        label={t.to}
        value={toLocal(asked.to)}
        onValue={(value) => put("to", fromLocal(value))}
      />
    </>
  );
}

function Make({ kinds }: { kinds: Kind[] }) {
  const t = text.value.reports;
  const [code, setCode] = useState(kinds[0]?.code ?? "");
  const [asked, setAsked] = useState<Asked>({});
  const kind = kinds.find((one) => one.code === code);
  const put = (name: keyof Asked, value: string | number | undefined) => {
    const { [name]: _, ...rest } = asked;
    setAsked(value === undefined || value === "" ? rest : { ...rest, [name]: value });
  };
  const act = useAct(async () => {
    const { actor, license, model, ...of } = asked;
    const filters = {
      ...(actor && { actor }),
      ...(license && { license }),
      ...(model && { model }),
    };
    const body: Asked = code === OF_ENTRIES ? of : { ...of, ...filters };
    const made = await ask("POST /api/v1/reports/{report}", { path: { report: code }, body });
    go(reportHref(made.id ?? ""));
  });

  return (
    <Card title={t.make}>
      <Form onSend={() => void act.run()}>
        <Select
          label={t.which}
          hint={kind?.question}
          value={code}
          onValue={setCode}
          options={kinds.map((one) => [one.code ?? "", `${one.code} ${one.title}`])}
        />
        <div class="filters">
          <Period asked={asked} put={put} />
          {code !== OF_ENTRIES &&
            (["actor", "license", "model"] as const).map((name) => (
              <Field
                key={name}
                label={t.filters[name]}
                value={asked[name] ?? ""}
                onValue={(value) => put(name, value.trim())}
                spellcheck={false}
                autocomplete="off"
              />
            ))}
          <Field
            type="number"
            min={1}
            label={t.size}
            value={String(asked.size ?? "")}
            onValue={(value) => put("size", Number(value) || undefined)}
          />
        </div>
        {act.error && <ErrorState error={act.error} />}
        {act.isBusy && <Elapsed />}
        <Button kind="primary" icon="plus" type="submit" isBusy={act.isBusy}>
          {t.makeIt}
        </Button>
      </Form>
      {kind && <Missing kind={kind} />}
    </Card>
  );
}

/** What a report of this kind cannot tell, and why. */
function Missing({ kind }: { kind: Kind }) {
  const t = text.value.reports;

  if (!kind.missing?.length) return null;
  return (
    <details>
      <summary>{t.missing(kind.missing.length)}</summary>
      <ul>
        {kind.missing.map(({ what, why }) => (
          <li key={what}>
            <strong>{what}</strong>: {why}
          </li>
        ))}
      </ul>
    </details>
  );
}

function MadeRow({ made, code }: { made: Made; code: string }) {
  const t = text.value.reports;
  const filters = Object.values(made.filters ?? {}).join(", ");

  return (
    <tr>
      <th scope="row">
        <a href={reportHref(made.id ?? "")}>
          {code} {made.title}
        </a>
      </th>
      <td>
        {made.from ? <Time at={made.from} kind="date" /> : t.beginning} –{" "}
        {made.to ? <Time at={made.to} kind="date" /> : t.end}
        {filters && <div class="soft small">{filters}</div>}
      </td>
      <td class="n">{number(made.rows ?? 0)}</td>
      <td class="n">{number(made.size ?? 0)}</td>
      <td>
        <Time at={made.made_at} />
        <div class="soft small">{made.made_by}</div>
      </td>
    </tr>
  );
}

function MadeList({ list }: { list: List }) {
  const t = text.value.reports;
  const { made = [], reports = [] } = list;
  const codeOf = (name: string | undefined) => reports.find((one) => one.name === name)?.code ?? "";

  if (!made.length)
    return (
      <EmptyState icon="receipt" title={t.none}>
        {t.noneHelp}
      </EmptyState>
    );
  return (
    <div class="scrolls" tabIndex={0} role="region" aria-label={t.made}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t.columns.title}</th>
            <th scope="col">{t.columns.period}</th>
            <th scope="col">{t.columns.rows}</th>
            <th scope="col">{t.columns.size}</th>
            <th scope="col">{t.columns.made}</th>
          </tr>
        </thead>
        <tbody>
          {made.map((one) => (
            <MadeRow key={one.id} made={one} code={codeOf(one.name)} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

export default function Reports() {
  const t = text.value.reports;
  const list = useAsk((signal) => ask("GET /api/v1/reports", { signal }));

  return (
    <>
      <h1>{t.title}</h1>
      <p class="lead">{t.intro}</p>
      <Loaded of={list}>
        {(data) => (
          <>
            <Make kinds={data.reports ?? []} />
            <Card title={t.made}>
              <MadeList list={data} />
            </Card>
            <Note tone="plain" title={t.offline}>
              <p>
                <code>sallyport audit verify REPORT.json --vkey KEY</code>
              </p>
            </Note>
          </>
        )}
      </Loaded>
    </>
  );
}
