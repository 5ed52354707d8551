/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/referee.h"

#include "schema/store/rows.h"

#define REFEREE_ROWS \
	"SELECT r.id, r.person, p.name, r.email, r.name, r.secret_sha256, r.state, r.note, " \
	"r.asked_at, r.expires_at, r.answered_at, r.asked_by FROM referee r " \
	"JOIN person p ON p.id = r.person "

const struct store_statement referee_list_statement = {
	"referee_list", REFEREE_ROWS "WHERE r.person = $1 ORDER BY r.asked_at DESC, r.id "
				     "LIMIT 200"};

void referee_take(struct store_step *step, void *out)
{
	struct store_referee *referee = out;

	store_take_id(step, referee->id);
	store_take_id(step, referee->person);
	referee->person_name = store_take_text(step);
	referee->email = store_take_text(step);
	referee->name = store_take_text(step);
	store_take_bytes(step, referee->secret_sha256, sizeof referee->secret_sha256);
	referee->state = store_take_text(step);
	referee->note = store_take_text(step);
	referee->asked_ms = store_take_time(step);
	referee->expires_ms = store_take_time(step);
	referee->answered_ms = store_take_time(step);
	store_take_id(step, referee->asked_by);
}

enum err store_referee_add(struct store *s, const struct store_referee *referee)
{
	static const struct store_statement insert = {
		"referee_insert",
		"INSERT INTO referee (id, person, email, name, secret_sha256, asked_at, asked_by, "
		"expires_at) SELECT $1::uuid, $2::uuid, $3::text, $4::text, $5::bytea, "
		"$6::timestamptz, $7::uuid, $8::timestamptz WHERE (SELECT count(*) FROM referee "
		"WHERE person = $2 AND state = 'asked' AND expires_at > $6) < $9::bigint"};
	AUTO(store_step_clear) struct store_step step = {.statement = &insert};

	store_put_id(&step, referee->id);
	store_put_id(&step, referee->person);
	store_put_text(&step, referee->email);
	store_put_text(&step, referee->name);
	store_put_bytes(&step, slice_of(referee->secret_sha256, sizeof referee->secret_sha256));
	store_put_time(&step, referee->asked_ms);
	store_put_id(&step, referee->asked_by);
	store_put_time(&step, referee->expires_ms);
	store_put_int(&step, STORE_REFEREES_MAX);
	TRY(store_run(s, &step, 1));
	if (store_changed(&step) == 0)
		return failure(ERR_LIMIT, "%d referees are asked already; wait for their answers",
			       STORE_REFEREES_MAX);
	return OK;
}

enum err store_referee_list(struct store *s, struct arena *arena, struct store_referee **out,
			    size_t *count, const uint8_t person[STORE_ID])
{
	AUTO(store_step_clear)
	struct store_step step = {.statement = &referee_list_statement, .arena = arena};

	store_put_id(&step, person);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, referee_take);
	return OK;
}

enum err store_referee_by_secret(struct store *s, struct arena *arena, struct store_referee *out,
				 const uint8_t sha256[32])
{
	static const struct store_statement find = {"referee_by_secret",
						    REFEREE_ROWS "WHERE r.secret_sha256 = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_bytes(&step, slice_of(sha256, 32));
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, referee_take, "link");
}

enum err store_referee_get(struct store *s, struct arena *arena, struct store_referee *out,
			   const uint8_t id[STORE_ID])
{
	static const struct store_statement find = {"referee_get", REFEREE_ROWS "WHERE r.id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, id);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, referee_take, "referee");
}

enum err store_referee_renew(struct store *s, const struct store_referee *referee)
{
	static const struct store_statement renew = {
		"referee_renew", "UPDATE referee SET secret_sha256 = $2, expires_at = $3 "
				 "WHERE id = $1 AND state = 'asked'"};
	AUTO(store_step_clear) struct store_step step = {.statement = &renew};

	store_put_id(&step, referee->id);
	store_put_bytes(&step, slice_of(referee->secret_sha256, sizeof referee->secret_sha256));
	store_put_time(&step, referee->expires_ms);
	TRY(store_run(s, &step, 1));
	if (store_changed(&step) == 0)
		return failure(ERR_CONFLICT, "this referee has answered already");
	return OK;
}

enum err store_referee_answer(struct store *s, const uint8_t id[STORE_ID], struct slice state,
			      struct slice note, int64_t now_ms)
{
	static const struct store_statement answer = {
		"referee_answer", "UPDATE referee SET state = $2, note = $3, answered_at = $4 "
				  "WHERE id = $1 AND state = 'asked' AND expires_at > $4"};
	AUTO(store_step_clear) struct store_step step = {.statement = &answer};

	store_put_id(&step, id);
	store_put_text(&step, state);
	store_put_text(&step, note);
	store_put_time(&step, now_ms);
	TRY(store_run(s, &step, 1));
	if (store_changed(&step) == 0)
		return failure(ERR_CONFLICT, "this link was used already, or has lapsed");
	return OK;
}
