/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/blob.h"

#include "schema/store/query.h"

#define BLOB_COLUMNS \
	"b.id, b.model, b.state, b.size, b.sha256, b.git_sha1, b.is_pickle, " \
	"b.header, b.created_at"

static void take_blob(struct store_step *step, void *out)
{
	struct store_blob *blob = out;

	store_take_id(step, blob->id);
	store_take_id(step, blob->model);
	blob->state = store_take_text(step);
	blob->size = (uint64_t)store_take_int(step);
	store_take_bytes(step, blob->sha256, sizeof blob->sha256);
	store_take_bytes(step, blob->git_sha1, sizeof blob->git_sha1);
	blob->is_pickle = store_take_bool(step);
	blob->header = store_take_text(step);
	blob->created_ms = store_take_time(step);
}

enum err store_blob_create(struct store *s, const struct store_blob *blob,
			   const uint8_t created_by[STORE_ID])
{
	static const struct store_statement insert = {
		"blob_insert", "INSERT INTO blob (id, model, header, created_at, created_by) "
			       "VALUES ($1, $2, $3, $4, $5)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, blob->id);
	store_put_id(&step, blob->model);
	store_put_bytes(&step, blob->header);
	store_put_time(&step, blob->created_ms);
	store_put_id(&step, created_by);
	return store_run(s, &step, 1);
}

enum err store_blob_sealed(struct store *s, const uint8_t id[STORE_ID], uint64_t size,
			   const uint8_t sha256[STORE_SHA256],
			   const uint8_t git_sha1[STORE_GIT_SHA1], bool is_pickle)
{
	static const struct store_statement update = {
		"blob_sealed", "UPDATE blob SET state = 'sealed', size = $2::bigint, sha256 = $3, "
			       "git_sha1 = $4, is_pickle = $5 WHERE id = $1 AND state = 'sealing'"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_id(&step, id);
	store_put_int(&step, (int64_t)size);
	store_put_bytes(&step, slice_of(sha256, STORE_SHA256));
	store_put_bytes(&step, slice_of(git_sha1, STORE_GIT_SHA1));
	store_put_bool(&step, is_pickle);
	TRY(store_run(s, &step, 1));
	if (store_changed(&step) == 0)
		return failure(ERR_CONFLICT, "this blob is not being sealed");
	return OK;
}

enum err store_blob_by_sha256(struct store *s, struct arena *arena, struct store_blob *out,
			      const uint8_t model[STORE_ID], const uint8_t sha256[STORE_SHA256])
{
	static const struct store_statement find = {
		"blob_by_sha256",
		"SELECT b.id, b.model, b.state, b.size, b.sha256, b.git_sha1, b.is_pickle, "
		"coalesce((SELECT f.header FROM revision_file f WHERE f.blob = b.id "
		"AND f.header IS NOT NULL LIMIT 1), b.header), b.created_at "
		"FROM blob b WHERE b.model = $1 AND b.sha256 = $2 AND b.state <> 'sealing' "
		"ORDER BY b.created_at LIMIT 1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, model);
	store_put_bytes(&step, slice_of(sha256, STORE_SHA256));
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_blob, "sealed file of this content");
}

enum err store_blob_orphans(struct store *s, struct arena *arena, struct store_blob **out,
			    size_t *count, int64_t before_ms)
{
	static const struct store_statement list = {
		"blob_orphans", "SELECT " BLOB_COLUMNS " FROM blob b WHERE b.state <> 'committed' "
				"AND b.created_at < $1 ORDER BY b.created_at LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_time(&step, before_ms);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_blob);
	return OK;
}

enum err store_blob_delete(struct store *s, const uint8_t id[STORE_ID])
{
	static const struct store_statement remove = {
		"blob_delete", "DELETE FROM blob WHERE id = $1 AND state <> 'committed'"};
	AUTO(store_step_clear) struct store_step step = {.statement = &remove};

	store_put_id(&step, id);
	TRY(store_run(s, &step, 1));
	if (store_changed(&step) == 0)
		return failure(ERR_CONFLICT, "this blob is not an orphan");
	return OK;
}
