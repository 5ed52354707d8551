/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/request.h"

#include "schema/store/connection.h"
#include "schema/store/rows.h"

void request_take(struct store_step *step, void *out)
{
	struct store_request *request = out;

	store_take_id(step, request->id);
	store_take_id(step, request->model);
	store_take_id(step, request->person);
	request->model_name = store_take_text(step);
	request->person_name = store_take_text(step);
	request->state = store_take_text(step);
	request->intended_use = store_take_text(step);
	request->rights = store_take_text(step);
	request->has_terms = store_take_digest(step, request->terms_sha256);
	store_take_id(step, request->terms_key);
	store_take_bytes(step, request->terms_signature, sizeof request->terms_signature);
	request->reason = store_take_text(step);
	store_take_id(step, request->decided_by);
	request->decided_by_name = store_take_text(step);
	request->created_ms = store_take_time(step);
	request->changed_ms = store_take_time(step);
	request->uses = store_take_text(step);
	store_take_id(step, request->lead);
	store_take_id(step, request->institution);
	store_take_id(step, request->official);
	request->countersigned_ms = store_take_time(step);
	request->round = store_take_int(step);
	request->waiting_ms = store_take_time(step);
}

#define HISTORY_INSERT \
	"INSERT INTO access_request_event (request, step, at, actor, from_state, to_state, " \
	"reason, detail, act) "
/* Of request $1, which is locked: nobody adds another meanwhile. */
#define HISTORY_NEXT "(SELECT max(step) + 1 FROM access_request_event WHERE request = $1)"

/* A statement before the others of its batch: these see what was committed before it got the row.
 */
static const struct store_statement lock_statement = {
	"request_lock", "SELECT state FROM access_request WHERE id = $1 FOR UPDATE"};

/* What a request asks for: $4 to $11 of both statements below. */
static void put_content(struct store_step *step, const struct store_request *request)
{
	bool is_signed = !store_id_is_none(request->terms_key);

	store_put_text(step, request->intended_use);
	store_put_text(step, request->rights);
	store_put_bytes_or_null(
		step, slice_of(request->terms_sha256, request->has_terms ? STORE_SHA256 : 0));
	store_put_id(step, request->terms_key);
	store_put_bytes_or_null(
		step, slice_of(request->terms_signature, is_signed ? STORE_SIGNATURE : 0));
	store_put_text(step, request->uses);
	store_put_id(step, request->lead);
	store_put_id(step, request->institution);
}

enum err store_request_create(struct store *s, const struct store_request *request,
			      struct slice detail)
{
	static const struct store_statement insert = {
		"request_insert",
		"INSERT INTO access_request (id, model, person, intended_use, rights, "
		"terms_sha256, terms_key, terms_signature, uses, lead, institution, created_at, "
		"changed_at, state, round, waiting_since) VALUES ($1, $2, $3, $4, "
		"string_to_array($5::text, ','), $6, $7, $8, string_to_array($9::text, ','), $10, "
		"$11, $12, $12, $13, CASE WHEN $13 = 'draft' THEN 0 ELSE 1 END, "
		"CASE WHEN $13 <> 'draft' THEN $12::timestamptz END)"};
	static const struct store_statement history = {
		"request_insert_event",
		HISTORY_INSERT "VALUES ($1, 1, $2, $3, 'none', $4, NULL, $5, "
			       "CASE WHEN $4 = 'draft' THEN 'save' ELSE 'submit' END)"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *step = store_batch_add(&batch, &insert, NULL);
	struct slice state = request->state.size ? request->state : S("submitted");
	enum err result;

	store_put_id(step, request->id);
	store_put_id(step, request->model);
	store_put_id(step, request->person);
	put_content(step, request);
	store_put_time(step, request->created_ms);
	store_put_text(step, state);

	step = store_batch_add(&batch, &history, NULL);
	store_put_id(step, request->id);
	store_put_time(step, request->created_ms);
	store_put_id(step, request->person);
	store_put_text(step, state);
	store_put_text_or_null(step, detail);
	result = store_batch_run(s, &batch);
	if (result == ERR_CONFLICT)
		return failure(ERR_CONFLICT, "there is an open request for this model already");
	return result;
}

enum err store_request_hold(struct store *s, const uint8_t id[STORE_ID], int64_t changed_ms)
{
	static const struct store_statement find = {
		"request_hold",
		"SELECT FROM access_request WHERE id = $1 AND changed_at = $2 FOR UPDATE"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find};

	store_put_id(&step, id);
	store_put_time(&step, changed_ms);
	TRY(store_run(s, &step, 1));
	if (store_rows(&step) == 1)
		return OK;
	return failure(ERR_CONFLICT, "the request was changed meanwhile: read it again, and then "
				     "change it");
}

enum err store_request_save(struct store *s, const struct store_request *request)
{
	static const struct store_statement update = {
		"request_save",
		"UPDATE access_request SET changed_at = $2, lead = $10, institution = $11, "
		"intended_use = $4, rights = string_to_array($5::text, ','), terms_sha256 = $6, "
		"terms_key = $7, terms_signature = $8, uses = string_to_array($9::text, ','), "
		/* what the official has signed is what it was */
		"official = NULL, countersigned_at = NULL "
		"WHERE id = $1 AND person = $3 AND state IN ('draft', 'returned')"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_id(&step, request->id);
	store_put_time(&step, request->changed_ms);
	store_put_id(&step, request->person);
	put_content(&step, request);
	TRY(store_run(s, &step, 1));
	if (store_changed(&step) == 1)
		return OK;
	return failure(ERR_CONFLICT, "only a draft or a returned request can be edited");
}

static void put_transition(struct store_step *step, const struct store_transition *t)
{
	store_put_id(step, t->request);
	store_put_text(step, t->from);
	store_put_text(step, t->to);
	store_put_text_or_null(step, t->reason);
	store_put_id(step, t->actor);
	store_put_time(step, t->now_ms);
	store_put_text_or_null(step, t->detail);
}

/* What a refused step means to the caller. */
static enum err transition_refused(struct store *s, enum err result,
				   const struct store_transition *t)
{
	if (strcmp(store_constraint(s), "access_request_not_ones_own") == 0)
		return failure(ERR_DENIED, "nobody decides their own request");
	if (strcmp(store_constraint(s), "access_vote_conflict") == 0)
		return failure(ERR_DENIED, "whoever is in conflict does not decide a request");
	if (strcmp(store_constraint(s), "access_request_votes") == 0)
		return failure(ERR_CONFLICT, "too few have voted for it");
	if (strcmp(store_constraint(s), "access_request_step") == 0)
		return failure(ERR_CONFLICT, "a request cannot go from %.*s to %.*s",
			       SLICE_PRINT(t->from), SLICE_PRINT(t->to));
	if (result == ERR_CONFLICT)
		return failure(ERR_CONFLICT, "there is another open request for this model");
	return result;
}

enum err store_request_transition(struct store *s, const struct store_transition *t)
{
	static const struct store_statement update = {
		"request_transition",
		"WITH q AS (UPDATE access_request SET state = $3, reason = $4, changed_at = $6, "
		"decided_by = CASE WHEN $3 IN ('approved', 'denied', 'returned') THEN $5::uuid "
		"ELSE decided_by END, "
		"waiting_since = CASE WHEN $3 IN ('submitted', 'appealed') THEN $6::timestamptz "
		"END, "
		"round = round + CASE WHEN $3 IN ('submitted', 'appealed') THEN 1 ELSE 0 END, "
		"reminded_at = NULL, escalated_at = NULL "
		"WHERE id = $1 AND state = $2 RETURNING id) " HISTORY_INSERT
		"SELECT q.id, " HISTORY_NEXT ", $6, $5::uuid, $2, $3, $4, $7::text, "
		"CASE $3 WHEN 'submitted' THEN CASE WHEN $2 IN ('denied', 'approved') "
		"THEN 'reopen' ELSE 'submit' END WHEN 'approved' THEN 'approve' "
		"WHEN 'denied' THEN 'deny' WHEN 'returned' THEN 'return' "
		"WHEN 'withdrawn' THEN 'withdraw' WHEN 'appealed' THEN 'appeal' "
		"WHEN 'closed' THEN 'close' ELSE $3 END FROM q"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	AUTO(arena_free) struct arena arena = {NULL};
	struct store_step *lock = store_batch_add(&batch, &lock_statement, &arena);
	struct store_step *step = store_batch_add(&batch, &update, NULL);
	struct slice state;
	enum err result;

	store_put_id(lock, t->request);
	put_transition(step, t);
	result = store_batch_run(s, &batch);
	if (result != OK)
		return transition_refused(s, result, t);
	if (store_changed(step) == 1)
		return OK;
	if (!store_next(lock))
		return failure(ERR_NOT_FOUND, "there is no such request");
	state = store_take_text(lock);
	return failure(ERR_CONFLICT, "the request is %.*s, not %.*s", SLICE_PRINT(state),
		       SLICE_PRINT(t->from));
}

enum err store_request_note(struct store *s, const struct store_request_note *note)
{
	static const struct store_statement insert = {
		"request_note", HISTORY_INSERT
		"SELECT q.id, " HISTORY_NEXT ", $2::timestamptz, $3::uuid, q.state, q.state, "
		"$4::text, $5::text, $6::text "
		"FROM access_request q WHERE q.id = $1 AND q.state = $7"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	AUTO(arena_free) struct arena arena = {NULL};
	struct store_step *lock = store_batch_add(&batch, &lock_statement, &arena);
	struct store_step *step = store_batch_add(&batch, &insert, NULL);
	struct slice state;

	store_put_id(lock, note->request);
	store_put_id(step, note->request);
	store_put_time(step, note->now_ms);
	store_put_id(step, note->actor);
	store_put_text_or_null(step, note->reason);
	store_put_text_or_null(step, note->detail);
	store_put_text(step, note->act);
	store_put_text(step, note->state);
	TRY(store_batch_run(s, &batch));
	if (store_changed(step) == 1)
		return OK;
	if (!store_next(lock))
		return failure(ERR_NOT_FOUND, "there is no such request");
	state = store_take_text(lock);
	return failure(ERR_CONFLICT, "the request is %.*s, not %.*s", SLICE_PRINT(state),
		       SLICE_PRINT(note->state));
}

enum err store_request_lock(struct store *s, struct arena *arena, struct store_request *out,
			    const uint8_t id[STORE_ID])
{
	static const struct store_statement find = {"request_locked",
						    REQUEST_SELECT "WHERE q.id = $1"};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};
	struct store_step *lock = store_batch_add(&batch, &lock_statement, arena);
	struct store_step *step = store_batch_add(&batch, &find, arena);

	store_put_id(lock, id);
	store_put_id(step, id);
	TRY(store_batch_run(s, &batch));
	return store_one(step, out, request_take, "request");
}

enum err store_request_get(struct store *s, struct arena *arena, struct store_request *out,
			   const uint8_t id[STORE_ID])
{
	static const struct store_statement find = {"request_get",
						    REQUEST_SELECT "WHERE q.id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, id);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, request_take, "request");
}

static void take_more(struct store_step *step, void *out)
{
	struct store_request_more *more = out;

	more->advice = store_take_text(step);
	more->lead_name = store_take_text(step);
	more->institution_name = store_take_text(step);
	more->official_name = store_take_text(step);
	more->reminded_ms = store_take_time(step);
	more->escalated_ms = store_take_time(step);
	more->has_card = store_take_bool(step);
	more->ahead = store_take_int(step);
}

enum err store_request_more(struct store *s, struct arena *arena, struct store_request_more *out,
			    const uint8_t id[STORE_ID])
{
	static const struct store_statement find = {
		"request_more",
		"SELECT q.advice, l.name, i.name, o.name, q.reminded_at, q.escalated_at, "
		"access_has_card(q.id), (SELECT count(*) FROM access_request w "
		"WHERE w.model = q.model AND w.waiting_since < q.waiting_since) "
		"FROM access_request q LEFT JOIN person l ON l.id = q.lead "
		"LEFT JOIN institution i ON i.id = q.institution "
		"LEFT JOIN person o ON o.id = q.official WHERE q.id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find, .arena = arena};

	store_put_id(&step, id);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_more, "request");
}

static void take_flag(struct store_step *step, void *out)
{
	*(bool *)out = store_take_bool(step);
}

enum err store_request_is_licensed(struct store *s, bool *out, const uint8_t id[STORE_ID])
{
	static const struct store_statement find = {
		"request_is_licensed",
		"SELECT EXISTS (SELECT FROM license l WHERE l.request = $1 AND l.state IN "
		"('preparing', 'active', 'suspended') AND l.expires_at > clock_timestamp())"};
	AUTO(store_step_clear) struct store_step step = {.statement = &find};

	store_put_id(&step, id);
	TRY(store_run(s, &step, 1));
	return store_one(&step, out, take_flag, "request");
}

enum err store_request_advise(struct store *s, const uint8_t id[STORE_ID], struct slice advice)
{
	static const struct store_statement update = {
		"request_advise", "UPDATE access_request SET advice = $2 WHERE id = $1"};
	AUTO(store_step_clear) struct store_step step = {.statement = &update};

	store_put_id(&step, id);
	store_put_text(&step, advice);
	return store_change(s, &step, "request");
}

static void take_event(struct store_step *step, void *out)
{
	struct store_request_event *event = out;

	event->at_ms = store_take_time(step);
	store_take_id(step, event->actor);
	event->actor_name = store_take_text(step);
	event->act = store_take_text(step);
	event->from = store_take_text(step);
	event->to = store_take_text(step);
	event->reason = store_take_text(step);
	event->detail = store_take_text(step);
}

enum err store_request_history(struct store *s, struct arena *arena,
			       struct store_request_event **out, size_t *count,
			       const uint8_t id[STORE_ID])
{
	static const struct store_statement list = {
		"request_history",
		"SELECT e.at, e.actor, p.name, e.act, e.from_state, e.to_state, e.reason, e.detail "
		"FROM access_request_event e LEFT JOIN person p ON p.id = e.actor "
		"WHERE e.request = $1 ORDER BY e.step LIMIT 1000"};
	AUTO(store_step_clear) struct store_step step = {.statement = &list, .arena = arena};

	store_put_id(&step, id);
	TRY(store_run(s, &step, 1));
	*out = store_all(&step, count, sizeof **out, take_event);
	return OK;
}
