// SPDX-License-Identifier: Apache-2.0
// What I have used, and what is left of my quotas.
import type { Reply } from "../../api/client";
import { useAsk } from "../../api/use";
import { bytes, number } from "../../text/format";
import { text } from "../../text/text";
import { Card, EmptyState } from "../../ui/basic";
import { Loaded } from "../../ui/state";
import { type Column, Table } from "../../ui/table";
import { usageOf } from "./licenses_api";
import { Quotas } from "./quotas";

type Used = NonNullable<Reply<"GET /api/v1/usage">["usage"]>[number];

function columns(): Array<Column<Used>> {
  const t = text.value.usage.columns;
  const count = (key: string, title: string, of: (one: Used) => number | undefined) => ({
    key,
    title,
    isNumber: true,
    render: (one: Used) => (key === "bytes" ? bytes(of(one) ?? 0) : number(of(one) ?? 0)),
    sort: (one: Used) => of(one) ?? 0,
  });

  return [
    {
      key: "model",
      title: t.model,
      width: "1.5fr",
      render: (one) => <a href={`/models/${one.model}`}>{one.model}</a>,
      sort: (one) => one.model ?? "",
    },
    {
      key: "right",
      title: t.right,
      render: (one) => text.value.rights[one.right ?? ""] ?? one.right,
      sort: (one) => one.right ?? "",
    },
    count("calls", t.calls, (one) => one.calls),
    count("prompt", t.prompt, (one) => one.prompt_tokens),
    count("completion", t.completion, (one) => one.completion_tokens),
    count("bytes", t.bytes, (one) => one.bytes),
  ];
}

export default function Usage() {
  const t = text.value.usage;
  const asked = useAsk(usageOf);

  return (
    <>
      <h1>{t.title}</h1>
      <p class="lead">{t.intro}</p>
      <Loaded of={asked}>
        {({ usage = [], limits = [] }) => (
          <>
            {usage.length ? (
              <Card title={t.list}>
                <Table
                  label={t.list}
                  columns={columns()}
                  rows={usage}
                  rowKey={(one) => `${one.model} ${one.right}`}
                />
              </Card>
            ) : (
              <EmptyState icon="chart" title={t.none}>
                {t.noneHelp}
              </EmptyState>
            )}
            <Card title={text.value.licenses.limits}>
              <Quotas limits={limits} />
            </Card>
          </>
        )}
      </Loaded>
    </>
  );
}
