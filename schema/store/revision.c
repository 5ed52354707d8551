/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/revision.h"

#include "schema/store/rows.h"

#define FILE_COLUMNS "f.path, f.blob, f.size, f.sha256, f.git_sha1, f.is_large, f.header"

#define READY_REVISION_OF_MODEL_NAME \
	"FROM model m JOIN revision r ON r.model = m.id AND r.state = 'ready' AND r.id " \
	"= " REVISION_OF("m.id")

const struct store_statement file_find_statement = {
	"file_find", "SELECT " FILE_COLUMNS " " READY_REVISION_OF_MODEL_NAME
		     "JOIN revision_file f ON f.model = m.id AND f.revision = r.id "
		     "WHERE m.name = $1 AND f.path = $3"};

void revision_take(struct store_step *step, void *out)
{
	struct store_revision *revision = out;

	store_take_id(step, revision->model);
	revision->id = store_take_text(step);
	revision->state = store_take_text(step);
	revision->parent = store_take_text(step);
	revision->title = store_take_text(step);
	store_take_digest(step, revision->manifest_sha256);
	revision->runnable = store_take_bool(step);
	revision->runnable_reason = store_take_text(step);
	revision->has_template = store_take_bool(step);
	revision->created_ms = store_take_time(step);
	store_take_id(step, revision->recall);
	revision->recall_reason = store_take_text(step);
	revision->tasks = store_take_text(step);
	revision->chat = store_take_text(step);
}

void file_take(struct store_step *step, void *out)
{
	struct store_file *file = out;

	file->path = store_take_text(step);
	store_take_id(step, file->blob);
	file->size = (uint64_t)store_take_int(step);
	store_take_bytes(step, file->sha256, sizeof file->sha256);
	store_take_bytes(step, file->git_sha1, sizeof file->git_sha1);
	file->is_large = store_take_bool(step);
	file->header = store_take_text(step);
}

static enum err insert_revision(struct store *s, const struct store_revision *revision,
				const uint8_t created_by[STORE_ID])
{
	static const struct store_statement insert = {
		"revision_insert",
		"INSERT INTO revision (model, id, parent, title, manifest_sha256, runnable, "
		"runnable_reason, has_template, created_at, created_by, tasks, chat) VALUES ($1, "
		"$2, $3, $4, $5, $6, $7, $8, $9, $10, string_to_array($11, ','), $12)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, revision->model);
	store_put_text(&step, revision->id);
	store_put_text_or_null(&step, revision->parent);
	store_put_text(&step, revision->title);
	store_put_bytes(&step, slice_of(revision->manifest_sha256, STORE_SHA256));
	store_put_bool(&step, revision->runnable);
	store_put_text_or_null(&step, revision->runnable_reason);
	store_put_bool(&step, revision->has_template);
	store_put_time(&step, revision->created_ms);
	store_put_id(&step, created_by);
	store_put_text(&step, revision->tasks);
	store_put_text_or_null(&step, revision->chat);
	return store_run(s, &step, 1);
}

/* The file row takes size and digests from the blob, so that they cannot differ. */
static void put_file(struct store_batch *batch, const struct store_revision *revision,
		     const struct store_file *file)
{
	static const struct store_statement insert = {
		"file_insert",
		"WITH b AS (UPDATE blob SET state = 'committed' WHERE id = $4 AND model = $1 "
		"AND state <> 'sealing' RETURNING id, size, sha256, git_sha1) "
		"INSERT INTO revision_file (model, revision, path, blob, size, sha256, git_sha1, "
		"is_large, header) SELECT $1::uuid, $2::text, $3::text, b.id, b.size, b.sha256, "
		"b.git_sha1, $5::boolean, $6::bytea FROM b"};
	struct store_step *step = store_batch_add(batch, &insert, NULL);

	store_put_id(step, revision->model);
	store_put_text(step, revision->id);
	store_put_text(step, file->path);
	store_put_id(step, file->blob);
	store_put_bool(step, file->is_large);
	store_put_bytes_or_null(step, file->header);
}

static void put_header(struct store_batch *batch, const struct store_revision *revision,
		       const struct store_file *file)
{
	static const struct store_statement update = {
		"file_set_header", "UPDATE revision_file SET header = $4 WHERE model = $1 "
				   "AND revision = $2 AND path = $3"};
	struct store_step *step = store_batch_add(batch, &update, NULL);

	store_put_id(step, revision->model);
	store_put_text(step, revision->id);
	store_put_text(step, file->path);
	store_put_bytes(step, file->header);
}

typedef void put_file_fn(struct store_batch *batch, const struct store_revision *revision,
			 const struct store_file *file);

/* A statement a file, STORE_MAX_STEPS in one round trip; each must change a row. */
static enum err run_files(struct store *s, const struct store_revision *revision,
			  const struct store_file *files, size_t count, put_file_fn *put)
{
	for (size_t first = 0; first < count; first += STORE_MAX_STEPS) {
		AUTO(store_batch_clear) struct store_batch batch = {.count = 0};

		for (size_t i = first; i < count && i < first + STORE_MAX_STEPS; i++)
			put(&batch, revision, &files[i]);
		TRY(store_batch_run(s, &batch));
		for (size_t i = 0; i < batch.count; i++)
			if (store_changed(&batch.steps[i]) == 0)
				return failure(ERR_NOT_FOUND, "file \"%.*s\": it is not sealed",
					       SLICE_PRINT(files[first + i].path));
	}
	return OK;
}

/* In the caller's transaction if there is one, else in one of its own. */
static enum err run_all(struct store *s, const struct store_revision *revision,
			const uint8_t *created_by, const struct store_file *files, size_t count,
			put_file_fn *put)
{
	bool is_ours = !store_is_in_transaction(s);
	enum err result = is_ours ? store_begin(s) : OK;

	if (result == OK && created_by)
		result = insert_revision(s, revision, created_by);
	if (result == OK)
		result = run_files(s, revision, files, count, put);
	if (result == OK && is_ours)
		result = store_commit(s);
	if (is_ours)
		store_rollback(s);
	return result;
}

enum err store_revision_create(struct store *s, const struct store_revision *revision,
			       const uint8_t created_by[STORE_ID], const struct store_file *files,
			       size_t count)
{
	if (count == 0 || count > STORE_MAX_FILES)
		return failure(ERR_LIMIT, "a revision has 1 to %d files, not %zu", STORE_MAX_FILES,
			       count);
	return run_all(s, revision, created_by, files, count, put_file);
}

enum err store_revision_set_headers(struct store *s, const uint8_t model[STORE_ID],
				    struct slice revision, const struct store_file *files,
				    size_t count)
{
	struct store_revision which = {.id = revision};

	memcpy(which.model, model, STORE_ID);
	return run_all(s, &which, NULL, files, count, put_header);
}

/* The branch moves only if the revision became ready in this statement and follows what the branch
 * points to: of two commits on the same parent one wins, and nothing is lost. */
/* A header of the time of the upload is not under the model's own key; once every file has one that
 * is, it must not outlive it: shredding the model destroys that key. */
static enum err forget_upload_headers(struct store *s, const uint8_t model[STORE_ID],
				      struct slice revision)
{
	static const struct store_statement update = {
		"revision_forget_upload_headers",
		"UPDATE blob b SET header = f.header FROM revision_file f "
		"WHERE f.model = $1 AND f.revision = $2 AND f.blob = b.id"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_id(&step, model);
	store_put_text(&step, revision);
	return store_run(s, &step, 1);
}

enum err store_revision_ready(struct store *s, const uint8_t model[STORE_ID], struct slice revision,
			      struct slice branch, int64_t now_ms)
{
	static const struct store_statement update = {
		"revision_ready",
		"WITH r AS (UPDATE revision SET state = 'ready' WHERE model = $1 AND id = $2 "
		"AND state = 'binding' AND NOT EXISTS (SELECT FROM revision_file f "
		"WHERE f.model = $1 AND f.revision = $2 AND f.header IS NULL) "
		"RETURNING model, id, parent) "
		"INSERT INTO branch (model, name, revision, moved_at) "
		"SELECT r.model, $3::text, r.id, $4::timestamptz FROM r "
		"ON CONFLICT (model, name) DO UPDATE SET revision = excluded.revision, "
		"moved_at = excluded.moved_at "
		"WHERE branch.revision = (SELECT r.parent FROM r)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};
	bool is_ours = !store_is_in_transaction(s);
	enum err result = is_ours ? store_begin(s) : OK;

	store_put_id(&step, model);
	store_put_text(&step, revision);
	store_put_text(&step, branch);
	store_put_time(&step, now_ms);
	if (result == OK)
		result = store_run(s, &step, 1);
	if (result == OK && store_changed(&step) == 0)
		result = failure(ERR_CONFLICT,
				 "the branch has moved on, or the revision is not whole");
	if (result == OK)
		result = forget_upload_headers(s, model, revision);
	if (result == OK && is_ours)
		result = store_commit(s);
	if (is_ours)
		store_rollback(s);
	return result;
}

enum err store_revision_set_runnable(struct store *s, const uint8_t model[STORE_ID],
				     struct slice revision, bool runnable, struct slice reason)
{
	static const struct store_statement update = {
		"revision_set_runnable", "UPDATE revision SET runnable = $3, runnable_reason = $4 "
					 "WHERE model = $1 AND id = $2"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_id(&step, model);
	store_put_text(&step, revision);
	store_put_bool(&step, runnable);
	store_put_text_or_null(&step, reason);
	return store_change(s, &step, "revision");
}

enum err store_revision_set_tasks(struct store *s, const uint8_t model[STORE_ID],
				  struct slice revision, struct slice tasks)
{
	static const struct store_statement update = {
		"revision_set_tasks", "UPDATE revision SET tasks = string_to_array($3, ',') "
				      "WHERE model = $1 AND id = $2"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_id(&step, model);
	store_put_text(&step, revision);
	store_put_text(&step, tasks);
	return store_change(s, &step, "revision");
}

enum err store_revision_set_chat(struct store *s, const uint8_t model[STORE_ID],
				 struct slice revision, struct slice chat)
{
	static const struct store_statement update = {
		"revision_set_chat", "UPDATE revision SET chat = $3 WHERE model = $1 AND id = $2"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_id(&step, model);
	store_put_text(&step, revision);
	store_put_text_or_null(&step, chat);
	return store_change(s, &step, "revision");
}

enum err store_revision_get(struct store *s, struct arena *arena, struct store_revision *out,
			    const uint8_t model[STORE_ID], struct slice id_or_name)
{
	static const struct store_statement find = {
		"revision_get", "SELECT " REVISION_COLUMNS " FROM revision r WHERE r.model = $1 "
				"AND r.state = 'ready' AND r.id = " REVISION_OF("$1")};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, model);
	store_put_text(&step, id_or_name);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, revision_take, "revision");
}

enum err store_revision_list(struct store *s, struct arena *arena, struct store_revision **out,
			     size_t *count, const uint8_t model[STORE_ID])
{
	static const struct store_statement list = {
		"revision_list",
		"SELECT " REVISION_COLUMNS " FROM revision r WHERE r.model = $1 "
		"AND r.state = 'ready' ORDER BY r.created_at DESC, r.id LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, model);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, revision_take);
	return OK;
}

enum err store_revision_files(struct store *s, struct arena *arena, struct store_file **out,
			      size_t *count, const uint8_t model[STORE_ID], struct slice revision)
{
	static const struct store_statement list = {
		"file_list", "SELECT " FILE_COLUMNS " FROM revision_file f WHERE f.model = $1 "
			     "AND f.revision = $2 ORDER BY f.path COLLATE \"C\" LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, model);
	store_put_text(&step, revision);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, file_take);
	return OK;
}

enum err store_revision_file(struct store *s, struct arena *arena, struct store_file *out,
			     const uint8_t model[STORE_ID], struct slice revision,
			     struct slice path)
{
	static const struct store_statement find = {
		"file_get", "SELECT " FILE_COLUMNS " FROM revision_file f WHERE f.model = $1 "
			    "AND f.revision = $2 AND f.path = $3"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, model);
	store_put_text(&step, revision);
	store_put_text(&step, path);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, file_take, "file in this revision");
}

enum err store_revision_drop(struct store *s, const uint8_t model[STORE_ID], struct slice revision)
{
	static const struct store_statement drop_files = {
		"revision_drop_files",
		"WITH f AS (DELETE FROM revision_file f USING revision r WHERE f.model = $1 "
		"AND f.revision = $2 AND r.model = $1 AND r.id = $2 AND r.state = 'binding' "
		"RETURNING f.blob) UPDATE blob SET state = 'sealed' WHERE id IN (SELECT blob FROM "
		"f) "
		"AND NOT EXISTS (SELECT FROM revision_file o WHERE o.blob = blob.id "
		"AND (o.model, o.revision) <> ($1, $2))"};
	static const struct store_statement drop = {
		"revision_drop",
		"DELETE FROM revision WHERE model = $1 AND id = $2 AND state = 'binding'"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	const struct store_statement *const statements[] = {&drop_files, &drop};

	for (size_t i = 0; i < 2; i++) {
		struct store_step *step = store_batch_add(&batch, statements[i], NULL);

		store_put_id(step, model);
		store_put_text(step, revision);
	}
	TRY(store_batch_run(s, &batch));
	if (store_changed(&batch.steps[1]) == 0)
		return failure(ERR_NOT_FOUND, "there is no such revision that is still binding");
	return OK;
}

enum err store_revision_sweep(struct store *s, int64_t before_ms)
{
	static const struct store_statement free_blobs = {
		"revision_sweep_files",
		"WITH f AS (DELETE FROM revision_file f USING revision r WHERE r.model = f.model "
		"AND r.id = f.revision AND r.state = 'binding' AND r.created_at < $1 "
		"RETURNING f.model, f.revision, f.blob) UPDATE blob SET state = 'sealed' "
		"WHERE id IN (SELECT blob FROM f) AND NOT EXISTS (SELECT FROM revision_file o "
		"WHERE o.blob = blob.id AND (o.model, o.revision) NOT IN (SELECT model, revision "
		"FROM f))"};
	static const struct store_statement sweep = {
		"revision_sweep",
		"DELETE FROM revision WHERE state = 'binding' AND created_at < $1"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};

	store_put_time(store_batch_add(&batch, &free_blobs, NULL), before_ms);
	store_put_time(store_batch_add(&batch, &sweep, NULL), before_ms);
	return store_batch_run(s, &batch);
}

static void take_branch(struct store_step *step, void *out)
{
	struct store_branch *branch = out;

	branch->name = store_take_text(step);
	branch->revision = store_take_text(step);
}

enum err store_branch_list(struct store *s, struct arena *arena, struct store_branch **out,
			   size_t *count, const uint8_t model[STORE_ID])
{
	static const struct store_statement list = {
		"branch_list",
		"SELECT name, revision FROM branch WHERE model = $1 ORDER BY name LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, model);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_branch);
	return OK;
}
