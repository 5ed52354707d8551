/* SPDX-License-Identifier: Apache-2.0 */
/*
 * totals.h - what a report counts and sums, row by row, in bounded memory. Who checks a report does
 * the same over its rows and compares the two.
 */
#ifndef SCHEMA_REPORT_TOTALS_H
#define SCHEMA_REPORT_TOTALS_H

#include "schema/report/report.h"

struct report_totals;

struct report_totals *report_totals_new(const struct report *report); /* borrows it */
void report_totals_free(struct report_totals *t);                     /* NULL is fine */
AUTO_POINTER(report_totals)

/* ERR_LIMIT: a sum grows past 2^63. */
RESULT report_totals_add(struct report_totals *t, const struct report_row *row,
			 const struct report_cell cells[REPORT_MAX_COLUMNS]);

uint64_t report_totals_rows(const struct report_totals *t);
/* Entries of the tree before the next row: the number behind the last one. */
uint64_t report_totals_next(const struct report_totals *t);

/* {"rows","erased","first","last","sums":{},"groups":[{"by","of":[{"key","rows","sums"}]}]}, and of
 * a report of entries "left_out": how many stand between its rows. The caller owns it. */
json_t *report_totals_tell(const struct report_totals *t);

#endif
