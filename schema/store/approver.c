/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/approver.h"

#include "schema/store/query.h"

static void take_approver(struct store_step *step, void *out)
{
	struct store_approver *a = out;

	store_take_id(step, a->key.id);
	store_take_id(step, a->key.person);
	a->key.kind = store_take_text(step);
	store_take_bytes(step, a->key.public, STORE_PUBLIC_KEY); /* Ed25519 */
	a->key.name = store_take_text(step);
	a->key.created_ms = store_take_time(step);
	a->person_name = store_take_text(step);
	a->enrolled_ms = store_take_time(step);
	a->removed_ms = store_take_time(step);
}

enum err store_approver_list(struct store *s, struct arena *arena, struct store_approver **out,
			     size_t *count)
{
	static const struct store_statement list = {
		"approver_list",
		"SELECT k.id, k.person, k.kind, k.public, k.name, k.created_at, p.name, "
		"a.enrolled_at, a.removed_at "
		"FROM approver a JOIN person_key k ON k.id = a.key JOIN person p ON p.id = "
		"k.person ORDER BY a.enrolled_at, k.id LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_approver);
	return OK;
}

static enum err run(struct store *s, const struct store_statement *statement,
		    const uint8_t key[STORE_ID], int64_t now_ms)
{
	AUTO(store_step_clear) struct store_step step = {.statement = statement};

	store_put_id(&step, key);
	store_put_time(&step, now_ms);
	return store_run(s, &step, 1);
}

enum err store_approver_enroll(struct store *s, const uint8_t key[STORE_ID], int64_t now_ms)
{
	static const struct store_statement insert = {
		"approver_enroll",
		"INSERT INTO approver (key, enrolled_at) VALUES ($1, $2) ON CONFLICT (key) "
		"DO UPDATE SET enrolled_at = excluded.enrolled_at, removed_at = NULL"};

	return run(s, &insert, key, now_ms);
}

enum err store_approver_remove(struct store *s, const uint8_t key[STORE_ID], int64_t now_ms)
{
	static const struct store_statement update = {
		"approver_remove", "UPDATE approver SET removed_at = $2 WHERE key = $1"};

	return run(s, &update, key, now_ms);
}
