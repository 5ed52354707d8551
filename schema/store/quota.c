/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/quota.h"

#include <assert.h>
#include <stdio.h>

#include "crypto/base/buf.h"
#include "crypto/base/text.h"
#include "schema/store/rows.h"

enum { ASKED_MAX = 32 * 1024 };

void limit_take(struct store_step *step, void *out)
{
	struct store_limit *limit = out;

	limit->subject_kind = store_take_text(step);
	store_take_id(step, limit->subject);
	limit->measure = store_take_text(step);
	limit->per = store_take_text(step);
	limit->max = store_take_int(step);
}

const struct store_statement limit_list_statement = {
	"limit_of_person",
	"SELECT subject_kind, subject, measure, per, max FROM quota_limit "
	"WHERE (subject_kind = 'person' AND subject = $1) OR (subject_kind = 'institution' "
	"AND subject IN (SELECT institution FROM member WHERE person = $1 AND until IS NULL)) "
	"ORDER BY 1, 2, 3, 4 LIMIT 48"};

enum err store_limit_of_person(struct store *s, struct arena *arena, struct store_limit **out,
			       size_t *count, const uint8_t person[STORE_ID])
{
	AUTO(store_step_clear)
	struct store_step step = {.statement = &limit_list_statement, .arena = arena};

	store_put_id(&step, person);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, limit_take);
	return OK;
}

enum err store_limit_list(struct store *s, struct arena *arena, struct store_limit **out,
			  size_t *count, struct slice subject_kind, const uint8_t subject[STORE_ID])
{
	static const struct store_statement list = {
		"limit_list", "SELECT subject_kind, subject, measure, per, max FROM quota_limit "
			      "WHERE subject_kind = $1 AND subject = $2 ORDER BY measure, per"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_text(&step, subject_kind);
	store_put_id(&step, subject);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, limit_take);
	return OK;
}

/* [{"n":0,"k":"license","s":"<uuid>","m":"requests","p":"day","max":10,"a":1},...] */
static enum err write_asked(struct buf *out, const struct store_quota *quotas, size_t count)
{
	buf_write(out, S("["));
	for (size_t i = 0; i < count; i++) {
		const struct store_limit *l = &quotas[i].limit;
		char id[TEXT_UUID], numbers[96];

		text_uuid(id, l->subject);
		snprintf(numbers, sizeof numbers, "\"max\":%lld,\"a\":%lld,\"n\":%zu}",
			 (long long)l->max, (long long)quotas[i].amount, i);
		buf_write_string(out, i ? ",{\"k\":\"" : "{\"k\":\"");
		buf_write(out, l->subject_kind);
		buf_write_string(out, "\",\"s\":\"");
		buf_write_string(out, id);
		buf_write_string(out, "\",\"m\":\"");
		buf_write(out, l->measure);
		buf_write_string(out, "\",\"p\":\"");
		buf_write(out, l->per);
		buf_write_string(out, "\",");
		buf_write_string(out, numbers);
	}
	buf_write(out, S("]"));
	return buf_done(out);
}

enum err store_limit_set(struct store *s, struct slice subject_kind,
			 const uint8_t subject[STORE_ID], const struct store_limit *limits,
			 size_t count)
{
	static const struct store_statement remove = {
		"limit_remove", "DELETE FROM quota_limit WHERE subject_kind = $1 AND subject = $2"};
	static const struct store_statement add = {
		"limit_add", "INSERT INTO quota_limit (subject_kind, subject, measure, per, max) "
			     "VALUES ($1, $2, $3, $4, $5::bigint)"};
	AUTO(store_step_clear) struct store_step gone = {.statement = &remove};

	store_put_text(&gone, subject_kind);
	store_put_id(&gone, subject);
	TRY(store_run(s, &gone, 1));
	for (size_t i = 0; i < count; i++) {
		AUTO(store_step_clear) struct store_step step = {.statement = &add};

		store_put_text(&step, subject_kind);
		store_put_id(&step, subject);
		store_put_text(&step, limits[i].measure);
		store_put_text(&step, limits[i].per);
		store_put_int(&step, limits[i].max);
		TRY(store_run(s, &step, 1));
	}
	return OK;
}

enum err store_quota_reserve(struct store *s, const uint8_t hold[STORE_ID],
			     const uint8_t edge[STORE_ID], int64_t lasts_ms,
			     struct store_quota *quotas, size_t count, bool *has_stale)
{
	static const struct store_statement reserve = {
		"quota_reserve", "SELECT n, used, ends, is_over, has_stale "
				 "FROM quota_reserve($1, $2, $3::bigint, $4::text::jsonb)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &reserve};
	AUTO(buf_free) struct buf asked = buf_new(ASKED_MAX);

	assert(!store_is_in_transaction(s) && count <= STORE_MAX_QUOTAS);
	TRY(write_asked(&asked, quotas, count));
	store_put_id(&step, hold);
	store_put_id(&step, edge);
	store_put_int(&step, lasts_ms);
	store_put_text(&step, buf_slice(&asked));
	TRY(store_run(s, &step, 1));
	if (store_rows(&step) != count)
		return failure(ERR_INTERNAL, "%zu quotas asked, %zu told", count,
			       store_rows(&step));
	while (store_next(&step)) {
		struct store_quota *q = &quotas[(size_t)store_take_int(&step) % count];

		q->used = store_take_int(&step);
		q->ends_ms = store_take_time(&step);
		q->is_over = store_take_bool(&step);
		*has_stale = store_take_bool(&step);
	}
	return OK;
}

enum err store_quota_settle(struct store *s, const uint8_t hold[STORE_ID],
			    const struct store_spent *spent)
{
	static const struct store_statement settle = {
		"quota_settle",
		"SELECT quota_settle($1, jsonb_build_object('requests', $2::bigint, 'tokens', "
		"$3::bigint, 'bytes', $4::bigint))"};
	AUTO(store_step_clear) struct store_step step = {.statement = &settle};

	assert(!store_is_in_transaction(s));
	store_put_id(&step, hold);
	store_put_int(&step, (int64_t)spent->requests);
	store_put_int(&step, (int64_t)spent->tokens);
	store_put_int(&step, (int64_t)spent->bytes);
	return store_run(s, &step, 1);
}

enum err store_quota_reclaim(struct store *s, int64_t most, int64_t *count)
{
	static const struct store_statement reclaim = {"quota_reclaim",
						       "SELECT quota_reclaim($1::bigint)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &reclaim};

	store_put_int(&step, most);
	TRY(store_run(s, &step, 1));
	*count = store_next(&step) ? store_take_int(&step) : 0;
	return OK;
}

enum err store_quota_look(struct store *s, struct store_quota *quotas, size_t count)
{
	static const struct store_statement look = {
		"quota_look",
		"SELECT a.n, CASE WHEN t.this > q.window_start THEN 0 ELSE coalesce(q.used, 0) "
		"END, "
		"CASE WHEN a.p <> 'license' THEN t.this + ('1 ' || a.p)::interval END "
		"FROM jsonb_to_recordset($1::text::jsonb) AS a(n bigint, k text, s uuid, m text, "
		"p text) LEFT JOIN quota_counter q ON q.subject_kind = a.k AND q.subject = a.s "
		"AND q.measure = a.m AND q.per = a.p CROSS JOIN LATERAL (SELECT quota_window(a.p, "
		"q.window_start, clock_timestamp()) AS this) t"};
	AUTO(store_step_clear) struct store_step step = {.statement = &look};
	AUTO(buf_free) struct buf asked = buf_new(ASKED_MAX);

	if (count == 0)
		return OK;
	TRY(write_asked(&asked, quotas, count));
	store_put_text(&step, buf_slice(&asked));
	TRY(store_run(s, &step, 1));
	while (store_next(&step)) {
		struct store_quota *q = &quotas[(size_t)store_take_int(&step) % count];

		q->used = store_take_int(&step);
		q->ends_ms = store_take_time(&step);
	}
	return OK;
}
