/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/signin.h"

#include "schema/store/rows.h"

enum err store_password_find(struct store *s, struct arena *arena, struct store_person *person,
			     struct slice *hash, struct slice name)
{
	static const struct store_statement find = {
		"password_find", "SELECT p.id, " PERSON_COLUMNS ", w.hash FROM person p "
				 "LEFT JOIN password w ON w.person = p.id WHERE p.name = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_text(&step, name);
	TRY(store_run(s, &step, 1));
	if (!store_next(&step))
		return failure(ERR_NOT_FOUND, "there is no such person");
	store_take_id(&step, person->id);
	person_take(&step, person);
	*hash = store_take_text(&step);
	return OK;
}

enum err store_password_of(struct store *s, struct arena *arena, struct slice *hash,
			   const uint8_t person[STORE_ID])
{
	static const struct store_statement find = {"password_of",
						    "SELECT hash FROM password WHERE person = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, person);
	TRY(store_run(s, &step, 1));
	*hash = store_next(&step) ? store_take_text(&step) : S("");
	return OK;
}

enum err store_password_set(struct store *s, const uint8_t person[STORE_ID], struct slice hash,
			    int64_t now_ms)
{
	static const struct store_statement set = {
		"password_set", "INSERT INTO password (person, hash, set_at) VALUES ($1, $2, $3) "
				"ON CONFLICT (person) DO UPDATE SET hash = excluded.hash, "
				"set_at = excluded.set_at"};
	AUTO(store_step_clear) struct store_step step = {.statement = &set};

	store_put_id(&step, person);
	store_put_text(&step, hash);
	store_put_time(&step, now_ms);
	return store_run(s, &step, 1);
}

enum err store_attempt(struct store *s, struct store_attempt *attempts, int64_t now_ms,
		       int64_t window_ms)
{
	static const struct store_statement sweep = {"attempt_sweep",
						     "DELETE FROM attempt WHERE since < $1"};
	static const struct store_statement count = {
		"attempt_count",
		"INSERT INTO attempt AS a (subject, count, since) VALUES ($1, 1, $2) "
		"ON CONFLICT (subject) DO UPDATE SET count = a.count + 1 RETURNING count, since"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};

	store_put_time(store_batch_add(&batch, &sweep, NULL), now_ms - window_ms);
	for (size_t i = 0; i < STORE_ATTEMPT_SUBJECTS; i++) {
		struct store_step *step = store_batch_add(&batch, &count, NULL);

		store_put_bytes(step, slice_of(attempts[i].subject, STORE_ATTEMPT_SUBJECT));
		store_put_time(step, now_ms);
	}
	TRY(store_batch_run(s, &batch));
	for (size_t i = 0; i < STORE_ATTEMPT_SUBJECTS; i++) {
		struct store_step *step = &batch.steps[i + 1];

		if (!store_next(step))
			return failure(ERR_INTERNAL, "an attempt was not counted");
		attempts[i].count = store_take_int(step);
		attempts[i].since_ms = store_take_time(step);
	}
	return OK;
}

enum err store_attempt_was_right(struct store *s, const struct store_attempt *attempts)
{
	static const struct store_statement forget = {
		"attempt_forget", "DELETE FROM attempt WHERE subject = $1 AND count <= 1"};
	static const struct store_statement less = {
		"attempt_less",
		"UPDATE attempt SET count = count - 1 WHERE subject = $1 AND count > 1"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};

	for (size_t i = 0; i < STORE_ATTEMPT_SUBJECTS; i++) {
		struct slice subject = slice_of(attempts[i].subject, STORE_ATTEMPT_SUBJECT);

		store_put_bytes(store_batch_add(&batch, &forget, NULL), subject);
		store_put_bytes(store_batch_add(&batch, &less, NULL), subject);
	}
	return store_batch_run(s, &batch);
}

enum err store_code_make(struct store *s, const struct store_code *code)
{
	static const struct store_statement spend = {
		"code_spend",
		"UPDATE one_time_code SET used_at = $2 WHERE person = $1 AND used_at IS NULL"};
	static const struct store_statement insert = {
		"code_make", "INSERT INTO one_time_code (sha256, person, purpose, made_at, "
			     "made_by, expires_at) VALUES ($1, $2, $3, $4, $5, $6)"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step = store_batch_add(&batch, &spend, NULL);

	store_put_id(step, code->person);
	store_put_time(step, code->made_ms);
	step = store_batch_add(&batch, &insert, NULL);
	store_put_bytes(step, slice_of(code->sha256, STORE_CODE_SHA256));
	store_put_id(step, code->person);
	store_put_text(step, code->purpose);
	store_put_time(step, code->made_ms);
	store_put_id(step, code->made_by);
	store_put_time(step, code->expires_ms);
	return store_batch_run(s, &batch);
}

enum err store_code_use(struct store *s, struct arena *arena, struct store_code *out,
			const uint8_t sha256[STORE_CODE_SHA256], int64_t now_ms)
{
	static const struct store_statement use = {
		"code_use", "UPDATE one_time_code SET used_at = $2 WHERE sha256 = $1 "
			    "AND used_at IS NULL AND expires_at > $2 "
			    "RETURNING person, purpose, made_at, expires_at, made_by"};
	AUTO(store_step_clear) struct store_step step = {.statement = &use, .arena = arena};

	store_put_bytes(&step, slice_of(sha256, STORE_CODE_SHA256));
	store_put_time(&step, now_ms);
	TRY(store_run(s, &step, 1));
	if (!store_next(&step))
		return failure(ERR_NOT_FOUND, "this code was used already, or its time has passed, "
					      "or it is none of ours; ask for a new one");
	memcpy(out->sha256, sha256, STORE_CODE_SHA256);
	store_take_id(&step, out->person);
	out->purpose = store_take_text(&step);
	out->made_ms = store_take_time(&step);
	out->expires_ms = store_take_time(&step);
	store_take_id(&step, out->made_by);
	return OK;
}

enum err store_session_touch(struct store *s, bool *alive, const uint8_t credential[STORE_ID],
			     int64_t now_ms, int64_t idle_ms)
{
	static const struct store_statement touch = {
		"session_touch", "UPDATE session SET used_at = greatest(used_at, $2) "
				 "WHERE credential = $1 AND used_at > $3"};
	AUTO(store_step_clear) struct store_step step = {.statement = &touch};

	store_put_id(&step, credential);
	store_put_time(&step, now_ms);
	store_put_time(&step, now_ms - idle_ms);
	TRY(store_run(s, &step, 1));
	*alive = store_changed(&step) > 0;
	return OK;
}

enum err store_sessions_end(struct store *s, const uint8_t person[STORE_ID],
			    const uint8_t except[STORE_ID], int64_t now_ms,
			    const uint8_t ended_by[STORE_ID])
{
	static const struct store_statement end = {
		"sessions_end", "UPDATE access_token SET revoked_at = $3, revoked_by = $4 "
				"WHERE person = $1 AND kind = 'session' AND revoked_at IS NULL "
				"AND credential IS DISTINCT FROM $2"};
	AUTO(store_step_clear) struct store_step step = {.statement = &end};

	store_put_id(&step, person);
	store_put_id(&step, except);
	store_put_time(&step, now_ms);
	store_put_id(&step, ended_by);
	return store_run(s, &step, 1);
}
