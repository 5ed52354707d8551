/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/audit/report_run.h"

#include "crypto/json.h"
#include "gateway/api/audit/filters.h"
#include "gateway/api/audit/report_batch.h"
#include "gateway/api/log_tiles.h"
#include "schema/store/audit_report.h"

enum { RUN_PAGE = 500, RUN_PIECE = 256 * 1024 };

struct run {
	struct report_work *work;
	json_t *filters;
	struct store_audit_query query;
	struct report_totals *totals;
	struct tile_reader *tiles;
	struct report_batch *batch; /* of the last row that was one of a batch */
	uint64_t batch_wanted;
	struct buf pieces[REPORT_FORMS];
	struct digest_state digests[REPORT_FORMS];
};

static void run_clear(struct run *r)
{
	for (size_t i = 0; i < REPORT_FORMS; i++)
		buf_free(&r->pieces[i]);
	report_totals_free(r->totals);
	tile_reader_free(r->tiles);
	report_batch_free(r->batch);
	json_free(r->filters);
}

/* `with` runs on a connection of the auditor's. */
typedef enum err with_auditor_fn(struct store *auditor, void *context);

static enum err as_auditor(struct report_work *w, with_auditor_fn *with, void *context)
{
	struct store *auditor = api_auditor_take(w->context->api);
	enum err result = with(auditor, context);

	api_auditor_return(w->context->api, auditor);
	return result;
}

static enum err find_bounds(struct store *auditor, void *context)
{
	struct store_audit_query *query = context;

	return store_audit_bounds(auditor, &query->bounds, &query->filter);
}

static enum err narrow_bounds(struct store *auditor, void *context)
{
	struct run *r = context;

	return store_audit_narrow(auditor, &r->query.bounds, r->work->head.from_ms,
				  r->work->head.to_ms);
}

enum err report_begin(struct report_work *w, uint64_t size)
{
	struct tile_source source = {log_tiles_fetch, &w->context->api->log_directory};
	struct store_audit_query query = {.limit = 0};

	TRY(as_auditor(w, find_bounds, &query));
	if (query.bounds.is_behind_by)
		return failure(ERR_UNAVAILABLE, "%llu entries cannot be found yet; try again",
			       (unsigned long long)query.bounds.is_behind_by);
	if (size > query.bounds.published)
		return failure(ERR_FORMAT, "\"size\": the log has %llu entries",
			       (unsigned long long)query.bounds.published);
	w->head.size = size ? size : query.bounds.published;
	return tile_root(&w->head.root, &source, w->head.size);
}

/* The filters of the head, what it may show, its kinds and its period. */
static enum err read_filter(struct run *r)
{
	const struct report_head *head = &r->work->head;
	struct store_audit_filter *f = &r->query.filter;
	AUTO(json_auto) json_t *asked = NULL;

	TRY(json_read(&r->filters, head->filters, REPORT_MAX_NOTE));
	asked = json_copy(r->filters);
	f->is_narrow = json_object_get(asked, "models") != NULL;
	(void)json_object_del(asked, "models");
	TRY(audit_filters_read(f, exchange_arena(r->work->x), asked));
	TRY(json_get_text_or(&f->models, r->filters, "models", S("")));
	f->kinds = slice_of_string(head->report->kinds);
	f->right = slice_of_string(head->report->right);
	if (!head->report->of_entries) {
		f->from_ms = head->from_ms;
		f->to_ms = head->to_ms;
	}
	return OK;
}

static enum err run_begin(struct run *r)
{
	const struct report_head *head = &r->work->head;
	struct tile_source source = {log_tiles_fetch, &r->work->context->api->log_directory};
	int64_t end = (int64_t)(head->size * STORE_AUDIT_PLACES);

	TRY(read_filter(r));
	TRY(as_auditor(r->work, find_bounds, &r->query));
	if (r->query.bounds.end > end)
		r->query.bounds.end = end;
	if (head->report->of_entries)
		TRY(as_auditor(r->work, narrow_bounds, r));
	r->query.is_forward = true;
	r->query.limit = RUN_PAGE;
	r->totals = report_totals_new(head->report);
	r->tiles = tile_reader_new(&source, head->size);
	r->batch = report_batch_new();
	return OK;
}

static enum err flush(struct run *r, unsigned form, size_t more_than)
{
	struct buf *piece = &r->pieces[form];

	TRY(buf_done(piece));
	if (piece->size <= more_than)
		return OK;
	digest_update(&r->digests[form], buf_slice(piece));
	if (r->work->sink)
		TRY(r->work->sink(r->work->sink_context, form, buf_slice(piece)));
	buf_reset(piece);
	return OK;
}

struct found {
	struct arena arena;
	const struct store_audit_query *query;
	struct store_audit_page page;
};

static void found_clear(struct found *f)
{
	arena_free(&f->arena);
}

static enum err find_page(struct store *auditor, void *context)
{
	struct found *f = context;

	return store_audit_find(auditor, &f->arena, &f->page, f->query);
}

static enum err load_batch(struct store *auditor, void *context)
{
	struct run *r = context;

	return report_batch_load(r->batch, auditor, r->batch_wanted);
}

static enum err read_gap(struct run *r, struct report_row *row)
{
	return tile_gap(&row->gap, r->tiles, report_totals_next(r->totals), row->index);
}

/* The first row that the report has of a batch brings the batch. */
static enum err read_batch_row(struct run *r, struct report_row *row)
{
	const struct store_event *batch = report_batch_event(r->batch);

	if (!report_batch_is(r->batch, row->index)) {
		r->batch_wanted = row->index;
		TRY(as_auditor(r->work, load_batch, r));
		row->batch = (struct report_evidence){batch->leaf, batch->payload, {0}};
		memcpy(row->batch.nonce, batch->nonce, sizeof row->batch.nonce);
		TRY(read_gap(r, row));
	}
	return report_batch_path(&row->path, r->batch, row->batch_row - 1);
}

static enum err read_row(struct run *r, struct report_row *row, const struct store_found *found)
{
	*row = (struct report_row){
		.index = found->event.index,
		.batch_row = found->event.is_row ? found->event.row + 1 : 0,
		.entry = found->event.leaf,
		.payload = r->work->head.report->of_entries ? S("") : found->event.payload,
	};
	memcpy(row->nonce, found->event.nonce, sizeof row->nonce);
	if (!r->work->forms[REPORT_JSON])
		return OK;
	return row->batch_row ? read_batch_row(r, row) : read_gap(r, row);
}

static enum err write_row(struct run *r, struct arena *arena, const struct store_found *found)
{
	struct report_cell cells[REPORT_MAX_COLUMNS];
	const struct report_head *head = &r->work->head;
	uint64_t number = report_totals_rows(r->totals);
	struct report_row row;

	if (head->report->of_entries && found->event.is_row)
		return OK; /* of its batch, which is an entry */
	TRY(read_row(r, &row, found));
	TRY(report_cells(cells, arena, head->report, &row));
	TRY(report_totals_add(r->totals, &row, cells));
	for (unsigned i = 0; i < REPORT_FORMS; i++) {
		if (!r->work->forms[i])
			continue;
		TRY(report_forms[i].row(&r->pieces[i], head, &row, cells, number));
		TRY(flush(r, i, RUN_PIECE));
	}
	return OK;
}

static enum err write_rows(struct run *r)
{
	bool has_more = true;

	while (has_more) {
		AUTO(found_clear) struct found f = {.query = &r->query};

		if (exchange_is_closed(r->work->x))
			return failure(ERR_CLOSED, "the client has gone");
		TRY(as_auditor(r->work, find_page, &f));
		for (size_t i = 0; i < f.page.count; i++)
			TRY(write_row(r, &f.arena, &f.page.events[i]));
		r->query.has_cursor = true;
		r->query.cursor = f.page.cursor;
		has_more = f.page.has_more;
	}
	return OK;
}

static enum err write_ends(struct run *r)
{
	const struct report_head *head = &r->work->head;
	struct merkle_gap gap;

	TRY(tile_gap(&gap, r->tiles, report_totals_next(r->totals), head->size));
	for (unsigned i = 0; i < REPORT_FORMS; i++) {
		if (!r->work->forms[i])
			continue;
		TRY(report_forms[i].end(&r->pieces[i], head, r->totals, &gap));
		TRY(flush(r, i, 0));
		r->work->result.forms[i] = digest_end(&r->digests[i]);
	}
	r->work->result.rows = report_totals_rows(r->totals);
	return OK;
}

enum err report_run(struct report_work *w)
{
	AUTO(run_clear) struct run r = {.work = w};

	for (unsigned i = 0; i < REPORT_FORMS; i++) {
		r.pieces[i] = buf_new(RUN_PIECE + REPORT_MAX_LINE);
		digest_begin(&r.digests[i]);
	}
	TRY(run_begin(&r));
	for (unsigned i = 0; i < REPORT_FORMS; i++)
		if (w->forms[i])
			TRY(report_forms[i].begin(&r.pieces[i], &w->head));
	TRY(write_rows(&r));
	return write_ends(&r);
}

enum err report_is_disturbed(bool *out, struct report_work *w)
{
	struct store_audit_query query = {.limit = 1, .is_forward = true};
	AUTO(found_clear) struct found f = {.query = &query};

	query.filter.kinds = S("erasure.run,retention.run");
	TRY(as_auditor(w, find_bounds, &query));
	query.bounds.first = (int64_t)(w->head.size * STORE_AUDIT_PLACES);
	TRY(as_auditor(w, find_page, &f));
	*out = f.page.count > 0;
	return OK;
}
