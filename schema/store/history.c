/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/history.h"

#include "schema/store/rows.h"

/* The line of parents from the revision that `start` selects; `depth` 0 is that one. */
#define LINE(start, ceiling) \
	"WITH RECURSIVE line AS (SELECT r.id, r.parent, r.title, r.created_at, 0 AS depth " \
	"FROM revision r WHERE r.model = $1 AND r.state = 'ready' AND r.id = " start " " \
	"UNION ALL SELECT r.id, r.parent, r.title, r.created_at, l.depth + 1 " \
	"FROM line l JOIN revision r ON r.model = $1 AND r.id = l.parent WHERE l.depth < " ceiling \
	") "

static void take_commit(struct store_step *step, void *out)
{
	struct store_commit *commit = out;

	commit->path = store_take_text(step);
	commit->id = store_take_text(step);
	commit->title = store_take_text(step);
	commit->created_ms = store_take_time(step);
}

enum err store_history(struct store *s, struct arena *arena, struct store_commit **out,
		       size_t *count, uint64_t *total, const struct store_history_question *q)
{
	static const struct store_statement page = {
		"history_page",
		LINE("CASE WHEN $3 = '' THEN $2 ELSE (SELECT a.parent FROM revision a "
		     "WHERE a.model = $1 AND a.id = $3) END",
		     "$4::bigint - 1") "SELECT NULL::text, id, title, created_at FROM line "
				       "ORDER BY depth"};
	static const struct store_statement length = {
		"history_length", LINE("$2", "10000 - 1") "SELECT count(*) FROM line"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step = store_batch_add(&batch, &page, arena);

	store_put_id(step, q->model);
	store_put_text(step, q->head);
	store_put_text(step, q->after);
	store_put_int(step, (int64_t)q->limit);
	step = store_batch_add(&batch, &length, arena);
	store_put_id(step, q->model);
	store_put_text(step, q->head);
	TRY(store_batch_run(s, &batch));
	*out = store_all(&batch.steps[0], count, sizeof **out, take_commit);
	*total = store_next(&batch.steps[1]) ? (uint64_t)store_take_int(&batch.steps[1]) : 0;
	return OK;
}

enum err store_last_changes(struct store *s, struct arena *arena, struct store_commit **out,
			    size_t *count, const uint8_t model[STORE_ID], struct slice revision,
			    struct slice first, struct slice last)
{
	static const struct store_statement find = {
		"last_changes",
		LINE("$2", "100 - 1") "SELECT DISTINCT ON (f.path COLLATE \"C\") f.path, l.id, "
				      "l.title, l.created_at FROM line l "
				      "JOIN revision_file f ON f.model = $1 AND f.revision = l.id "
				      "AND f.path COLLATE \"C\" BETWEEN $3 AND $4 "
				      "LEFT JOIN revision_file p ON p.model = $1 "
				      "AND p.revision = l.parent AND p.path = f.path "
				      "AND l.depth < 100 - 1 "
				      "WHERE p.sha256 IS DISTINCT FROM f.sha256 "
				      "ORDER BY f.path COLLATE \"C\", l.depth LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	_Static_assert(HISTORY_MAX_LENGTH == 10000 && HISTORY_MAX_DEPTH == 100, "as in the SQL");
	store_put_id(&step, model);
	store_put_text(&step, revision);
	store_put_text(&step, first);
	store_put_text(&step, last);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_commit);
	return OK;
}
