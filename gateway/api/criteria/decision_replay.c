/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded decisions, decided anew from what was recorded: the same answer, or the record (or the
 * rules, without their version) was changed. */
#include "crypto/base/text.h"
#include "gateway/api/authorize.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "policy/decision_record.h"
#include "schema/store/decision.h"

enum { REPLAY_PAGE = 500, REPLAY_MOST = 20000, REPLAY_MAX_SHOWN = 200 };

struct tally {
	size_t decisions, same, different, other_version, unreadable;
	json_t *differences;
	int64_t after_ms;
	uint8_t after[STORE_ID]; /* the last one looked at */
	bool is_over;
};

static void show(struct tally *t, const struct store_decision *row, const struct decision_replay *r)
{
	struct arena arena = {0};
	json_t *one = json_object_new();

	json_put_text(one, "decision", slice_of_string(api_uuid(&arena, row->id)));
	json_put_text(one, "at", slice_of_string(api_time(&arena, row->at_ms)));
	json_put_text(one, "then_code", r->then_code);
	json_put_text(one, "then_rule", r->then_rule);
	json_put_text(one, "now_code", slice_of_string(code_name(r->now.code)));
	json_put_text(one, "now_rule", slice_of_string(r->now.rule));
	json_push(t->differences, one);
	arena_free(&arena);
}

static void look(struct tally *t, const struct store_decision *row)
{
	AUTO(arena_free) struct arena arena = {0};
	struct decision_replay r;

	t->decisions++;
	if (decision_replay(&r, &arena, row->record) != OK) {
		t->unreadable++;
		return;
	}
	switch (r.result) {
	case REPLAY_SAME:
		t->same++;
		return;
	case REPLAY_OTHER_VERSION:
		t->other_version++;
		return;
	case REPLAY_DIFFERENT:
		if (t->different++ < REPLAY_MAX_SHOWN)
			show(t, row, &r);
		return;
	}
}

static enum err run(struct tally *t, struct store *store)
{
	while (!t->is_over && t->decisions < REPLAY_MOST) {
		AUTO(arena_free) struct arena arena = {0};
		struct store_decision *rows;
		size_t count;

		TRY(store_decision_page(store, &arena, &rows, &count, t->after_ms, t->after,
					REPLAY_PAGE));
		for (size_t i = 0; i < count; i++)
			look(t, &rows[i]);
		t->is_over = count < REPLAY_PAGE;
		if (count) {
			memcpy(t->after, rows[count - 1].id, STORE_ID);
			t->after_ms = rows[count - 1].at_ms;
		}
	}
	return OK;
}

static enum err read_after(struct tally *t, const json_t *body)
{
	struct slice after;

	TRY(json_get_text_or(&after, body, "after", S("")));
	if (after.size && text_read_uuid(t->after, after) != OK)
		return failure(ERR_FORMAT, "\"after\" must be the id of a decision");
	return OK;
}

static void reply(struct exchange *x, const struct tally *t)
{
	json_t *answer = json_object_new();

	json_put_text(answer, "policy", S(DECISION_POLICY));
	json_put_int(answer, "decisions", (int64_t)t->decisions);
	json_put_int(answer, "same", (int64_t)t->same);
	json_put_int(answer, "different", (int64_t)t->different);
	json_put_int(answer, "other_version", (int64_t)t->other_version);
	json_put_int(answer, "unreadable", (int64_t)t->unreadable);
	json_put(answer, "differences", t->differences);
	json_put(answer, "next", json_null());
	if (!t->is_over)
		json_put_text(answer, "next",
			      slice_of_string(api_uuid(exchange_arena(x), t->after)));
	reply_json(x, 200, answer);
}

void policy_replay_decisions(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body_or_none(x);
	struct tally tally = {.decisions = 0};
	enum err result;

	if (!body)
		return;
	result = read_after(&tally, body);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	exchange_may_wait(x);
	tally.differences = json_array_new();
	result = run(&tally, context->store);
	if (result == OK) {
		reply(x, &tally);
		return;
	}
	json_decref(tally.differences);
	reply_failure(x, result);
}
