/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/upload.h"

#include "schema/store/query.h"

#define UPLOAD_COLUMNS "u.id, u.model, u.sha256, u.size, u.part_size, u.header, u.created_at"
#define PART_COLUMNS "p.id, p.upload, p.number::bigint, p.size, p.sha256"

static void take_upload(struct store_step *step, void *out)
{
	struct store_upload *upload = out;

	store_take_id(step, upload->id);
	store_take_id(step, upload->model);
	store_take_bytes(step, upload->sha256, sizeof upload->sha256);
	upload->size = (uint64_t)store_take_int(step);
	upload->part_size = (uint64_t)store_take_int(step);
	upload->header = store_take_text(step);
	upload->created_ms = store_take_time(step);
}

static void take_part(struct store_step *step, void *out)
{
	struct store_part *part = out;

	store_take_id(step, part->id);
	store_take_id(step, part->upload);
	part->number = (unsigned)store_take_int(step);
	part->size = (uint64_t)store_take_int(step);
	store_take_bytes(step, part->sha256, sizeof part->sha256);
}

static void take_flag(struct store_step *step, void *out)
{
	*(bool *)out = store_take_bool(step);
}

enum err store_upload_may_begin(struct store *s, const uint8_t model[STORE_ID])
{
	static const struct store_statement find = {
		"upload_may_begin", "SELECT state = 'active' FROM model WHERE id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find};
	bool is_active;

	store_put_id(&step, model);
	TRY(store_run(s, &step, 1));
	TRY(store_one(&step, &is_active, take_flag, "model"));
	return is_active ? OK : failure(ERR_DENIED, "the model takes no files: it is disabled");
}

enum err store_upload_find(struct store *s, struct arena *arena, struct store_upload *out,
			   const uint8_t model[STORE_ID], const uint8_t sha256[STORE_SHA256],
			   uint64_t size)
{
	static const struct store_statement find = {
		"upload_find", "SELECT " UPLOAD_COLUMNS " FROM upload u WHERE u.model = $1 "
			       "AND u.sha256 = $2 AND u.size = $3::bigint"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, model);
	store_put_bytes(&step, slice_of(sha256, STORE_SHA256));
	store_put_int(&step, (int64_t)size);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_upload, "upload of this content");
}

/* The ceilings are not exact under concurrency; they need not be. */
enum err store_upload_create(struct store *s, const struct store_upload *upload,
			     const uint8_t created_by[STORE_ID])
{
	static const struct store_statement insert = {
		"upload_insert",
		"INSERT INTO upload (id, model, sha256, size, part_size, header, created_at, "
		"created_by, touched_at) SELECT $1::uuid, $2::uuid, $3::bytea, $4::bigint, "
		"$5::bigint, $6::bytea, $7::timestamptz, $8::uuid, $7::timestamptz "
		"WHERE (SELECT count(*) < $9::bigint AND coalesce(sum(size), 0) + $4::bigint "
		"<= $10::bigint FROM upload) ON CONFLICT (model, sha256, size) DO NOTHING"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, upload->id);
	store_put_id(&step, upload->model);
	store_put_bytes(&step, slice_of(upload->sha256, STORE_SHA256));
	store_put_int(&step, (int64_t)upload->size);
	store_put_int(&step, (int64_t)upload->part_size);
	store_put_bytes(&step, upload->header);
	store_put_time(&step, upload->created_ms);
	store_put_id(&step, created_by);
	store_put_int(&step, STORE_MAX_UPLOADS);
	store_put_int(&step, STORE_MAX_UPLOAD_BYTES);
	TRY(store_run(s, &step, 1));
	if (store_changed(&step) == 0)
		return failure(ERR_CONFLICT,
			       "too many or too large uploads are unfinished (at "
			       "most %d, of 8 TiB together); finish them first",
			       STORE_MAX_UPLOADS);
	return OK;
}

enum err store_part_begin(struct store *s, const struct store_part *part, int64_t now_ms)
{
	static const struct store_statement insert = {
		"part_insert",
		"WITH u AS (UPDATE upload SET touched_at = $4 WHERE id = $2 RETURNING id) "
		"INSERT INTO upload_part (id, upload, number) SELECT $1::uuid, u.id, "
		"$3::bigint::integer FROM u WHERE (SELECT count(*) FROM upload_part "
		"WHERE upload = $2 AND size IS NULL) < $5::bigint"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, part->id);
	store_put_id(&step, part->upload);
	store_put_int(&step, part->number);
	store_put_time(&step, now_ms);
	store_put_int(&step, STORE_MAX_ATTEMPTS);
	TRY(store_run(s, &step, 1));
	if (store_changed(&step) == 0)
		return failure(ERR_CONFLICT, "the upload is over, or too many of its parts are "
					     "being sent at once; ask for it again");
	return OK;
}

enum err store_part_sealed(struct store *s, const struct store_part *part, int64_t now_ms)
{
	static const struct store_statement demote = {
		"part_demote",
		"UPDATE upload_part SET size = NULL, sha256 = NULL WHERE upload = $1 "
		"AND number = $2::bigint AND size IS NOT NULL "
		"AND EXISTS (SELECT FROM upload_part WHERE id = $3)"};
	static const struct store_statement seal = {
		"part_seal",
		"WITH u AS (UPDATE upload SET touched_at = $5 WHERE id = $4) UPDATE upload_part "
		"SET size = $2::bigint, sha256 = $3 WHERE id = $1 AND upload = $4"};
	struct store_step steps[2] = {{.statement = &demote}, {.statement = &seal}};
	enum err result;

	store_put_id(&steps[0], part->upload);
	store_put_int(&steps[0], part->number);
	store_put_id(&steps[0], part->id);
	store_put_id(&steps[1], part->id);
	store_put_int(&steps[1], (int64_t)part->size);
	store_put_bytes(&steps[1], slice_of(part->sha256, STORE_SHA256));
	store_put_id(&steps[1], part->upload);
	store_put_time(&steps[1], now_ms);
	result = store_run(s, steps, 2);
	if (result == OK && store_changed(&steps[1]) == 0)
		result = failure(ERR_CONFLICT, "the upload is over; ask for it again");
	store_step_clear(&steps[0]);
	store_step_clear(&steps[1]);
	return result;
}

enum err store_part_delete(struct store *s, const uint8_t id[STORE_ID])
{
	static const struct store_statement remove = {"part_delete",
						      "DELETE FROM upload_part WHERE id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &remove};

	store_put_id(&step, id);
	return store_run(s, &step, 1);
}

static enum err list_parts(struct store *s, struct arena *arena, struct store_part **out,
			   size_t *count, const struct store_statement *statement,
			   const uint8_t upload[STORE_ID])
{
	AUTO(store_step_clear) struct store_step step = {.statement = statement, .arena = arena};

	store_put_id(&step, upload);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_part);
	return OK;
}

enum err store_part_list(struct store *s, struct arena *arena, struct store_part **out,
			 size_t *count, const uint8_t upload[STORE_ID])
{
	static const struct store_statement list = {
		"part_list", "SELECT " PART_COLUMNS " FROM upload_part p WHERE p.upload = $1 "
			     "AND p.size IS NOT NULL ORDER BY p.number LIMIT 1024"};

	return list_parts(s, arena, out, count, &list, upload);
}

enum err store_part_all(struct store *s, struct arena *arena, struct store_part **out,
			size_t *count, const uint8_t upload[STORE_ID])
{
	static const struct store_statement list = {
		"part_all", "SELECT " PART_COLUMNS " FROM upload_part p WHERE p.upload = $1"};

	return list_parts(s, arena, out, count, &list, upload);
}

/* One that is being sealed at this moment is an attempt too: two of one number race, and the one
 * that is discarded under its sealer's hands fails to be entered. */
enum err store_part_replaced(struct store *s, struct arena *arena, struct store_part **out,
			     size_t *count, const struct store_part *part)
{
	static const struct store_statement list = {
		"part_replaced", "SELECT " PART_COLUMNS " FROM upload_part p WHERE p.upload = $1 "
				 "AND p.number = $2::bigint AND p.size IS NULL"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, part->upload);
	store_put_int(&step, part->number);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_part);
	return OK;
}

enum err store_upload_delete(struct store *s, const uint8_t id[STORE_ID])
{
	static const struct store_statement remove = {"upload_delete",
						      "DELETE FROM upload WHERE id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &remove};

	store_put_id(&step, id);
	return store_run(s, &step, 1);
}

enum err store_upload_abandoned(struct store *s, struct arena *arena, struct store_upload **out,
				size_t *count, int64_t touched_before_ms, int64_t begun_before_ms)
{
	static const struct store_statement list = {
		"upload_abandoned",
		"SELECT " UPLOAD_COLUMNS " FROM upload u WHERE u.touched_at < $1 OR u.created_at < "
		"$2 OR u.model IN (SELECT id FROM model WHERE state = 'shredded') "
		"ORDER BY u.touched_at LIMIT 256"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_time(&step, touched_before_ms);
	store_put_time(&step, begun_before_ms);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_upload);
	return OK;
}
