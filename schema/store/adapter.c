/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/adapter.h"

#include "schema/store/query.h"

/* What an owner may use for a model rests on a license, or on the model's asking for none. */
#define ADAPTER_SELECT \
	"SELECT a.id, a.model, m.name, a.owner, p.name, m.gate IN ('no', 'public') OR EXISTS (" \
	"SELECT FROM license l WHERE l.model = a.model AND l.person = a.owner " \
	"AND l.state = 'active' AND l.not_before <= now() AND l.expires_at > now()), " \
	"a.name, a.summary, a.state, a.reason, a.sha256 IS NOT NULL, a.sha256, a.revision, " \
	"coalesce(a.rank, 0)::bigint, coalesce(a.products, 0)::bigint, " \
	"coalesce(a.memory_bytes, 0), (SELECT coalesce(sum(f.size), 0)::bigint " \
	"FROM adapter_file f WHERE f.adapter = a.id), a.created_at, a.changed_at, d.name " \
	"FROM adapter a JOIN model m ON m.id = a.model JOIN person p ON p.id = a.owner " \
	"LEFT JOIN person d ON d.id = a.decided_by "

static const char *const names[] = {
#define ADAPTER_NAME(state, name) name,
	STORE_ADAPTER_STATES(ADAPTER_NAME)
#undef ADAPTER_NAME
};

const char *store_adapter_state_name(enum store_adapter_state state)
{
	return names[state];
}

static enum store_adapter_state state_of(struct slice name)
{
	enum store_adapter_state state = STORE_ADAPTER_UPLOADING;

	while (state < STORE_ADAPTER_DELETED && !slice_equal(name, slice_of_string(names[state])))
		state++;
	return state;
}

static void take_adapter(struct store_step *step, void *out)
{
	struct store_adapter *a = out;

	store_take_id(step, a->id);
	store_take_id(step, a->model);
	a->model_name = store_take_text(step);
	store_take_id(step, a->owner);
	a->owner_name = store_take_text(step);
	a->owner_is_licensed = store_take_bool(step);
	a->name = store_take_text(step);
	a->summary = store_take_text(step);
	a->state = state_of(store_take_text(step));
	a->reason = store_take_text(step);
	a->is_checked = store_take_bool(step);
	store_take_bytes(step, a->sha256, sizeof a->sha256);
	a->revision = store_take_text(step);
	a->rank = store_take_int(step);
	a->products = store_take_int(step);
	a->memory_bytes = store_take_int(step);
	a->size = store_take_int(step);
	a->created_ms = store_take_time(step);
	a->changed_ms = store_take_time(step);
	a->decided_by = store_take_text(step);
}

/* The ceilings are counted in the same statement: two at once may pass them by one, no more. */
enum err store_adapter_create(struct store *s, const struct store_adapter *a)
{
	static const struct store_statement insert = {
		"adapter_insert",
		"INSERT INTO adapter (id, model, owner, name, summary, created_at, changed_at) "
		"SELECT $1, $2, $3, $4, $5, $6, $6 WHERE (SELECT count(*) FROM adapter "
		"WHERE owner = $3 AND model = $2 AND state <> 'deleted') < $7::bigint "
		"AND (SELECT count(*) FROM adapter WHERE state <> 'deleted') < $8::bigint"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};
	enum err result;

	store_put_id(&step, a->id);
	store_put_id(&step, a->model);
	store_put_id(&step, a->owner);
	store_put_text(&step, a->name);
	store_put_text_or_null(&step, a->summary);
	store_put_time(&step, a->created_ms);
	store_put_int(&step, STORE_ADAPTERS_EACH);
	store_put_int(&step, STORE_ADAPTERS_ALL);
	result = store_run(s, &step, 1);
	if (result == ERR_CONFLICT)
		return failure(ERR_CONFLICT, "you have an adapter of this name for this model");
	TRY(result);
	if (store_changed(&step) == 0)
		return failure(ERR_LIMIT,
			       "at most %d adapters of one person for one model, and %d in all; "
			       "delete one first",
			       STORE_ADAPTERS_EACH, STORE_ADAPTERS_ALL);
	return OK;
}

enum err store_adapter_get(struct store *s, struct arena *arena, struct store_adapter *out,
			   const uint8_t id[STORE_ID])
{
	static const struct store_statement find = {"adapter_get", ADAPTER_SELECT
						    "WHERE a.id = $1 AND a.state <> 'deleted'"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, id);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_adapter, "adapter");
}

enum err store_adapter_find(struct store *s, struct arena *arena, struct store_adapter *out,
			    const uint8_t model[STORE_ID], struct slice name,
			    const uint8_t person[STORE_ID])
{
	static const struct store_statement find = {
		"adapter_find",
		ADAPTER_SELECT "WHERE a.model = $1 AND a.name = $2 AND a.state <> 'deleted' "
			       "AND (a.owner = $3 OR a.state = 'published') "
			       "ORDER BY a.owner = $3 DESC LIMIT 1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, model);
	store_put_text(&step, name);
	store_put_id(&step, person);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_adapter, "adapter");
}

enum err store_adapter_list(struct store *s, struct arena *arena, struct store_adapter **out,
			    size_t *count, const uint8_t *model, const uint8_t person[STORE_ID],
			    bool all)
{
	static const struct store_statement list = {
		"adapter_list", ADAPTER_SELECT "WHERE a.state <> 'deleted' "
					       "AND ($1::uuid IS NULL OR a.model = $1) "
					       "AND ($3 OR a.owner = $2 OR a.state = 'published') "
					       "ORDER BY m.name, a.name, a.created_at LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	if (model)
		store_put_id(&step, model);
	else
		store_put_null(&step);
	store_put_id(&step, person);
	store_put_bool(&step, all);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_adapter);
	return OK;
}

enum err store_adapter_step(struct store *s, const uint8_t id[STORE_ID],
			    const struct store_adapter_step *to)
{
	static const struct store_statement update = {
		"adapter_step", "UPDATE adapter SET state = $3, reason = $4, decided_by = "
				"coalesce($5, decided_by), "
				"changed_at = $6 WHERE id = $1 AND state = $2"};
	static const uint8_t nobody[STORE_ID];
	AUTO(store_step_clear) struct store_step step = {.statement = &update};
	enum err result;

	store_put_id(&step, id);
	store_put_text(&step, slice_of_string(names[to->from]));
	store_put_text(&step, slice_of_string(names[to->to]));
	store_put_text_or_null(&step, to->reason);
	store_put_id(&step, to->decided_by ? to->decided_by : nobody);
	store_put_time(&step, to->now_ms);
	result = store_run(s, &step, 1);
	if (result == ERR_CONFLICT)
		return failure(ERR_CONFLICT, "another adapter of this name is published already");
	TRY(result);
	if (store_changed(&step) == 0)
		return failure(ERR_CONFLICT, "the adapter is not %s any more", names[to->from]);
	return OK;
}

enum err store_adapter_found(struct store *s, const struct store_adapter *a)
{
	static const struct store_statement update = {
		"adapter_found",
		"UPDATE adapter SET sha256 = $2, revision = $3, rank = $4::bigint, "
		"products = $5::bigint, memory_bytes = $6::bigint WHERE id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_id(&step, a->id);
	store_put_bytes(&step, slice_of(a->sha256, STORE_SHA256));
	store_put_text(&step, a->revision);
	store_put_int(&step, a->rank);
	store_put_int(&step, a->products);
	store_put_int(&step, a->memory_bytes);
	return store_change(s, &step, "adapter");
}

static void add_release(struct store_batch *batch, const uint8_t id[STORE_ID], struct slice path)
{
	static const struct store_statement release = {
		"adapter_file_release",
		"UPDATE blob SET state = 'sealed' WHERE id IN (SELECT blob FROM adapter_file "
		"WHERE adapter = $1 AND ($2::text IS NULL OR path = $2))"};
	static const struct store_statement remove = {"adapter_file_remove",
						      "DELETE FROM adapter_file WHERE adapter = $1 "
						      "AND ($2::text IS NULL OR path = $2)"};
	const struct store_statement *const both[] = {&release, &remove};

	for (size_t i = 0; i < 2; i++) {
		struct store_step *step = store_batch_add(batch, both[i], NULL);

		store_put_id(step, id);
		store_put_text_or_null(step, path);
	}
}

enum err store_adapter_file_put(struct store *s, const uint8_t id[STORE_ID],
				const struct store_adapter_file *file)
{
	static const struct store_statement insert = {
		"adapter_file_insert",
		"WITH b AS (UPDATE blob SET state = 'committed' WHERE id = $3 AND state = 'sealed' "
		"RETURNING id), a AS (SELECT id FROM adapter WHERE id = $1 "
		"AND state IN ('uploading', 'refused') FOR UPDATE) "
		"INSERT INTO adapter_file (adapter, path, blob, size, sha256) "
		"SELECT a.id, $2, b.id, $4::bigint, $5 FROM a, b"};
	AUTO(store_end) struct store *store = s;
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step;

	TRY(store_begin(store));
	add_release(&batch, id, file->path);
	step = store_batch_add(&batch, &insert, NULL);
	store_put_id(step, id);
	store_put_text(step, file->path);
	store_put_id(step, file->blob);
	store_put_int(step, (int64_t)file->size);
	store_put_bytes(step, slice_of(file->sha256, STORE_SHA256));
	TRY(store_batch_run(store, &batch));
	if (store_changed(step) == 0)
		return failure(ERR_CONFLICT, "the adapter takes no files any more");
	return store_commit(store);
}

static void take_file(struct store_step *step, void *out)
{
	struct store_adapter_file *file = out;

	file->path = store_take_text(step);
	store_take_id(step, file->blob);
	file->size = (uint64_t)store_take_int(step);
	store_take_bytes(step, file->sha256, sizeof file->sha256);
	file->header = store_take_text(step);
	file->is_bound = store_take_bool(step);
}

enum err store_adapter_files(struct store *s, struct arena *arena, struct store_adapter_file **out,
			     size_t *count, const uint8_t id[STORE_ID])
{
	static const struct store_statement list = {
		"adapter_files", "SELECT f.path, f.blob, f.size, f.sha256, "
				 "coalesce(f.header, b.header), f.header IS NOT NULL "
				 "FROM adapter_file f JOIN blob b ON b.id = f.blob "
				 "WHERE f.adapter = $1 ORDER BY f.path"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, id);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_file);
	return OK;
}

/* The upload's own header is not under the adapter's key: it must not outlive it. */
enum err store_adapter_file_bind(struct store *s, const uint8_t id[STORE_ID], struct slice path,
				 struct slice header)
{
	static const struct store_statement update = {
		"adapter_file_bind",
		"WITH f AS (UPDATE adapter_file SET header = $3 WHERE adapter = $1 AND path = $2 "
		"RETURNING blob) UPDATE blob SET header = $3 WHERE id IN (SELECT blob FROM f)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_id(&step, id);
	store_put_text(&step, path);
	store_put_bytes(&step, header);
	return store_change(s, &step, "file of this adapter");
}

enum err store_adapter_files_drop(struct store *s, const uint8_t id[STORE_ID])
{
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};

	add_release(&batch, id, S(""));
	return store_batch_run(s, &batch);
}
