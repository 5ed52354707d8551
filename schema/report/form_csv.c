/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/text.h"
#include "schema/report/form_rows.h"

enum err report_csv_begin(struct buf *out, const struct report_head *head)
{
	for (size_t i = 0; i < head->report->column_count; i++)
		buf_printf(out, "%s%s", i ? "," : "", head->report->columns[i].name);
	buf_write_string(out, "\r\n");
	return buf_done(out);
}

enum err report_csv_row(struct buf *out, const struct report_head *head,
			const struct report_row *row, const struct report_cell *cells,
			uint64_t number)
{
	(void)row;
	(void)number;
	for (size_t i = 0; i < head->report->column_count; i++) {
		if (i)
			buf_write_u8(out, ',');
		if (cells[i].kind == REPORT_TEXT)
			text_write_csv(out, cells[i].text);
		else if (cells[i].kind == REPORT_NUMBER)
			buf_printf(out, "%lld", (long long)cells[i].number);
	}
	buf_write_string(out, "\r\n");
	return buf_done(out);
}

enum err report_csv_end(struct buf *out, const struct report_head *head,
			const struct report_totals *totals, const struct merkle_gap *gap)
{
	(void)head;
	(void)totals;
	(void)gap;
	return buf_done(out);
}
