/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/status_list.h"

#include "schema/store/query.h"

static void take_number(struct store_step *step, void *out)
{
	*(int64_t *)out = store_take_int(step);
}

enum err store_status_index(struct store *s, int64_t *out, const uint8_t license[STORE_ID])
{
	static const struct store_statement find = {
		"status_index", "SELECT status_index FROM license WHERE id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find};

	store_put_id(&step, license);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_number, "license");
}

enum err store_status_lists(struct store *s, int64_t *count, int64_t per_list)
{
	static const struct store_statement find = {
		"status_lists",
		"SELECT coalesce(max(status_index), 0) / $1::bigint + 1 FROM license"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find};

	store_put_int(&step, per_list);
	TRY(store_run(s, &step, 1));
	return store_one(&step, count, take_number, "license");
}

enum err store_status_bits(struct store *s, uint8_t *bytes, int64_t list, int64_t per_list)
{
	static const struct store_statement find = {
		"status_bits", "SELECT status_index - $1::bigint, CASE state WHEN 'suspended' "
			       "THEN 2::bigint ELSE 1::bigint END FROM license WHERE state IN "
			       "('suspended', 'expired', 'revoked', 'closed') AND status_index >= "
			       "$1::bigint AND status_index < $2::bigint"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find};

	memset(bytes, 0, (size_t)per_list / 4);
	store_put_int(&step, list * per_list);
	store_put_int(&step, (list + 1) * per_list);
	TRY(store_run(s, &step, 1));
	while (store_next(&step)) {
		int64_t place = store_take_int(&step);

		bytes[place / 4] |= (uint8_t)(store_take_int(&step) << (place % 4 * 2));
	}
	return OK;
}

static void take_list(struct store_step *step, void *out)
{
	struct store_status_list *l = out;

	l->list = store_take_int(step);
	store_take_bytes(step, l->bits_sha256, sizeof l->bits_sha256);
	l->token = store_take_text(step);
	l->signed_ms = store_take_time(step);
	l->expires_ms = store_take_time(step);
}

enum err store_status_get(struct store *s, struct arena *arena, struct store_status_list *out,
			  int64_t list)
{
	static const struct store_statement find = {
		"status_get", "SELECT list::bigint, bits_sha256, token, signed_at, expires_at "
			      "FROM status_list WHERE list = $1::bigint::integer"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_int(&step, list);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_list, "list of states");
}

enum err store_status_put(struct store *s, const struct store_status_list *l)
{
	static const struct store_statement upsert = {
		"status_put", "INSERT INTO status_list (list, bits_sha256, token, signed_at, "
			      "expires_at) VALUES ($1::bigint::integer, $2, $3, $4, $5) "
			      "ON CONFLICT (list) DO UPDATE SET bits_sha256 = $2, token = $3, "
			      "signed_at = $4, expires_at = $5"};
	AUTO(store_step_clear) struct store_step step = {.statement = &upsert};

	store_put_int(&step, l->list);
	store_put_bytes(&step, slice_of(l->bits_sha256, sizeof l->bits_sha256));
	store_put_text(&step, l->token);
	store_put_time(&step, l->signed_ms);
	store_put_time(&step, l->expires_ms);
	return store_run(s, &step, 1);
}
