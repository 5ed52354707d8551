/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/audit_report.h"

#include "schema/store/query.h"

enum err store_audit_report_add(struct store *s, const struct store_audit_report *report)
{
	static const struct store_statement insert = {
		"report_add",
		"INSERT INTO audit_report (event, name, from_at, to_at, filters, size, root, rows, "
		"forms, made_at, made_by) VALUES ($1, $2, $3, $4, $5, $6::bigint, $7, $8::bigint, "
		"$9, $10, $11)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, report->event);
	store_put_text(&step, report->name);
	store_put_time(&step, report->from_ms);
	store_put_time(&step, report->to_ms);
	store_put_text(&step, report->filters);
	store_put_int(&step, (int64_t)report->size);
	store_put_bytes(&step, slice_of(report->root, sizeof report->root));
	store_put_int(&step, (int64_t)report->rows);
	store_put_bytes(&step, slice_of(report->forms, sizeof report->forms));
	store_put_time(&step, report->made_at_ms);
	store_put_id(&step, report->made_by);
	return store_run(s, &step, 1);
}

enum err store_audit_report_sign(struct store *s, const uint8_t event[STORE_ID], struct slice note)
{
	static const struct store_statement sign = {
		"report_sign", "UPDATE audit_report SET note = $2 WHERE event = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &sign};

	store_put_id(&step, event);
	store_put_text(&step, note);
	return store_change(s, &step, "report");
}

#define REPORT_SELECT(note) \
	"SELECT r.event, r.name, r.from_at, r.to_at, r.filters, r.size, r.rows, r.root, r.forms, " \
	"r.made_at, r.made_by, p.name, " note \
	" FROM audit_report r JOIN person p ON p.id = r.made_by "

static void take_report(struct store_step *step, void *out)
{
	struct store_audit_report *r = out;

	store_take_id(step, r->event);
	r->name = store_take_text(step);
	r->from_ms = store_take_time(step);
	r->to_ms = store_take_time(step);
	r->filters = store_take_text(step);
	r->size = (uint64_t)store_take_int(step);
	r->rows = (uint64_t)store_take_int(step);
	store_take_bytes(step, r->root, sizeof r->root);
	store_take_bytes(step, r->forms, sizeof r->forms);
	r->made_at_ms = store_take_time(step);
	store_take_id(step, r->made_by);
	r->made_by_name = store_take_text(step);
	r->note = store_take_text(step);
}

enum err store_audit_report_get(struct store *s, struct arena *arena,
				struct store_audit_report *out, const uint8_t event[STORE_ID])
{
	static const struct store_statement find = {"report_get",
						    REPORT_SELECT("r.note") "WHERE r.event = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, event);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_report, "report");
}

enum err store_audit_report_list(struct store *s, struct arena *arena,
				 struct store_audit_report **out, size_t *count,
				 const uint8_t made_by[STORE_ID])
{
	static const struct store_statement list = {
		"report_list", REPORT_SELECT("''::text") "WHERE $1::uuid IS NULL OR made_by = $1 "
							 "ORDER BY r.made_at DESC, r.event "
							 "LIMIT $2::bigint"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, made_by);
	store_put_int(&step, STORE_REPORT_MAX_LIST);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_report);
	return OK;
}

enum err store_audit_narrow(struct store *s, struct store_audit_bounds *bounds, int64_t from_ms,
			    int64_t to_ms)
{
	static const struct store_statement find = {
		"audit_narrow",
		"SELECT coalesce(min(place), 0), coalesce(max(place) + 1, 0) FROM auditor_entry "
		"WHERE place >= $1::bigint AND place < $2::bigint "
		"AND ($3::timestamptz IS NULL OR at >= $3) "
		"AND ($4::timestamptz IS NULL OR at < $4)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find};

	if (from_ms == 0 && to_ms == 0)
		return OK;
	store_put_int(&step, bounds->first);
	store_put_int(&step, bounds->end);
	store_put_time(&step, from_ms);
	store_put_time(&step, to_ms);
	TRY(store_run(s, &step, 1));
	if (!store_next(&step))
		return failure(ERR_INTERNAL, "the log has no places");
	bounds->first = store_take_int(&step);
	bounds->end = store_take_int(&step);
	return OK;
}
