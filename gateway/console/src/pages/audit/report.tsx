// SPDX-License-Identifier: Apache-2.0
// One report: what it says, its forms, and whether it holds.
import { useState } from "preact/hooks";
import { ask } from "../../api/client";
import { useAsk } from "../../api/use";
import type { PageProps } from "../../pages";
import type { Bytes, Cell, Column as ReportColumn, ReportDocument, ReportRow } from "../../proof";
import { query, setQuery } from "../../router";
import { number } from "../../text/format";
import { text } from "../../text/text";
import { Card, Copyable, Facts, LinkButton, Progress, Time } from "../../ui/basic";
import { ErrorState, Loaded } from "../../ui/state";
import { type Column, Table } from "../../ui/table";
import { EventView } from "./event_view";
import { ReportCheck } from "./report_check";
import { fetchForm, readDocument } from "./report_parts";

const COLUMN_REM = 9;

const idOf = (row: ReportRow): string => (JSON.parse(row.entry) as { id: string }).id;

function shown(column: ReportColumn, cell: Cell | undefined) {
  if (cell === null || cell === undefined) return "";
  if (column.type === "time") return <Time at={String(cell)} />;
  return <span title={String(cell)}>{typeof cell === "number" ? number(cell) : cell}</span>;
}

/** Columns in which anything stands. */
function columnsOf({ report, rows }: ReportDocument): Array<Column<ReportRow>> {
  return report.columns.flatMap((column, i): Array<Column<ReportRow>> => {
    if (!rows.some((row) => row.cells[i] !== null)) return [];
    return [
      {
        key: column.name,
        title: column.name,
        isNumber: column.type === "integer",
        render: (row) => shown(column, row.cells[i]),
        sort: (row) => row.cells[i] ?? "",
      },
    ];
  });
}

function Groups({ document }: { document: ReportDocument }) {
  const t = text.value.reports;
  const { groups } = document.end.totals;

  return (
    <div class="cards wide">
      {groups.map(({ by, of }) => {
        const sums = Object.keys(of[0]?.sums ?? {});

        return (
          <Card key={by} title={t.by(by)}>
            <div class="scrolls" tabIndex={0} role="region" aria-label={t.by(by)}>
              <table class="bars">
                <thead>
                  <tr>
                    <th scope="col">{by}</th>
                    <th scope="col">{t.columns.rows}</th>
                    {sums.map((sum) => (
                      <th key={sum} scope="col">
                        {sum}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {of.map((one) => (
                    <tr key={one.key}>
                      <th scope="row">{one.key || t.without}</th>
                      <td class="n">{number(one.rows)}</td>
                      {sums.map((sum) => (
                        <td key={sum} class="n">
                          {number(one.sums?.[sum] ?? 0)}
                        </td>
                      ))}
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          </Card>
        );
      })}
    </div>
  );
}

function Rows({ document }: { document: ReportDocument }) {
  const t = text.value.reports;
  const columns = columnsOf(document);
  const open = query.value.get("event");

  if (!document.rows.length) return <p class="soft">{t.noRows}</p>;
  return (
    <>
      <Table
        label={t.rows}
        columns={columns}
        rows={document.rows}
        rowKey={idOf}
        least={`${columns.length * COLUMN_REM}rem`}
        openKey={open ?? undefined}
        onOpen={(row) => setQuery({ event: idOf(row) })}
      />
      {open && <EventView id={open} onClose={() => setQuery({ event: undefined })} />}
    </>
  );
}

function Content({ id, rows }: { id: string; rows: number }) {
  const t = text.value.reports;
  const [lines, setLines] = useState(0);
  const json = useAsk(
    async (signal): Promise<{ bytes: Bytes; document: ReportDocument }> => {
      const bytes = await fetchForm(id, "json", signal, setLines);
      return { bytes, document: readDocument(bytes) };
    },
    [id],
  );

  if (json.error) return <ErrorState error={json.error} again={json.again} />;
  if (!json.data)
    return <Progress label={t.fetching} value={Math.min(lines, rows)} of={Math.max(1, rows)} />;
  return (
    <>
      <ReportCheck id={id} json={json.data.bytes} document={json.data.document} />
      <Card title={t.rows}>
        <p class="soft">{json.data.document.report.question}</p>
        <Rows document={json.data.document} />
      </Card>
      <Groups document={json.data.document} />
    </>
  );
}

/** Files that `sallyport audit verify` finds beside one another. */
function Forms({ id, name }: { id: string; name: string }) {
  const t = text.value.reports;
  const href = (form: string) => `/api/v1/reports/${id}.${form}`;

  return (
    <div class="actions apart">
      <LinkButton icon="print" href={href("html")} target="_blank">
        {t.print}
      </LinkButton>
      {(["json", "csv", "html", "note", "receipt"] as const).map((form) => (
        <LinkButton
          key={form}
          icon="download"
          href={href(form)}
          download={`${name}-${id}.${form}${form === "receipt" ? ".json" : ""}`}
        >
          {t.forms[form]}
        </LinkButton>
      ))}
    </div>
  );
}

export default function Report({ params }: PageProps) {
  const t = text.value.reports;
  const id = params.id ?? "";
  const made = useAsk(
    (signal) => ask("GET /api/v1/reports/{report}", { path: { report: id }, signal }),
    [id],
  );

  return (
    <>
      <p class="small">
        <a href="/audit/reports">{t.title}</a>
      </p>
      <h1>{typeof made.data === "object" ? made.data.title : t.one}</h1>
      <Loaded of={made}>
        {(data) =>
          typeof data === "object" && (
            <>
              <Forms id={id} name={data.name ?? "report"} />
              <Card>
                <Facts
                  rows={[
                    [t.columns.made, <Time at={data.made_at} />],
                    [t.by_, data.made_by],
                    [t.from, data.from ? <Time at={data.from} /> : t.beginning],
                    [t.to, data.to ? <Time at={data.to} /> : t.end],
                    ...Object.entries(data.filters ?? {}).map(([name, value]): [string, string] => [
                      name,
                      String(value),
                    ]),
                    [t.columns.rows, number(data.rows ?? 0)],
                    [t.columns.size, number(data.size ?? 0)],
                    ["SHA-256 (JSON)", <Copyable value={data.sha256?.json ?? ""} isShort />],
                    [t.entry, <a href={`/audit/events?event=${id}`}>{id}</a>],
                  ]}
                />
              </Card>
              <Content id={id} rows={data.rows ?? 0} />
            </>
          )
        }
      </Loaded>
    </>
  );
}
