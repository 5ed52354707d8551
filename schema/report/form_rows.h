/* SPDX-License-Identifier: Apache-2.0 */
/* form_rows.h - the functions behind report_forms, for that table only. */
#ifndef SCHEMA_REPORT_FORM_ROWS_H
#define SCHEMA_REPORT_FORM_ROWS_H

#include "schema/report/form.h"

#define REPORT_FORM_DECLARE(form) \
	RESULT report_##form##_begin(struct buf *out, const struct report_head *head); \
	RESULT report_##form##_row(struct buf *out, const struct report_head *head, \
				   const struct report_row *row, const struct report_cell *cells, \
				   uint64_t number); \
	RESULT report_##form##_end(struct buf *out, const struct report_head *head, \
				   const struct report_totals *totals, \
				   const struct merkle_gap *gap)

REPORT_FORM_DECLARE(csv);
REPORT_FORM_DECLARE(html);

#endif
