/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What other criteria would have said: a draft, or a version that is stored, is run over the facts
 * recorded for every request to the model. Nothing is changed, and nobody outside is asked again:
 * an external rule counts as what it answered then.
 */
#include "crypto/base/text.h"
#include "gateway/api/criteria/opinion.h"
#include "gateway/api/criteria/versions.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"

enum { REPLAY_PAGE = 200, REPLAY_MAX_REQUESTS = 10000, REPLAY_MAX_SHOWN = 500 };

/* What is counted and shown. */
struct replay {
	json_t *gains, *loses, *others;
	size_t requests, same, gained, lost, changed, unreadable, shown;
	size_t licenses; /* in force, for requests that these criteria would not approve */
	bool is_cut;
};

/* With no criteria, everybody was referred to people (or, by the gate auto, let in). */
static enum effect before_of(const struct store_evaluation *row, const struct criteria_record *r)
{
	if (r->has_criteria)
		return r->outcome;
	return slice_equal(row->request_state, S("approved")) ? EFFECT_APPROVE
	       : slice_equal(row->request_state, S("denied")) ? EFFECT_DENY
							      : EFFECT_REFER;
}

static json_t *describe(struct arena *arena, const struct store_evaluation *row, enum effect before,
			const struct criteria *c, const struct criteria_verdict *v)
{
	json_t *one = json_object_new();

	json_put_text(one, "request", slice_of_string(api_uuid(arena, row->request)));
	json_put_text(one, "person", slice_of_string(api_uuid(arena, row->person)));
	json_put_text(one, "person_name", row->person_name);
	json_put_text(one, "state", row->request_state);
	json_put_text(one, "at", slice_of_string(api_time(arena, row->at_ms)));
	json_put_text(one, "before", slice_of_string(effect_name(before)));
	json_put_text(one, "after", slice_of_string(effect_name(v->outcome)));
	if (row->license_state.size) {
		json_put_text(one, "license", slice_of_string(api_uuid(arena, row->license)));
		json_put_text(one, "license_state", row->license_state);
	}
	json_put(one, "rules", criteria_fired(c, v));
	json_put(one, "missing", criteria_missing(v));
	return one;
}

static void count_one(struct replay *r, const struct store_evaluation *row,
		      const struct criteria *c)
{
	AUTO(arena_free) struct arena arena = {0};
	struct criteria_record record;
	struct criteria_verdict v;
	enum effect before;
	json_t *list;

	r->requests++;
	if (criteria_record_read(&record, &arena, row->record) != OK) {
		r->unreadable++;
		return;
	}
	v = criteria_evaluate(c, &record.facts);
	before = before_of(row, &record);
	r->licenses += v.outcome != EFFECT_APPROVE && slice_equal(row->license_state, S("active"));
	if (before == v.outcome) {
		r->same++;
		return;
	}
	list = v.outcome == EFFECT_APPROVE ? r->gains
	       : before == EFFECT_APPROVE  ? r->loses
					   : r->others;
	r->gained += list == r->gains;
	r->lost += list == r->loses;
	r->changed += list == r->others;
	if (r->shown++ < REPLAY_MAX_SHOWN)
		json_push(list, describe(&arena, row, before, c, &v));
}

static enum err run(struct replay *r, struct route_context *context, struct store_model *model,
		    const struct criteria *c)
{
	struct store_evaluation_question q = {.limit = REPLAY_PAGE};
	size_t count = REPLAY_PAGE;

	memcpy(q.model, model->id, STORE_ID);
	while (count == REPLAY_PAGE && !r->is_cut) {
		AUTO(arena_free) struct arena arena = {0};
		struct store_evaluation *rows;

		TRY(store_evaluation_page(context->store, &arena, &rows, &count, &q));
		for (size_t i = 0; i < count; i++)
			count_one(r, &rows[i], c);
		if (count)
			memcpy(q.after_request, rows[count - 1].request, STORE_ID);
		r->is_cut = r->requests >= REPLAY_MAX_REQUESTS;
	}
	return OK;
}

static json_t *describe_replay(const struct replay *r, const struct store_model *model,
			       const char *sha256)
{
	json_t *answer = json_object_new();

	json_put_text(answer, "model", model->name);
	json_put_text(answer, "sha256", slice_of_string(sha256));
	json_put_int(answer, "requests", (int64_t)r->requests);
	json_put_int(answer, "same", (int64_t)r->same);
	json_put_int(answer, "gain", (int64_t)r->gained);
	json_put_int(answer, "lose", (int64_t)r->lost);
	json_put_int(answer, "other", (int64_t)r->changed);
	json_put_int(answer, "licenses", (int64_t)r->licenses);
	json_put_int(answer, "unreadable", (int64_t)r->unreadable);
	json_put_bool(answer, "complete", !r->is_cut && r->shown <= REPLAY_MAX_SHOWN);
	json_put(answer, "gains", r->gains);
	json_put(answer, "loses", r->loses);
	json_put(answer, "changes", r->others);
	return answer;
}

bool versions_read(struct criteria *out, struct exchange *x, struct route_context *context,
		   const struct store_model *model, const json_t *body)
{
	struct arena *arena = exchange_arena(x);
	struct criteria_faults *faults = arena_alloc(arena, sizeof *faults);
	AUTO(buf_free) struct buf text = buf_new(4 * CRITERIA_MAX_TEXT);
	const json_t *document = json_object_get(body, "criteria");
	uint8_t sha256[STORE_SHA256];
	struct store_criteria row = {0};
	struct slice hex;
	enum err result = OK;

	if (!document) {
		result = json_get_text(&hex, body, "sha256");
		if (result == OK)
			result = text_read_hex(sha256, sizeof sha256, hex);
		if (result == OK)
			result = store_criteria_get(context->store, arena, &row, model->id, sha256);
	} else if (json_is_string(document)) { /* as it was written: faults keep their lines */
		row.document = slice_of(json_string_value(document), json_string_length(document));
	} else {
		result = json_write_canonical(&text, document);
		row.document = arena_copy(arena, buf_slice(&text));
	}
	if (result != OK) {
		reply_failure(x, result);
		return false;
	}
	if (criteria_parse(out, arena, row.document, faults) == OK)
		return true;
	criteria_refuse(x, faults);
	return false;
}

static enum err find_model(struct store_model *out, struct exchange *x,
			   struct route_context *context, const json_t *body)
{
	const struct principal *who = authorize_principal(x);
	struct slice name;
	enum err result;

	TRY(json_get_text(&name, body, "model"));
	result = store_model_get(context->store, exchange_arena(x), out, name);
	if (result == ERR_NOT_FOUND ||
	    (result == OK && !principal_holds_on(who, RIGHT_MODELS_MANAGE, name)))
		return failure(ERR_NOT_FOUND, "you manage no model %.*s", SLICE_PRINT(name));
	return result;
}

void policy_replay(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct replay replay = {0};
	struct store_model model;
	struct criteria c;
	enum err result;

	if (!body)
		return;
	result = find_model(&model, x, context, body);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	if (!versions_read(&c, x, context, &model, body))
		return;
	exchange_may_wait(x);
	replay.gains = json_array_new();
	replay.loses = json_array_new();
	replay.others = json_array_new();
	result = run(&replay, context, &model, &c);
	if (result == OK) {
		reply_json(x, 200,
			   describe_replay(&replay, &model,
					   api_hex(exchange_arena(x), digest_slice(&c.sha256))));
		return;
	}
	json_decref(replay.gains);
	json_decref(replay.loses);
	json_decref(replay.others);
	reply_failure(x, result);
}
