// SPDX-License-Identifier: Apache-2.0
// A table that grows as it is scrolled: what is shown while the first page comes, when there is
// nothing, and when the gateway refuses.
import type { ComponentChildren } from "preact";
import type { Paged } from "../api/use";
import { ErrorState, Waiting } from "./state";
import { Table, type TableProps } from "./table";

type PagedListProps<T> = Omit<TableProps<T>, "rows" | "onEnd"> & {
  of: Paged<T>;
  /** Shown in place of a table without rows: what would stand here, and how it comes about. */
  empty: ComponentChildren;
};

export function PagedList<T>({ of, empty, ...table }: PagedListProps<T>) {
  return (
    <>
      {of.error && <ErrorState error={of.error} again={of.again} />}
      {of.rows.length > 0 ? (
        <Table {...table} rows={of.rows} onEnd={of.more} />
      ) : of.isBusy ? (
        <Waiting />
      ) : (
        !of.error && empty
      )}
    </>
  );
}
