/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/model_care.h"

#include "schema/store/query.h"
#include "schema/store/rows.h"

/* $1 is the time. */
#define CARE_SELECT \
	"SELECT m.name, m.state, coalesce(m.state_reason, ''), m.gate, m.hidden, m.created_at, " \
	"coalesce(b.moved_at, m.created_at), coalesce(r.id, ''), f.files, f.bytes, " \
	"coalesce(r.runnable, false), coalesce(r.runnable_reason, ''), " \
	"coalesce(array_to_string(r.tasks, ','), ''), coalesce(q.type, 'none'), " \
	"p.model IS NOT NULL, coalesce(n.least_bytes, 0), coalesce(n.most_bytes, 0), " \
	"(SELECT count(*) FROM revision WHERE model = m.id AND state = 'ready'), " \
	"(SELECT count(*) FROM license WHERE model = m.id AND state = 'active' " \
	"AND expires_at > $1::timestamptz), " \
	"(SELECT count(*) FROM access_request WHERE model = m.id " \
	"AND state IN ('submitted', 'returned', 'appealed')), " \
	"(SELECT count(*) FROM adapter WHERE model = m.id AND state <> 'deleted'), " \
	"(SELECT count(*) FROM upload WHERE model = m.id) " \
	"FROM model m LEFT JOIN branch b ON b.model = m.id AND b.name = 'main' " \
	"LEFT JOIN revision r ON r.model = m.id AND r.id = b.revision " \
	"LEFT JOIN revision_need n ON n.model = m.id AND n.revision = r.id " \
	"LEFT JOIN model_quantize q ON q.model = m.id LEFT JOIN model_pin p ON p.model = m.id " \
	"CROSS JOIN LATERAL (SELECT count(*) AS files, coalesce(sum(size), 0)::bigint AS bytes " \
	"FROM revision_file WHERE model = m.id AND revision = r.id) f "

static void take_care(struct store_step *step, void *out)
{
	struct store_care *c = out;

	c->name = store_take_text(step);
	c->state = store_take_text(step);
	c->state_reason = store_take_text(step);
	c->gate = store_take_text(step);
	c->hidden = store_take_bool(step);
	c->created_ms = store_take_time(step);
	c->changed_ms = store_take_time(step);
	c->main = store_take_text(step);
	c->files = store_take_int(step);
	c->bytes = store_take_int(step);
	c->runnable = store_take_bool(step);
	c->runnable_reason = store_take_text(step);
	c->tasks = store_take_text(step);
	c->quantize = store_take_text(step);
	c->is_pinned = store_take_bool(step);
	c->least_bytes = store_take_int(step);
	c->most_bytes = store_take_int(step);
	c->revisions = store_take_int(step);
	c->licenses = store_take_int(step);
	c->requests = store_take_int(step);
	c->adapters = store_take_int(step);
	c->uploads = store_take_int(step);
}

enum err store_care_list(struct store *s, struct arena *arena, struct store_care **out,
			 size_t *count, const struct store_care_question *q)
{
	static const struct store_statement list = {
		"care_list", CARE_SELECT
		"WHERE position(lower($2) IN lower(m.name)) > 0 AND ($3 = '' OR m.state = $3) "
		"AND m.name COLLATE \"C\" > $4 ORDER BY m.name COLLATE \"C\" LIMIT $5::bigint"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_time(&step, q->now_ms);
	store_put_text(&step, q->search);
	store_put_text(&step, q->state);
	store_put_text(&step, q->after);
	store_put_int(&step, (int64_t)q->limit);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_care);
	return OK;
}

enum err store_care_get(struct store *s, struct arena *arena, struct store_care *out,
			const uint8_t model[STORE_ID], int64_t now_ms)
{
	static const struct store_statement get = {"care_get", CARE_SELECT "WHERE m.id = $2"};
	AUTO(store_step_clear) struct store_step step = {.statement = &get, .arena = arena};

	store_put_time(&step, now_ms);
	store_put_id(&step, model);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_care, "model");
}

static void take_revision(struct store_step *step, void *out)
{
	struct store_care_revision *r = out;

	r->id = store_take_text(step);
	r->parent = store_take_text(step);
	r->title = store_take_text(step);
	r->made_by = store_take_text(step);
	r->made_ms = store_take_time(step);
	r->runnable = store_take_bool(step);
	r->is_recalled = store_take_bool(step);
	r->runnable_reason = store_take_text(step);
	r->tasks = store_take_text(step);
	(void)store_take_digest(step, r->manifest_sha256);
	r->files = store_take_int(step);
	r->bytes = store_take_int(step);
	r->names = store_take_text(step);
}

enum err store_care_revisions(struct store *s, struct arena *arena,
			      struct store_care_revision **out, size_t *count,
			      const uint8_t model[STORE_ID])
{
	static const struct store_statement list = {
		"care_revisions",
		"SELECT r.id, coalesce(r.parent, ''), r.title, coalesce(p.name, ''), r.created_at, "
		"r.runnable, r.recall IS NOT NULL, coalesce(r.runnable_reason, ''), "
		"coalesce(array_to_string(r.tasks, ','), ''), r.manifest_sha256, f.files, f.bytes, "
		"coalesce((SELECT string_agg(name, ',' ORDER BY name) FROM (SELECT name FROM "
		"branch "
		"WHERE model = r.model AND revision = r.id UNION SELECT name FROM tag "
		"WHERE model = r.model AND revision = r.id) names), '') "
		"FROM revision r LEFT JOIN person p ON p.id = r.created_by "
		"CROSS JOIN LATERAL (SELECT count(*) AS files, coalesce(sum(size), 0)::bigint "
		"AS bytes FROM revision_file WHERE model = r.model AND revision = r.id) f "
		"WHERE r.model = $1 AND r.state = 'ready' ORDER BY r.created_at DESC, r.id "
		"LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, model);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_revision);
	return OK;
}

static void take_upload(struct store_step *step, void *out)
{
	struct store_care_upload *u = out;

	(void)store_take_digest(step, u->sha256);
	u->size = store_take_int(step);
	u->came = store_take_int(step);
	u->begun_by = store_take_text(step);
	u->begun_ms = store_take_time(step);
	u->touched_ms = store_take_time(step);
}

enum err store_care_uploads(struct store *s, struct arena *arena, struct store_care_upload **out,
			    size_t *count, const uint8_t model[STORE_ID])
{
	static const struct store_statement list = {
		"care_uploads",
		"SELECT u.sha256, u.size, coalesce((SELECT sum(size) FROM (SELECT DISTINCT ON "
		"(number) size FROM upload_part WHERE upload = u.id AND size IS NOT NULL) parts), "
		"0)::bigint, coalesce(p.name, ''), u.created_at, u.touched_at FROM upload u "
		"LEFT JOIN person p ON p.id = u.created_by WHERE u.model = $1 "
		"ORDER BY u.touched_at DESC, u.id LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, model);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_upload);
	return OK;
}
