/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/idempotency.h"

#include "schema/store/query.h"

#define DAY_MS ((int64_t)STORE_KEY_HOURS * 3600 * 1000)

static void take_answer(struct store_step *step, void *out)
{
	struct store_key_answer *answer = out;

	answer->is_mine = false;
	answer->is_same = store_take_bool(step);
	answer->status = store_take_int(step);
	answer->answer = store_take_text(step);
	store_take_id(step, answer->receipt);
}

enum err store_key_claim(struct store *s, struct arena *arena, struct store_key_answer *out,
			 const uint8_t person[STORE_ID], struct slice key,
			 const uint8_t digest[STORE_SHA256], int64_t now_ms)
{
	/* Taken over: one of yesterday, and one whose edge has died before it could answer. */
	static const struct store_statement claim = {
		"key_claim",
		"INSERT INTO idempotency_key AS k (person, key, digest, at) "
		"VALUES ($1, $2, $3, $4) ON CONFLICT (person, key) DO UPDATE SET at = $4, "
		"digest = $3, status = NULL, answer = NULL, receipt = NULL WHERE k.at < $5 "
		"OR (k.status IS NULL AND k.at < $6 AND k.digest = $3)"};
	static const struct store_statement find = {
		"key_find", "SELECT digest = $3, coalesce(status, 0)::bigint, answer, receipt "
			    "FROM idempotency_key WHERE person = $1 AND key = $2"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *claimed = store_batch_add(&batch, &claim, NULL);
	struct store_step *found = store_batch_add(&batch, &find, arena);

	store_put_id(claimed, person);
	store_put_text(claimed, key);
	store_put_bytes(claimed, slice_of(digest, STORE_SHA256));
	store_put_time(claimed, now_ms);
	store_put_time(claimed, now_ms - DAY_MS);
	store_put_time(claimed, now_ms - STORE_KEY_CLAIM_MS);
	store_put_id(found, person);
	store_put_text(found, key);
	store_put_bytes(found, slice_of(digest, STORE_SHA256));
	TRY(store_batch_run(s, &batch));
	*out = (struct store_key_answer){.is_mine = store_changed(claimed) == 1};
	return out->is_mine ? OK : store_one(found, out, take_answer, "key");
}

enum err store_key_answer(struct store *s, const uint8_t person[STORE_ID], struct slice key,
			  int64_t status, struct slice answer, const uint8_t receipt[STORE_ID])
{
	static const struct store_statement update = {
		"key_answer", "UPDATE idempotency_key SET status = $3::bigint::integer, "
			      "answer = $4, receipt = $5 WHERE person = $1 AND key = $2"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_id(&step, person);
	store_put_text(&step, key);
	store_put_int(&step, status);
	store_put_bytes(&step, answer);
	store_put_id(&step, receipt);
	return store_change(s, &step, "key");
}

enum err store_key_release(struct store *s, const uint8_t person[STORE_ID], struct slice key)
{
	static const struct store_statement remove = {
		"key_release", "DELETE FROM idempotency_key WHERE person = $1 AND key = $2 "
			       "AND status IS NULL"};
	AUTO(store_step_clear) struct store_step step = {.statement = &remove};

	store_put_id(&step, person);
	store_put_text(&step, key);
	return store_run(s, &step, 1);
}

enum err store_key_sweep(struct store *s, int64_t now_ms)
{
	static const struct store_statement remove = {"key_sweep",
						      "DELETE FROM idempotency_key WHERE at < $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &remove};

	store_put_time(&step, now_ms - DAY_MS);
	return store_run(s, &step, 1);
}
