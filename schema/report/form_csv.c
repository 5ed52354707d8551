/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/report/form_rows.h"

enum err report_csv_begin(struct buf *out, const struct report_head *head)
{
	for (size_t i = 0; i < head->report->column_count; i++)
		buf_printf(out, "%s%s", i ? "," : "", head->report->columns[i].name);
	buf_write_string(out, "\r\n");
	return buf_done(out);
}

/* RFC 4180. A spreadsheet takes a cell that begins so for a formula: an apostrophe goes before. */
static void write_text(struct buf *out, struct slice value)
{
	static const struct slice formula = {(const uint8_t *)"=+-@\t\r\n", 7};
	bool is_formula = value.size && slice_find(formula, value.data[0]) < formula.size;

	buf_write_u8(out, '"');
	if (is_formula)
		buf_write_u8(out, '\'');
	for (size_t i = 0; i < value.size; i++) {
		if (value.data[i] == '"')
			buf_write_u8(out, '"');
		buf_write_u8(out, value.data[i]);
	}
	buf_write_u8(out, '"');
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
			write_text(out, cells[i].text);
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
