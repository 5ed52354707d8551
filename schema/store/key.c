/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/key.h"

#include <assert.h>

#include "schema/store/query.h"

#define KEY_COLUMNS "id, person, kind, public, name, created_at, revoked_at"

struct slice store_key_public(const struct store_key *key)
{
	return slice_of(key->public,
			slice_equal(key->kind, S("p256")) ? STORE_PUBLIC_P256 : STORE_PUBLIC_KEY);
}

/* The database has checked that its size is that of its kind. */
static void take_public(struct store_step *step, struct store_key *key)
{
	struct slice public_key = store_take_text(step);

	assert(public_key.size == store_key_public(key).size);
	memset(key->public, 0, sizeof key->public);
	memcpy(key->public, public_key.data, public_key.size);
}

static void take_key(struct store_step *step, void *out)
{
	struct store_key *key = out;

	store_take_id(step, key->id);
	store_take_id(step, key->person);
	key->kind = store_take_text(step);
	take_public(step, key);
	key->name = store_take_text(step);
	key->created_ms = store_take_time(step);
	key->revoked_ms = store_take_time(step);
}

enum err store_key_enroll(struct store *s, const struct store_key *key)
{
	static const struct store_statement insert = {
		"key_insert", "INSERT INTO person_key (id, person, kind, public, name, created_at) "
			      "VALUES ($1, $2, $3, $4, $5, $6)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, key->id);
	store_put_id(&step, key->person);
	store_put_text(&step, key->kind);
	store_put_bytes(&step, store_key_public(key));
	store_put_text(&step, key->name);
	store_put_time(&step, key->created_ms);
	return store_run(s, &step, 1);
}

enum err store_key_list(struct store *s, struct arena *arena, struct store_key **out, size_t *count,
			const uint8_t person[STORE_ID])
{
	static const struct store_statement list = {
		"key_list", "SELECT " KEY_COLUMNS " FROM person_key WHERE person = $1 "
			    "ORDER BY created_at, id LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, person);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_key);
	return OK;
}

enum err store_key_get(struct store *s, struct arena *arena, struct store_key *out,
		       const uint8_t id[STORE_ID], const uint8_t person[STORE_ID])
{
	static const struct store_statement find = {
		"key_get", "SELECT " KEY_COLUMNS " FROM person_key WHERE id = $1 AND person = $2 "
			   "AND revoked_at IS NULL"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, id);
	store_put_id(&step, person);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_key, "key");
}

enum err store_key_revoke(struct store *s, const uint8_t id[STORE_ID],
			  const uint8_t person[STORE_ID], int64_t now_ms,
			  const uint8_t revoked_by[STORE_ID])
{
	static const struct store_statement revoke = {
		"key_revoke",
		"UPDATE person_key SET revoked_at = $3, revoked_by = $4 WHERE id = $1 "
		"AND ($2::uuid IS NULL OR person = $2) AND revoked_at IS NULL"};
	AUTO(store_step_clear) struct store_step step = {.statement = &revoke};

	store_put_id(&step, id);
	store_put_id(&step, person);
	store_put_time(&step, now_ms);
	store_put_id(&step, revoked_by);
	return store_change(s, &step, "key");
}

enum err store_key_find(struct store *s, struct arena *arena, struct store_key *out,
			const uint8_t id[STORE_ID])
{
	static const struct store_statement find = {"key_find", "SELECT " KEY_COLUMNS
								" FROM person_key WHERE id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, id);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_key, "key");
}

enum err store_key_by_public(struct store *s, struct arena *arena, struct store_key *out,
			     struct slice public_key)
{
	static const struct store_statement find = {
		"key_by_public", "SELECT " KEY_COLUMNS " FROM person_key WHERE public = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_bytes(&step, public_key);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_key, "key");
}
