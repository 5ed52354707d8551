/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/report/reader.h"

#include <assert.h>
#include <stdlib.h>

#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/commit.h"
#include "crypto/json.h"
#include "schema/audit/batch.h"
#include "schema/report/reader_head.h"

/* HEAD --first line--> ROWS --"],"end":..."--> DONE */
enum state { STATE_HEAD, STATE_ROWS, STATE_DONE };

struct report_reader {
	enum state state;
	struct arena arena; /* what the head says */
	struct report_asked asked;
	struct report_totals *totals;
	struct merkle_frontier frontier;
	struct buf line; /* the beginning of one whose end has not come */
	bool expects_row;
	struct audit_batch batch; /* whose rows come; of entry batch_index */
	uint64_t batch_index;
	bool has_batch;
	unsigned batch_row; /* 1 + the last row of it */
	uint64_t erased, entries;
	struct digest_state digest;
	struct arena row_arena;
};

struct report_reader *report_reader_new(void)
{
	struct report_reader *r = calloc(1, sizeof *r);

	assert(r);
	r->line = buf_new(REPORT_MAX_LINE);
	digest_begin(&r->digest);
	return r;
}

void report_reader_free(struct report_reader *r)
{
	if (!r)
		return;
	report_totals_free(r->totals);
	buf_free(&r->line);
	arena_free(&r->row_arena);
	arena_free(&r->arena);
	free(r);
}

static enum err read_head(struct report_reader *r, struct slice line)
{
	static const struct slice before = {(const uint8_t *)"{\"report\":", 10};
	static const struct slice behind = {(const uint8_t *)",\"rows\":[", 9};
	AUTO(json_auto) json_t *head = NULL;

	if (line.size < before.size + behind.size || !slice_starts_with(line, before) ||
	    !slice_ends_with(line, behind))
		return failure(ERR_FORMAT, "report: its first line is not that of a report");
	TRY(json_read(&head, slice_part(line, before.size, line.size - before.size - behind.size),
		      REPORT_MAX_LINE));
	TRY(report_asked_read(&r->asked, &r->arena, head));
	r->totals = report_totals_new(&r->asked.report);
	r->state = STATE_ROWS;
	return OK;
}

static enum err read_hashes(struct digest *out, size_t *count, size_t most, const json_t *o,
			    const char *name)
{
	const json_t *list = json_object_get(o, name);

	*count = 0;
	if (json_array_size(list) > most)
		return failure(ERR_LIMIT, "its %s has more than %zu hashes", name, most);
	for (size_t i = 0; i < json_array_size(list); i++) {
		AUTO(buf_free) struct buf bytes = buf_new(DIGEST_SIZE);
		struct slice text;

		TRY(json_text_at(&text, list, i));
		TRY(text_read_base64(&bytes, text, TEXT_BASE64));
		if (bytes.size != DIGEST_SIZE)
			return failure(ERR_FORMAT, "a hash of its %s has not %d bytes", name,
				       DIGEST_SIZE);
		memcpy(out[(*count)++].bytes, bytes.data, DIGEST_SIZE);
	}
	return OK;
}

static enum err read_gap(struct merkle_gap *out, const json_t *o)
{
	return read_hashes(out->nodes, &out->count, MERKLE_GAP_MAX, o, "gap");
}

static enum err read_payload(struct slice *payload, uint8_t out[REPORT_NONCE], const json_t *o)
{
	AUTO(buf_free) struct buf nonce = buf_new(REPORT_NONCE);
	struct slice text;

	if (!json_has(o, "payload"))
		return OK;
	TRY(json_get_text(payload, o, "payload"));
	TRY(json_get_text(&text, o, "nonce"));
	TRY(text_read_base64(&nonce, text, TEXT_BASE64));
	if (nonce.size != REPORT_NONCE)
		return failure(ERR_FORMAT, "its nonce has not %d bytes", REPORT_NONCE);
	memcpy(out, nonce.data, REPORT_NONCE);
	return OK;
}

static enum err read_batch_row(struct report_row *row, const json_t *o)
{
	const json_t *batch;
	int64_t number;

	if (!json_has(o, "row"))
		return OK;
	TRY(json_get_int(&number, o, "row"));
	if (number < 0 || number >= AUDIT_BATCH_MAX)
		return failure(ERR_FORMAT, "a batch has no row %lld", (long long)number);
	row->batch_row = (unsigned)number + 1;
	TRY(read_hashes(row->path.nodes, &row->path.count, MERKLE_LEVELS, o, "path"));
	if (!json_has(o, "batch"))
		return OK;
	TRY(json_get_object(&batch, o, "batch"));
	TRY(json_get_text(&row->batch.entry, batch, "entry"));
	return read_payload(&row->batch.payload, row->batch.nonce, batch);
}

static enum err read_row(struct report_row *row, const json_t *o)
{
	int64_t index;

	*row = (struct report_row){.index = 0};
	TRY(json_get_int(&index, o, "index"));
	row->index = (uint64_t)index;
	TRY(json_get_text(&row->entry, o, "entry"));
	TRY(read_payload(&row->payload, row->nonce, o));
	TRY(read_batch_row(row, o));
	return read_gap(&row->gap, o);
}

/* The place of an entry: behind the row before, inside the tree, and in it. */
static enum err place_entry(struct report_reader *r, const struct report_row *row,
			    struct slice entry)
{
	struct digest leaf = merkle_leaf(entry);

	if (row->index < r->frontier.size)
		return failure(ERR_FORGED, "it does not stand behind the row before it");
	if (row->index >= r->asked.size)
		return failure(ERR_FORGED, "the log has only %llu entries",
			       (unsigned long long)r->asked.size);
	TRY(merkle_skip(&r->frontier, row->index, &row->gap));
	merkle_append(&r->frontier, &leaf);
	return OK;
}

static enum err check_commitment(struct slice payload, const uint8_t nonce[REPORT_NONCE],
				 const json_t *entry)
{
	AUTO(buf_free) struct buf told = buf_new(DIGEST_SIZE);
	struct digest made = audit_commitment(nonce, payload);
	struct slice text;

	TRY(json_get_text(&text, entry, "c"));
	TRY(text_read_base64(&told, text, TEXT_BASE64_URL_RAW));
	if (!digest_equal_bytes(buf_slice(&told), digest_slice(&made)))
		return failure(ERR_FORGED, "its entry does not commit to its payload");
	return OK;
}

/* The first row out of a batch brings it: an entry, whose payload says the root of its rows. */
static enum err open_batch(struct report_reader *r, const struct report_row *row)
{
	AUTO(json_auto) json_t *entry = NULL;
	struct slice kind;

	TRY(place_entry(r, row, row->batch.entry));
	TRY(json_read(&entry, row->batch.entry, REPORT_MAX_LINE));
	TRY(json_get_text(&kind, entry, "ev"));
	if (!slice_equal(kind, S("usage.batch")))
		return failure(ERR_FORGED, "its batch is no usage.batch");
	TRY(check_commitment(row->batch.payload, row->batch.nonce, entry));
	TRY(audit_batch_read(&r->batch, row->batch.payload));
	r->has_batch = true;
	r->batch_index = row->index;
	r->batch_row = 0;
	return OK;
}

static enum err place_row(struct report_reader *r, const struct report_row *row)
{
	if (!row->batch_row)
		return place_entry(r, row, row->entry);
	if (row->batch.entry.size)
		TRY(open_batch(r, row));
	if (!r->has_batch || r->batch_index != row->index || row->batch_row <= r->batch_row)
		return failure(ERR_FORGED, "it does not stand behind another row of its batch");
	r->batch_row = row->batch_row;
	return audit_batch_check(&r->batch, row->entry, row->batch_row - 1, &row->path);
}

static bool is_cell(const json_t *told, const struct report_cell *cell)
{
	switch (cell->kind) {
	case REPORT_NONE:
		return json_is_null(told);
	case REPORT_NUMBER:
		return json_is_integer(told) && json_integer_value(told) == cell->number;
	case REPORT_TEXT:
		return json_is_string(told) &&
		       slice_equal(cell->text,
				   slice_of(json_string_value(told), json_string_length(told)));
	}
	return false;
}

static enum err check_cells(struct report_reader *r, const struct report_row *row, const json_t *o)
{
	struct report_cell cells[REPORT_MAX_COLUMNS];
	const json_t *told;

	TRY(json_get_array(&told, o, "cells"));
	TRY(report_cells(cells, &r->row_arena, &r->asked.report, row));
	if (json_array_size(told) != r->asked.report.column_count)
		return failure(ERR_FORGED, "it has %zu cells, and the report %zu columns",
			       json_array_size(told), r->asked.report.column_count);
	for (size_t i = 0; i < r->asked.report.column_count; i++)
		if (!is_cell(json_array_get(told, i), &cells[i]))
			return failure(ERR_FORGED, "its cell \"%.40s\" is not what its entry says",
				       r->asked.report.columns[i].name);
	return report_totals_add(r->totals, row, cells);
}

static enum err check_row(struct report_reader *r, const json_t *o, struct report_row *row)
{
	AUTO(json_auto) json_t *entry = NULL, *payload = NULL;

	TRY(read_row(row, o));
	TRY(place_row(r, row));
	TRY(json_read(&entry, row->entry, REPORT_MAX_LINE));
	if (row->payload.size) {
		TRY(check_commitment(row->payload, row->nonce, entry));
		TRY(json_read(&payload, row->payload, REPORT_MAX_PAYLOAD));
	}
	r->entries += row->batch_row == 0;
	r->erased += !r->asked.report.of_entries && !payload;
	TRY(report_asked_check(&r->asked, entry, payload));
	return check_cells(r, row, o);
}

/* The failure with the row's number before it. */
static enum err blame_row(const struct report_reader *r, enum err result)
{
	char why[FAILURE_MAX_TEXT];

	if (result == OK)
		return OK;
	snprintf(why, sizeof why, "%s", failure_text());
	return failure(result, "report: row %llu: %.300s",
		       (unsigned long long)report_totals_rows(r->totals) + 1, why);
}

static enum err read_end(struct report_reader *r, struct slice text)
{
	AUTO(json_auto) json_t *end = NULL, *totals = NULL;
	struct merkle_gap gap;
	struct digest root;

	TRY(json_read(&end, text, REPORT_MAX_LINE));
	TRY(read_gap(&gap, end));
	TRY(merkle_skip(&r->frontier, r->asked.size, &gap));
	root = merkle_root(&r->frontier);
	if (!digest_equal(&root, &r->asked.root))
		return failure(ERR_FORGED, "report: its entries do not stand where it says in the "
					   "tree of its root");
	totals = report_totals_tell(r->totals);
	if (!json_equal(totals, json_object_get(end, "totals")))
		return failure(ERR_FORGED, "report: its totals are not those of its rows");
	r->state = STATE_DONE;
	return OK;
}

static enum err read_row_line(struct report_reader *r, struct slice line)
{
	AUTO(json_auto) json_t *o = NULL;
	struct report_row row;
	bool more = slice_ends_with(line, S(","));

	arena_reset(&r->row_arena);
	if (!r->expects_row && report_totals_rows(r->totals))
		return failure(ERR_FORMAT, "a comma is missing before it");
	TRY(json_read(&o, slice_part(line, 0, line.size - more), REPORT_MAX_LINE));
	TRY(check_row(r, o, &row));
	r->expects_row = more;
	return OK;
}

static enum err read_line(struct report_reader *r, struct slice line)
{
	static const struct slice end = {(const uint8_t *)"],\"end\":", 8};

	switch (r->state) {
	case STATE_HEAD:
		return read_head(r, line);
	case STATE_ROWS:
		if (!slice_starts_with(line, end))
			return blame_row(r, read_row_line(r, line));
		if (r->expects_row || !slice_ends_with(line, S("}")))
			return failure(ERR_FORMAT, "report: its end is not that of a report");
		return read_end(r, slice_part(line, end.size, line.size - end.size - 1));
	case STATE_DONE:
		break;
	}
	return failure(ERR_FORMAT, "report: something stands behind its end");
}

enum err report_reader_push(struct report_reader *r, struct slice bytes)
{
	digest_update(&r->digest, bytes);
	while (bytes.size) {
		size_t end = slice_find(bytes, '\n');

		buf_write(&r->line, slice_part(bytes, 0, end));
		TRY(buf_done(&r->line));
		if (end == bytes.size)
			return OK;
		TRY(read_line(r, buf_slice(&r->line)));
		buf_reset(&r->line);
		bytes = slice_part(bytes, end + 1, SIZE_MAX);
	}
	return OK;
}

enum err report_reader_end(struct report_reader *r, struct report_read *out)
{
	if (r->state != STATE_DONE || r->line.size)
		return failure(ERR_FORMAT, "report: it is cut off");
	*out = (struct report_read){
		.head = {.report = &r->asked.report,
			 .from_ms = r->asked.from_ms,
			 .to_ms = r->asked.to_ms,
			 .filters = r->asked.filters,
			 .origin = r->asked.origin,
			 .size = r->asked.size,
			 .root = r->asked.root},
		.rows = report_totals_rows(r->totals),
		.erased = r->erased,
		.entries = r->entries,
		.sha256 = digest_end(&r->digest),
	};
	return OK;
}

bool report_reader_wants(const struct report_reader *r, const json_t *entry)
{
	return report_asked_check(&r->asked, entry, NULL) == OK;
}
