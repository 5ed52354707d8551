/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/reference.h"

#include "schema/store/rows.h"

/* The other table must not have the name, and the two together must have room. */
#define NAME_IS_FREE \
	"NOT EXISTS (SELECT FROM branch WHERE model = $1 AND name = $2) " \
	"AND NOT EXISTS (SELECT FROM tag WHERE model = $1 AND name = $2) " \
	"AND (SELECT count(*) FROM branch WHERE model = $1) + " \
	"(SELECT count(*) FROM tag WHERE model = $1) < 1000 "

static enum err insert_one(struct store *s, struct store_step *step)
{
	TRY(store_run(s, step, 1));
	if (store_changed(step) == 0)
		return failure(ERR_CONFLICT,
			       "the name is that of a branch or tag already, or the model has %d",
			       STORE_MAX_REFERENCES);
	return OK;
}

enum err store_branch_create(struct store *s, const uint8_t model[STORE_ID], struct slice name,
			     struct slice revision, int64_t now_ms)
{
	static const struct store_statement insert = {
		"branch_insert",
		"INSERT INTO branch (model, name, revision, moved_at) SELECT r.model, $2::text, "
		"r.id, $4::timestamptz FROM revision r WHERE r.model = $1 AND r.id = $3 "
		"AND r.state = 'ready' AND " NAME_IS_FREE "ON CONFLICT DO NOTHING"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, model);
	store_put_text(&step, name);
	store_put_text(&step, revision);
	store_put_time(&step, now_ms);
	return insert_one(s, &step);
}

enum err store_branch_move(struct store *s, const uint8_t model[STORE_ID], struct slice name,
			   struct slice revision, int64_t now_ms)
{
	static const struct store_statement update = {
		"branch_move", "UPDATE branch SET revision = $3, moved_at = $4 WHERE model = $1 "
			       "AND name = $2"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_id(&step, model);
	store_put_text(&step, name);
	store_put_text(&step, revision);
	store_put_time(&step, now_ms);
	return store_change(s, &step, "branch");
}

static void take_revision_id(struct store_step *step, void *out)
{
	*(struct slice *)out = store_take_text(step);
}

static enum err find_one(struct store *s, struct arena *arena, struct slice *revision,
			 const struct store_statement *statement, const uint8_t model[STORE_ID],
			 struct slice name, const char *what)
{
	AUTO(store_step_clear) struct store_step step = {.statement = statement, .arena = arena};

	store_put_id(&step, model);
	store_put_text(&step, name);
	TRY(store_run(s, &step, 1));
	return store_one(&step, revision, take_revision_id, what);
}

enum err store_branch_find(struct store *s, struct arena *arena, struct slice *revision,
			   const uint8_t model[STORE_ID], struct slice name)
{
	static const struct store_statement find = {
		"branch_find", "SELECT revision FROM branch WHERE model = $1 AND name = $2"};

	return find_one(s, arena, revision, &find, model, name, "branch");
}

enum err store_branch_delete(struct store *s, struct arena *arena, struct slice *revision,
			     const uint8_t model[STORE_ID], struct slice name)
{
	static const struct store_statement remove = {
		"branch_delete", "DELETE FROM branch WHERE model = $1 AND name = $2 "
				 "AND name <> 'main' RETURNING revision"};

	return find_one(s, arena, revision, &remove, model, name, "branch");
}

enum err store_tag_create(struct store *s, const uint8_t model[STORE_ID],
			  const struct store_tag *tag, const uint8_t created_by[STORE_ID])
{
	static const struct store_statement insert = {
		"tag_insert",
		"INSERT INTO tag (model, name, revision, message, created_at, created_by) "
		"SELECT r.model, $2::text, r.id, $4::text, $5::timestamptz, $6::uuid "
		"FROM revision r WHERE r.model = $1 AND r.id = $3 AND r.state = 'ready' "
		"AND " NAME_IS_FREE "ON CONFLICT DO NOTHING"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, model);
	store_put_text(&step, tag->name);
	store_put_text(&step, tag->revision);
	store_put_text(&step, tag->message);
	store_put_time(&step, tag->created_ms);
	store_put_id(&step, created_by);
	return insert_one(s, &step);
}

enum err store_tag_delete(struct store *s, struct arena *arena, struct slice *revision,
			  const uint8_t model[STORE_ID], struct slice name)
{
	static const struct store_statement remove = {
		"tag_delete", "DELETE FROM tag WHERE model = $1 AND name = $2 RETURNING revision"};

	return find_one(s, arena, revision, &remove, model, name, "tag");
}

static void take_tag(struct store_step *step, void *out)
{
	struct store_tag *tag = out;

	tag->name = store_take_text(step);
	tag->revision = store_take_text(step);
	tag->message = store_take_text(step);
	tag->created_ms = store_take_time(step);
}

enum err store_tag_list(struct store *s, struct arena *arena, struct store_tag **out, size_t *count,
			const uint8_t model[STORE_ID])
{
	static const struct store_statement list = {
		"tag_list", "SELECT name, revision, message, created_at FROM tag WHERE model = $1 "
			    "ORDER BY name LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, model);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_tag);
	return OK;
}
