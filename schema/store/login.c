/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/login.h"

#include "schema/store/query.h"

enum err store_oidc_begin(struct store *s, const struct store_oidc_login *l, int64_t now_ms)
{
	static const struct store_statement sweep = {
		"oidc_sweep", "DELETE FROM oidc_login WHERE expires_at < $1"};
	static const struct store_statement insert = {
		"oidc_begin",
		"INSERT INTO oidc_login (state_sha256, provider, nonce, verifier, code_sha256, "
		"back, expires_at) SELECT $1::bytea, $2::text, $3::text, $4::text, $5::bytea, "
		"$6::text, $7::timestamptz WHERE (SELECT count(*) FROM oidc_login) < $8::bigint"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step;

	store_put_time(store_batch_add(&batch, &sweep, NULL), now_ms);
	step = store_batch_add(&batch, &insert, NULL);
	store_put_bytes(step, slice_of(l->state_sha256, STORE_SHA256_BYTES));
	store_put_text(step, l->provider);
	store_put_text(step, l->nonce);
	store_put_text(step, l->verifier);
	store_put_bytes_or_null(step,
				slice_of(l->code_sha256, l->has_code ? STORE_SHA256_BYTES : 0));
	store_put_text(step, l->back);
	store_put_time(step, l->expires_ms);
	store_put_int(step, STORE_MAX_LOGINS);
	TRY(store_batch_run(s, &batch));
	if (store_changed(step) == 0)
		return failure(ERR_UNAVAILABLE, "too many people are signing in; try again");
	return OK;
}

enum err store_oidc_end(struct store *s, struct arena *arena, struct store_oidc_login *out,
			const uint8_t state_sha256[STORE_SHA256_BYTES], struct slice provider,
			int64_t now_ms)
{
	static const struct store_statement take = {
		"oidc_end", "DELETE FROM oidc_login WHERE state_sha256 = $1 AND provider = $2 "
			    "AND expires_at > $3 RETURNING nonce, verifier, code_sha256, back"};
	AUTO(store_step_clear) struct store_step step = {.statement = &take, .arena = arena};

	store_put_bytes(&step, slice_of(state_sha256, STORE_SHA256_BYTES));
	store_put_text(&step, provider);
	store_put_time(&step, now_ms);
	TRY(store_run(s, &step, 1));
	if (!store_next(&step))
		return failure(ERR_NOT_FOUND, "this sign-in is over already, or took too long; "
					      "begin anew");
	*out = (struct store_oidc_login){.provider = provider};
	out->nonce = store_take_text(&step);
	out->verifier = store_take_text(&step);
	out->has_code = !store_take_is_null(&step);
	store_take_bytes(&step, out->code_sha256, STORE_SHA256_BYTES);
	out->back = store_take_text(&step);
	return OK;
}

/* --- devices -------------------------------------------------------------------------------- */

#define DEVICE_COLUMNS \
	"device_sha256, user_code, client, address, state, person, " \
	"array_to_string(rights, ','), array_to_string(models, ','), " \
	"array_to_string(addresses, ','), token_expires_at, expires_at, polled_at, " \
	"interval_seconds"

static void take_device(struct store_step *step, void *out)
{
	struct store_device *d = out;

	store_take_bytes(step, d->device_sha256, STORE_SHA256_BYTES);
	d->user_code = store_take_text(step);
	d->client = store_take_text(step);
	d->address = store_take_text(step);
	d->state = store_take_text(step);
	store_take_id(step, d->person);
	d->rights = store_take_text(step);
	d->models = store_take_text(step);
	d->addresses = store_take_text(step);
	d->token_expires_ms = store_take_time(step);
	d->expires_ms = store_take_time(step);
	d->polled_ms = store_take_time(step);
	d->interval_seconds = store_take_int(step);
}

enum err store_device_begin(struct store *s, const struct store_device *d, int64_t now_ms)
{
	static const struct store_statement sweep = {
		"device_sweep", "DELETE FROM device_login WHERE expires_at < $1"};
	static const struct store_statement insert = {
		"device_begin",
		"INSERT INTO device_login (device_sha256, user_code, client, address, expires_at, "
		"interval_seconds) SELECT $1::bytea, $2::text, $3::text, $4::text, "
		"$5::timestamptz, $6::bigint::integer "
		"WHERE (SELECT count(*) FROM device_login) < $7::bigint"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step;

	store_put_time(store_batch_add(&batch, &sweep, NULL), now_ms);
	step = store_batch_add(&batch, &insert, NULL);
	store_put_bytes(step, slice_of(d->device_sha256, STORE_SHA256_BYTES));
	store_put_text(step, d->user_code);
	store_put_text(step, d->client);
	store_put_text(step, d->address);
	store_put_time(step, d->expires_ms);
	store_put_int(step, d->interval_seconds);
	store_put_int(step, STORE_MAX_LOGINS);
	TRY(store_batch_run(s, &batch));
	if (store_changed(step) == 0)
		return failure(ERR_UNAVAILABLE, "too many devices are waiting; try again");
	return OK;
}

enum err store_device_by_user_code(struct store *s, struct arena *arena, struct store_device *out,
				   struct slice user_code, int64_t now_ms)
{
	static const struct store_statement find = {"device_by_user_code",
						    "SELECT " DEVICE_COLUMNS " FROM device_login "
						    "WHERE user_code = $1 AND state = 'pending' "
						    "AND expires_at > $2"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_text(&step, user_code);
	store_put_time(&step, now_ms);
	TRY(store_run(s, &step, 1));
	if (!store_next(&step))
		return failure(ERR_NOT_FOUND, "no device waits with this code; compare it with "
					      "what the device shows, which may show a new one");
	take_device(&step, out);
	return OK;
}

enum err store_device_decide(struct store *s, const struct store_device *d, int64_t now_ms)
{
	static const struct store_statement update = {
		"device_decide",
		"UPDATE device_login SET state = $2, person = $3, "
		"rights = string_to_array($4::text, ','), models = string_to_array($5::text, ','), "
		"addresses = string_to_array($6::text, ','), token_expires_at = $7 "
		"WHERE device_sha256 = $1 AND state = 'pending' AND expires_at > $8"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_bytes(&step, slice_of(d->device_sha256, STORE_SHA256_BYTES));
	store_put_text(&step, d->state);
	store_put_id(&step, d->person);
	store_put_text_or_null(&step, d->rights);
	store_put_text_or_null(&step, d->models);
	store_put_text_or_null(&step, d->addresses);
	store_put_time(&step, d->token_expires_ms);
	store_put_time(&step, now_ms);
	return store_change(s, &step, "device that waits");
}

enum err store_device_poll(struct store *s, struct arena *arena, struct store_device *out,
			   bool *soon, const uint8_t device_sha256[STORE_SHA256_BYTES],
			   int64_t now_ms)
{
	static const struct store_statement poll = {
		"device_poll",
		"WITH was AS (SELECT device_sha256 AS id, coalesce(polled_at > $2::timestamptz "
		"- make_interval(secs => interval_seconds) + interval '100 ms', false) AS soon "
		"FROM device_login WHERE device_sha256 = $1 FOR UPDATE) "
		"UPDATE device_login d SET polled_at = $2, interval_seconds = "
		"least(600, interval_seconds + CASE WHEN was.soon THEN 5 ELSE 0 END) "
		"FROM was WHERE d.device_sha256 = was.id RETURNING was.soon, " DEVICE_COLUMNS};
	AUTO(store_step_clear) struct store_step step = {.statement = &poll, .arena = arena};

	store_put_bytes(&step, slice_of(device_sha256, STORE_SHA256_BYTES));
	store_put_time(&step, now_ms);
	TRY(store_run(s, &step, 1));
	if (!store_next(&step))
		return failure(ERR_NOT_FOUND, "there is no such device code");
	*soon = store_take_bool(&step);
	take_device(&step, out);
	return OK;
}

enum err store_device_take(struct store *s, const uint8_t device_sha256[STORE_SHA256_BYTES])
{
	static const struct store_statement update = {
		"device_take", "UPDATE device_login SET state = 'taken' WHERE device_sha256 = $1 "
			       "AND state = 'approved'"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_bytes(&step, slice_of(device_sha256, STORE_SHA256_BYTES));
	return store_change(s, &step, "device whose token was not taken yet");
}
