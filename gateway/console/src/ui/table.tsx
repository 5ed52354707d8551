// SPDX-License-Identifier: Apache-2.0
// A table of any length: only the rows in sight are in the page. It sorts, its head stays, and the
// keyboard walks it: arrows, Page Up and Down, Home, End; Enter opens a row.
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { text } from "../text/text";

export interface Column<T> {
  key: string;
  title: string;
  /** What stands in the cell. */
  render: (row: T) => ComponentChildren;
  /** By what rows are ordered; without it the column does not sort. */
  sort?: (row: T) => string | number;
  isNumber?: boolean;
  /** A share of the width, as in CSS grid: "2fr", "120px". */
  width?: string;
}

export interface TableProps<T> {
  /** What the table is of, for screen readers. */
  label: string;
  columns: Array<Column<T>>;
  rows: T[];
  rowKey: (row: T) => string;
  /** Enter or a click opens a row. Cells with links or buttons of their own keep them. */
  onOpen?: (row: T) => void;
  /** How high it may be before it scrolls, in rows. */
  shows?: number;
  /** Called when the last rows come into sight: for lists that come page by page. */
  onEnd?: () => void;
  /** So many rows before the last ones, so that whoever scrolls does not wait for them. */
  ahead?: number;
  /** Which row is open beside the table. */
  openKey?: string | undefined;
  /** No narrower than this: with many columns it scrolls sideways. */
  least?: string;
}

interface Order {
  key: string;
  isDown: boolean;
}

const ROW_PIXELS = 41;
const ROWS_AROUND = 8; // beyond what is seen, so that scrolling meets no gap
const PAGE = 10;
const PRINTED_MOST = 5000; // rows: on paper nothing scrolls

function ordered<T>(rows: T[], columns: Array<Column<T>>, order: Order | undefined): T[] {
  const sort = columns.find((column) => column.key === order?.key)?.sort;

  if (!order || !sort) return rows;
  const way = order.isDown ? -1 : 1;
  return [...rows].sort((a, b) => {
    const left = sort(a),
      right = sort(b);
    if (typeof left === "string" && typeof right === "string")
      return way * left.localeCompare(right);
    return way * (left < right ? -1 : left > right ? 1 : 0);
  });
}

function Head<T>({
  columns,
  order,
  setOrder,
}: {
  columns: Array<Column<T>>;
  order: Order | undefined;
  setOrder: (o: Order) => void;
}) {
  return (
    <div role="row" class="tr head" aria-rowindex={1}>
      {columns.map((column) => {
        const isHere = order?.key === column.key;
        const said = !isHere ? "none" : order.isDown ? "descending" : "ascending";

        return (
          <div
            key={column.key}
            role="columnheader"
            class={column.isNumber ? "n" : ""}
            aria-sort={column.sort ? said : undefined}
          >
            {!column.sort ? (
              column.title
            ) : (
              <button
                type="button"
                onClick={() =>
                  setOrder({
                    key: column.key,
                    isDown: isHere && !order.isDown,
                  })
                }
              >
                {column.title}
                <span aria-hidden="true" class="arrow">
                  {!isHere ? "↕" : order.isDown ? "↓" : "↑"}
                </span>
              </button>
            )}
          </div>
        );
      })}
    </div>
  );
}

/** Is the page on its way to a printer? All rows are there then. */
function usePrinting(): boolean {
  const [isPrinting, setPrinting] = useState(false);

  useEffect(() => {
    const media = matchMedia("print");
    const change = () => setPrinting(media.matches);

    media.addEventListener("change", change);
    return () => media.removeEventListener("change", change);
  }, []);
  return isPrinting;
}

export function Table<T>(props: TableProps<T>) {
  const {
    label,
    columns,
    rows,
    rowKey,
    onOpen,
    shows = 15,
    onEnd,
    ahead = 0,
    openKey,
    least,
  } = props;
  const box = useRef<HTMLDivElement>(null);
  const [order, setOrder] = useState<Order>();
  const [first, setFirst] = useState(0);
  const [active, setActive] = useState(0);
  const sorted = useMemo(() => ordered(rows, columns, order), [rows, columns, order]);
  const isPrinting = usePrinting();
  const from = isPrinting ? 0 : Math.max(0, Math.min(first, sorted.length - shows) - ROWS_AROUND);
  const to = Math.min(sorted.length, isPrinting ? PRINTED_MOST : first + shows + ROWS_AROUND);

  useEffect(() => {
    if (onEnd && !isPrinting && rows.length > 0 && to + ahead >= rows.length) onEnd();
  }, [to, rows.length]);

  const look = (index: number) => {
    const at = Math.max(0, Math.min(sorted.length - 1, index));
    const top = at * ROW_PIXELS;
    const view = box.current;

    setActive(at);
    if (!view) return;
    if (top < view.scrollTop) view.scrollTop = top;
    else if (top + 2 * ROW_PIXELS > view.scrollTop + view.clientHeight)
      view.scrollTop = top + 2 * ROW_PIXELS - view.clientHeight;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== box.current) return;
    const moved = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + PAGE,
      PageUp: active - PAGE,
      Home: 0,
      End: sorted.length - 1,
    }[event.key];

    if (moved !== undefined) {
      event.preventDefault();
      look(moved);
    } else if (event.key === "Enter" && onOpen && sorted[active]) onOpen(sorted[active]);
  };
  const widths = columns.map((column) => `minmax(0, ${column.width ?? "1fr"})`).join(" ");
  const id = (row: T) => `row-${label.replace(/\W/g, "")}-${rowKey(row)}`;
  const activeRow = sorted[active];

  return (
    <>
      <div
        class="table"
        role="grid"
        tabIndex={0}
        ref={box}
        aria-label={label}
        aria-rowcount={sorted.length + 1}
        aria-colcount={columns.length}
        aria-activedescendant={
          activeRow && active >= from && active < to ? id(activeRow) : undefined
        }
        style={{
          maxHeight: `${(shows + 1) * ROW_PIXELS + 2}px`,
          "--columns": widths,
          "--least": least,
        }}
        onKeyDown={onKeyDown}
        onScroll={(event) => setFirst(Math.floor(event.currentTarget.scrollTop / ROW_PIXELS))}
      >
        <Head columns={columns} order={order} setOrder={setOrder} />
        <div role="rowgroup" class="rows" style={{ height: `${sorted.length * ROW_PIXELS}px` }}>
          {sorted.slice(from, to).map((row, i) => (
            <div
              key={rowKey(row)}
              id={id(row)}
              role="row"
              aria-rowindex={from + i + 2}
              class={`tr${onOpen ? " opens" : ""}${from + i === active ? " active" : ""}`}
              aria-selected={openKey === undefined ? undefined : rowKey(row) === openKey}
              style={{ transform: `translateY(${(from + i) * ROW_PIXELS}px)` }}
              onClick={(event) => {
                if ((event.target as Element).closest("a, button, input")) return;
                setActive(from + i);
                onOpen?.(row);
              }}
            >
              {columns.map((column) => (
                <div
                  key={column.key}
                  role="gridcell"
                  data-title={column.title}
                  class={column.isNumber ? "n" : ""}
                >
                  {column.render(row)}
                </div>
              ))}
            </div>
          ))}
        </div>
      </div>
      {sorted.length === 0 && <p class="none">{text.value.ui.noRows}</p>}
    </>
  );
}
