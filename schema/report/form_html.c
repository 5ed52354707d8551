/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The page to print: one file, no script, nothing fetched. Each printed page repeats the head of
 * the table, whose first line says which report this is.
 */
#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "schema/report/form_rows.h"

static const char style[] =
	"body{font:15px/1.45 system-ui,sans-serif;color:#111;background:#fff;margin:2rem auto;"
	"max-width:80rem;padding:0 1rem}\n"
	"h1{font-size:1.5rem;margin:0 0 .5rem}h2{font-size:1.1rem;margin:1.5rem 0 .5rem}\n"
	"table{border-collapse:collapse;width:100%;font-size:.85em;margin:.5rem 0}\n"
	"caption{text-align:left;padding:.3rem 0;font-weight:600}\n"
	"th,td{border:1px solid #999;padding:.25rem .4rem;text-align:left;vertical-align:top;"
	"overflow-wrap:anywhere}\n"
	"thead th,tbody th{overflow-wrap:normal}td{min-width:5ch}\n"
	"thead th{background:#eee}td.n{text-align:right;font-variant-numeric:tabular-nums}\n"
	"tr.running th{background:#fff;border-width:0 0 1px;font-weight:400;font-size:.9em}\n"
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;margin:.5rem 0}"
	"dt{font-weight:600}dd{margin:0;overflow-wrap:anywhere}\n"
	"pre{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid #999;padding:.5rem}\n"
	"@page{size:A4 landscape;margin:15mm}\n"
	"@media print{body{margin:0;max-width:none;padding:0;font-size:10px}"
	"thead{display:table-header-group}tr,dl,pre{break-inside:avoid}h2{break-after:avoid}}\n";

/* What would end a text or begin a tag. Control characters, which HTML knows no way to write, and
 * those that turn the direction of what follows, are shown by their number. */
static void write_text(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];

		if (c == '<' || c == '>' || c == '&' || c == '"' || c == '\'')
			buf_printf(out, "&#%u;", c);
		else if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
			buf_printf(out, "[%02x]", c);
		else
			buf_write_u8(out, c);
	}
}

static void write_string(struct buf *out, const char *text)
{
	write_text(out, slice_of_string(text));
}

static void write_item(struct buf *out, const char *name, struct slice value)
{
	buf_printf(out, "<dt>%s</dt><dd>", name);
	write_text(out, value);
	buf_write_string(out, "</dd>\n");
}

static void write_period(struct buf *out, const struct report_head *head)
{
	char from[CLOCK_TEXT] = "the beginning", to[CLOCK_TEXT] = "the end of the log";

	if (head->from_ms)
		clock_text(from, head->from_ms);
	if (head->to_ms)
		clock_text(to, head->to_ms);
	buf_printf(out, "<dt>Period</dt><dd>%s to %s (the latter not included)</dd>\n", from, to);
}

static void write_kinds(struct buf *out, const struct report *r)
{
	struct slice rest = slice_of_string(r->kinds), name;
	const char *before = "";

	buf_write_string(out, "<dt>Entries of kind</dt><dd>");
	if (!rest.size)
		buf_write_string(out, "any");
	for (; report_next_name(&name, &rest); before = ", ") {
		buf_write_string(out, before);
		write_text(out, name);
	}
	buf_write_string(out, "</dd>\n");
}

static void write_facts(struct buf *out, const struct report_head *head)
{
	const struct report *r = head->report;

	buf_write_string(out, "<dl>\n");
	write_item(out, "Question", slice_of_string(r->question));
	write_period(out, head);
	write_item(out, "Asked besides",
		   slice_equal(head->filters, S("{}")) ? S("nothing") : head->filters);
	write_kinds(out, r);
	write_item(out, "Log", head->origin);
	buf_printf(out, "<dt>Its size</dt><dd>%llu entries</dd>\n<dt>Its root</dt><dd>",
		   (unsigned long long)head->size);
	text_write_base64(out, digest_slice(&head->root), TEXT_BASE64);
	buf_write_string(out, "</dd>\n</dl>\n");
}

static void write_missing(struct buf *out, const struct report *r)
{
	if (r->missing_count == 0)
		return;
	buf_write_string(out, "<h2>What this report does not have</h2>\n<dl>\n");
	for (size_t i = 0; i < r->missing_count; i++) {
		buf_write_string(out, "<dt>");
		write_string(out, r->missing[i].what);
		buf_write_string(out, "</dt><dd>");
		write_string(out, r->missing[i].why);
		buf_write_string(out, "</dd>\n");
	}
	buf_write_string(out, "</dl>\n");
}

static void write_head_row(struct buf *out, const struct report_head *head)
{
	const struct report *r = head->report;

	buf_printf(out, "<thead>\n<tr class=\"running\"><th scope=\"colgroup\" colspan=\"%zu\">",
		   r->column_count);
	buf_printf(out, "%s ", r->code);
	write_string(out, r->title);
	buf_write_string(out, " · ");
	write_text(out, head->origin);
	buf_printf(out, " · %llu entries</th></tr>\n<tr>", (unsigned long long)head->size);
	for (size_t i = 0; i < r->column_count; i++) {
		buf_printf(out, "<th scope=\"col\" title=\"");
		write_string(out, r->columns[i].meaning);
		buf_printf(out, "\">%s</th>", r->columns[i].name);
	}
	buf_write_string(out, "</tr>\n</thead>\n<tbody>\n");
}

enum err report_html_begin(struct buf *out, const struct report_head *head)
{
	const struct report *r = head->report;

	buf_write_string(out,
			 "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
			 "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
	buf_printf(out, "%s ", r->code);
	write_string(out, r->title);
	buf_printf(out, "</title>\n<style>%s</style>\n", style);
	buf_printf(out, "</head>\n<body>\n<main>\n<h1>%s ", r->code);
	write_string(out, r->title);
	buf_write_string(out, "</h1>\n");
	write_facts(out, head);
	write_missing(out, r);
	buf_write_string(out, "<h2>Rows</h2>\n<table>\n<caption>One row for each entry of the log, "
			      "the oldest first</caption>\n");
	write_head_row(out, head);
	return buf_done(out);
}

enum err report_html_row(struct buf *out, const struct report_head *head,
			 const struct report_row *row, const struct report_cell *cells,
			 uint64_t number)
{
	(void)row;
	(void)number;
	buf_write_string(out, "<tr>");
	for (size_t i = 0; i < head->report->column_count; i++) {
		if (cells[i].kind == REPORT_NUMBER) {
			buf_printf(out, "<td class=\"n\">%lld</td>", (long long)cells[i].number);
			continue;
		}
		buf_write_string(out, "<td>");
		if (cells[i].kind == REPORT_TEXT)
			write_text(out, cells[i].text);
		buf_write_string(out, "</td>");
	}
	buf_write_string(out, "</tr>\n");
	return buf_done(out);
}

struct slice report_page_style(void)
{
	return slice_of_string(style);
}

static void write_sums(struct buf *out, const json_t *sums)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)sums, name, value)
		buf_printf(out, "<td class=\"n\">%lld</td>", (long long)json_integer_value(value));
}

static void write_group(struct buf *out, const json_t *group, const json_t *sums)
{
	const json_t *of = json_object_get(group, "of");
	const char *name;
	json_t *value;

	buf_printf(out,
		   "<table>\n<caption>By %s</caption>\n<thead><tr><th scope=\"col\">%s</th>"
		   "<th scope=\"col\">rows</th>",
		   json_string_value(json_object_get(group, "by")),
		   json_string_value(json_object_get(group, "by")));
	json_object_foreach((json_t *)(uintptr_t)sums, name, value)
		buf_printf(out, "<th scope=\"col\">%s</th>", name);
	buf_write_string(out, "</tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < json_array_size(of); i++) {
		const json_t *one = json_array_get(of, i);
		const json_t *key = json_object_get(one, "key");

		buf_write_string(out, "<tr><th scope=\"row\">");
		write_text(out, json_string_length(key)
					? slice_of(json_string_value(key), json_string_length(key))
					: S("(none)"));
		buf_printf(out, "</th><td class=\"n\">%lld</td>",
			   (long long)json_integer_value(json_object_get(one, "rows")));
		write_sums(out, json_object_get(one, "sums"));
		buf_write_string(out, "</tr>\n");
	}
	buf_write_string(out, "</tbody>\n</table>\n");
}

static void write_totals(struct buf *out, const json_t *t)
{
	const json_t *groups = json_object_get(t, "groups"), *sums = json_object_get(t, "sums");
	const json_t *left_out = json_object_get(t, "left_out");
	const char *name;
	json_t *value;

	buf_printf(out, "<h2>Totals</h2>\n<dl>\n<dt>rows</dt><dd>%lld</dd>\n",
		   (long long)json_integer_value(json_object_get(t, "rows")));
	buf_printf(out, "<dt>of these erased</dt><dd>%lld</dd>\n",
		   (long long)json_integer_value(json_object_get(t, "erased")));
	if (left_out)
		buf_printf(out, "<dt>entries left out between them</dt><dd>%lld</dd>\n",
			   (long long)json_integer_value(left_out));
	json_object_foreach((json_t *)(uintptr_t)sums, name, value) buf_printf(
		out, "<dt>%s</dt><dd>%lld</dd>\n", name, (long long)json_integer_value(value));
	buf_write_string(out, "</dl>\n");
	for (size_t i = 0; i < json_array_size(groups); i++)
		write_group(out, json_array_get(groups, i), sums);
}

static void write_columns(struct buf *out, const struct report *r)
{
	buf_write_string(out, "<h2>Columns</h2>\n<dl>\n");
	for (size_t i = 0; i < r->column_count; i++) {
		buf_printf(out, "<dt>%s</dt><dd>", r->columns[i].name);
		write_string(out, r->columns[i].meaning);
		buf_write_string(out, "</dd>\n");
	}
	buf_write_string(out, "</dl>\n");
}

enum err report_html_end(struct buf *out, const struct report_head *head,
			 const struct report_totals *totals, const struct merkle_gap *gap)
{
	AUTO(json_auto) json_t *t = report_totals_tell(totals);

	(void)gap;
	buf_write_string(out, "</tbody>\n</table>\n");
	write_totals(out, t);
	write_columns(out, head->report);
	return buf_done(out);
}

void report_page_end(struct buf *out, struct slice note, struct slice vkey)
{
	buf_write_string(
		out,
		"<section id=\"signature\">\n<h2>Signature</h2>\n"
		"<p>What stands above this heading has the SHA-256 that the line \"html\" of this "
		"signed note gives; the lines \"json\" and \"csv\" are of the other forms of the "
		"same report.</p>\n<pre>");
	write_text(out, note);
	buf_write_string(out, "</pre>\n<p>It is signed by the key <code>");
	write_text(out, vkey);
	buf_write_string(
		out,
		"</code> (C2SP signed note), which is the log's own under another name. To check "
		"it all without this gateway, keep the forms json, note and receipt beside this "
		"page and run</p>\n<pre>sallyport audit verify REPORT.json --vkey KEY-OF-THE-LOG"
		"</pre>\n<p>which recomputes every row from its entry, every sum from the rows, "
		"and the root of the log from all of them.</p>\n</section>\n</main>\n</body>\n"
		"</html>\n");
}
