/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "schema/report/form_rows.h"

static json_t *tell_names(const char *names)
{
	json_t *list = json_array_new();
	struct slice rest = slice_of_string(names), name;

	while (report_next_name(&name, &rest))
		json_push_text(list, name);
	return list;
}

static json_t *tell_columns(const struct report *r)
{
	json_t *list = json_array_new();

	for (size_t i = 0; i < r->column_count; i++) {
		json_t *one = json_object_new();

		json_put_text(one, "name", slice_of_string(r->columns[i].name));
		json_put_text(one, "type", slice_of_string(r->columns[i].type));
		json_put_text(one, "source", slice_of_string(r->columns[i].source));
		json_put_text(one, "meaning", slice_of_string(r->columns[i].meaning));
		json_push(list, one);
	}
	return list;
}

json_t *report_missing_tell(const struct report *r)
{
	json_t *list = json_array_new();

	for (size_t i = 0; i < r->missing_count; i++) {
		json_t *one = json_object_new();

		json_put_text(one, "what", slice_of_string(r->missing[i].what));
		json_put_text(one, "why", slice_of_string(r->missing[i].why));
		json_push(list, one);
	}
	return list;
}

static json_t *tell_time(int64_t ms)
{
	char text[CLOCK_TEXT];

	if (ms == 0)
		return json_null();
	clock_text(text, ms);
	return json_string(text);
}

static json_t *tell_digest(const struct digest *d)
{
	AUTO(buf_free) struct buf text = buf_new(2 * DIGEST_SIZE);

	text_write_base64(&text, digest_slice(d), TEXT_BASE64);
	return json_string(buf_string(&text));
}

static json_t *tell_log(const struct report_head *head)
{
	json_t *log = json_object_new();

	json_put_text(log, "origin", head->origin);
	json_put_int(log, "size", (int64_t)head->size);
	json_put(log, "root", tell_digest(&head->root));
	return log;
}

json_t *report_head_tell(const struct report_head *head)
{
	const struct report *r = head->report;
	AUTO(json_auto) json_t *filters = NULL;
	json_t *o = json_object_new(), *period = json_object_new();

	json_put_text(o, "format", S("sallyport-report/1"));
	json_put_text(o, "code", slice_of_string(r->code));
	json_put_text(o, "name", slice_of_string(r->name));
	json_put_text(o, "title", slice_of_string(r->title));
	json_put_text(o, "question", slice_of_string(r->question));
	json_put(o, "kinds", tell_names(r->kinds));
	json_put_text(o, "right", slice_of_string(r->right));
	json_put_bool(o, "of_entries", r->of_entries);
	json_put(o, "columns", tell_columns(r));
	json_put(o, "sums", tell_names(r->sums));
	json_put(o, "groups", tell_names(r->groups));
	json_put(o, "missing", report_missing_tell(r));
	json_put(period, "from", tell_time(head->from_ms));
	json_put(period, "to", tell_time(head->to_ms));
	json_put(o, "period", period);
	if (json_read(&filters, head->filters, REPORT_MAX_TAIL) == OK)
		json_put(o, "filters", json_incref(filters));
	json_put(o, "log", tell_log(head));
	return o;
}

enum err report_write_gap(json_t *object, const struct merkle_gap *gap)
{
	json_t *list;

	if (gap->count == 0)
		return OK;
	list = json_array_new();
	for (size_t i = 0; i < gap->count; i++)
		json_array_append_new(list, tell_digest(&gap->nodes[i]));
	json_put(object, "gap", list);
	return OK;
}

static enum err json_begin(struct buf *out, const struct report_head *head)
{
	AUTO(json_auto) json_t *o = report_head_tell(head);

	buf_write_string(out, "{\"report\":");
	TRY(json_write_canonical(out, o));
	buf_write_string(out, ",\"rows\":[");
	return buf_done(out);
}

static json_t *tell_cell(const struct report_cell *cell)
{
	switch (cell->kind) {
	case REPORT_NONE:
		break;
	case REPORT_TEXT:
		return json_stringn((const char *)cell->text.data, cell->text.size);
	case REPORT_NUMBER:
		return json_integer(cell->number);
	}
	return json_null();
}

static void tell_payload(json_t *o, struct slice payload, const uint8_t nonce[REPORT_NONCE])
{
	AUTO(buf_free) struct buf text = buf_new(2 * REPORT_NONCE);

	text_write_base64(&text, slice_of(nonce, REPORT_NONCE), TEXT_BASE64);
	if (payload.size) {
		json_put_text(o, "nonce", buf_slice(&text));
		json_put_text(o, "payload", payload);
	} else {
		json_put(o, "nonce", json_null());
		json_put(o, "payload", json_null());
	}
}

/* The second level: where it stands in its batch, and, once for each batch, the batch. */
static void tell_batch_row(json_t *o, const struct report_row *row)
{
	json_t *path = json_array_new(), *batch;

	for (size_t i = 0; i < row->path.count; i++)
		json_array_append_new(path, tell_digest(&row->path.nodes[i]));
	json_put_int(o, "row", row->batch_row - 1);
	json_put(o, "path", path);
	if (row->batch.entry.size == 0)
		return;
	batch = json_object_new();
	json_put_text(batch, "entry", row->batch.entry);
	tell_payload(batch, row->batch.payload, row->batch.nonce);
	json_put(o, "batch", batch);
}

static enum err json_row(struct buf *out, const struct report_head *head,
			 const struct report_row *row, const struct report_cell *cells,
			 uint64_t number)
{
	AUTO(json_auto) json_t *o = json_object_new();
	json_t *list = json_array_new();

	for (size_t i = 0; i < head->report->column_count; i++)
		json_array_append_new(list, tell_cell(&cells[i]));
	json_put(o, "cells", list);
	json_put_int(o, "index", (int64_t)row->index);
	json_put_text(o, "entry", row->entry);
	TRY(report_write_gap(o, &row->gap));
	if (!head->report->of_entries)
		tell_payload(o, row->payload, row->nonce);
	if (row->batch_row)
		tell_batch_row(o, row);
	buf_write_string(out, number ? ",\n" : "\n");
	TRY(json_write_canonical(out, o));
	return buf_done(out);
}

static enum err json_end(struct buf *out, const struct report_head *head,
			 const struct report_totals *totals, const struct merkle_gap *gap)
{
	AUTO(json_auto) json_t *o = json_object_new();

	(void)head;
	json_put(o, "totals", report_totals_tell(totals));
	TRY(report_write_gap(o, gap));
	buf_write_string(out, "\n],\"end\":");
	TRY(json_write_canonical(out, o));
	buf_write_string(out, "}\n");
	return buf_done(out);
}

const struct report_form report_forms[REPORT_FORMS] = {
	[REPORT_JSON] = {"json", "application/json", true, json_begin, json_row, json_end},
	[REPORT_CSV] = {"csv", "text/csv; charset=utf-8; header=present", false, report_csv_begin,
			report_csv_row, report_csv_end},
	[REPORT_HTML] = {"html", "text/html; charset=utf-8", false, report_html_begin,
			 report_html_row, report_html_end},
};
