/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/accessor.h"

#include "schema/store/query.h"
#include "schema/store/rows.h"

enum err store_accessors_set(struct store *s, const uint8_t request[STORE_ID], struct slice names,
			     bool anew, int64_t now_ms)
{
	static const struct store_statement clear = {
		"accessor_clear",
		"DELETE FROM access_accessor a WHERE a.request = $1 AND "
		"($3::boolean OR a.person NOT IN (SELECT p.id FROM person p WHERE "
		"p.name = ANY (string_to_array($2::text, ','))))"};
	/* A name that is nobody's gives NULL, and NULL is no accessor: the row is refused. */
	static const struct store_statement fill = {
		"accessor_fill",
		"INSERT INTO access_accessor (request, person, added_at) SELECT $1::uuid, p.id, "
		"$3::timestamptz FROM unnest(string_to_array($2::text, ',')) AS wanted (name) "
		"LEFT JOIN person p ON p.name = wanted.name ON CONFLICT DO NOTHING"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step = store_batch_add(&batch, &clear, NULL);
	enum err result;

	store_put_id(step, request);
	store_put_text(step, names);
	store_put_bool(step, anew);
	step = store_batch_add(&batch, &fill, NULL);
	store_put_id(step, request);
	store_put_text(step, names);
	store_put_time(step, now_ms);
	result = store_batch_run(s, &batch);
	if (result == ERR_FORMAT)
		return failure(ERR_NOT_FOUND, "\"accessors\" names somebody who is no person here");
	return result;
}

static void take_accessor(struct store_step *step, void *out)
{
	struct store_accessor *a = out;

	store_take_id(step, a->request);
	store_take_id(step, a->person);
	a->name = store_take_text(step);
	a->state = store_take_text(step);
	a->accepted_ms = store_take_time(step);
	a->has_terms = store_take_digest(step, a->terms_sha256);
	store_take_id(step, a->terms_key);
	store_take_bytes(step, a->terms_signature, sizeof a->terms_signature);
}

enum err store_accessor_list(struct store *s, struct arena *arena, struct store_accessor **out,
			     size_t *count, const uint8_t request[STORE_ID])
{
	static const struct store_statement list = {
		"accessor_list", "SELECT a.request, a.person, p.name, p.state, a.accepted_at, "
				 "a.terms_sha256, a.terms_key, a.terms_signature FROM "
				 "access_accessor a JOIN person p ON p.id = a.person "
				 "WHERE a.request = $1 ORDER BY p.name"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, request);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_accessor);
	return OK;
}

enum err store_accessor_accept(struct store *s, const struct store_accessor *a)
{
	static const struct store_statement update = {
		"accessor_accept",
		"UPDATE access_accessor SET accepted_at = $3, terms_sha256 = $4, "
		"terms_key = $5, terms_signature = $6 "
		"WHERE request = $1 AND person = $2"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};
	bool is_signed = !store_id_is_none(a->terms_key);

	store_put_id(&step, a->request);
	store_put_id(&step, a->person);
	store_put_time(&step, a->accepted_ms);
	store_put_bytes_or_null(&step, slice_of(a->terms_sha256, a->has_terms ? STORE_SHA256 : 0));
	store_put_id(&step, a->terms_key);
	store_put_bytes_or_null(&step,
				slice_of(a->terms_signature, is_signed ? STORE_SIGNATURE : 0));
	return store_change(s, &step, "accessor of this request");
}
