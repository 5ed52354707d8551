/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many requests at once: each is voted on, or returned, by itself, and what becomes of one is
 * nothing to the others. With "preview" nothing is signed or written: each says what would become
 * of it now.
 */
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "gateway/api/reply.h"
#include "gateway/api/request/idempotent.h"
#include "gateway/api/request/verdicts.h"
#include "gateway/api/request/voting.h"
#include "gateway/api/routes.h"

enum { MANY_MAX = 100 };

/* What is done with each. */
struct many {
	const json_t *ids;
	const json_t *body;
	struct slice vote; /* approve, deny, return */
	bool is_preview;
};

static json_t *describe_grant(struct arena *arena, const struct outcome *outcome)
{
	const struct issue *first = &outcome->issues[0];
	json_t *grant = json_object_new();

	json_put(grant, "rights", issue_describe_rights(first->rights));
	json_put_text(grant, "expires", slice_of_string(api_time(arena, first->expires_ms)));
	json_put_int(grant, "licenses", (int64_t)outcome->issue_count);
	json_put(grant, "left_out", request_describe_list(outcome->left_out));
	return grant;
}

static enum err preview_vote(json_t **out, struct exchange *x, struct route_context *context,
			     const struct request_view *view, const struct ballot *ballot)
{
	struct arena *arena = exchange_arena(x);
	struct outcome outcome;
	size_t licenses;

	TRY(vote_preview(&outcome, x, context, view, ballot));
	licenses = outcome.issue_count;
	outcome.issue_count = 0; /* there is none yet */
	*out = outcome_describe(arena, &view->row, &outcome);
	outcome.issue_count = licenses;
	if (licenses)
		json_put(*out, "grant", describe_grant(arena, &outcome));
	return OK;
}

static enum err vote(json_t **out, struct exchange *x, struct route_context *context,
		     const struct request_view *view, const struct many *many)
{
	struct outcome outcome;
	struct ballot ballot;

	TRY(vote_check(view));
	TRY(ballot_read(&ballot, x, &view->row, many->body, slice_equal(many->vote, S("approve"))));
	if (many->is_preview)
		return preview_vote(out, x, context, view, &ballot);
	TRY(vote_on(&outcome, x, context, view, &ballot));
	*out = outcome_describe(exchange_arena(x), &view->row, &outcome);
	json_put_text(*out, "receipt", slice_of_string(api_uuid(exchange_arena(x), outcome.entry)));
	return OK;
}

static enum err give_back(json_t **out, struct exchange *x, struct route_context *context,
			  const struct request_view *view, const struct many *many)
{
	AUTO(json_auto) json_t *detail = json_object_new();
	struct request_act act;

	TRY(verdict_read_return(&act, view, many->body, detail));
	if (many->is_preview && !view->row.waiting_ms)
		return failure(ERR_CONFLICT, "the request is %.*s, not awaiting a decision",
			       SLICE_PRINT(view->row.state));
	if (!many->is_preview)
		TRY(request_act_do(x, context, &act));
	*out = json_object_new();
	json_put_text(*out, "id", slice_of_string(api_uuid(exchange_arena(x), view->row.id)));
	json_put_text(*out, "state", S("returned"));
	return OK;
}

static enum err decide_id(json_t **out, struct exchange *x, struct route_context *context,
			  struct slice text, const struct many *many)
{
	struct request_view view;
	uint8_t id[STORE_ID];

	TRY(text_read_uuid(id, text));
	TRY(request_see(&view, x, context, id));
	if (slice_equal(many->vote, S("return")))
		return give_back(out, x, context, &view, many);
	return vote(out, x, context, &view, many);
}

static json_t *decide_ids(struct exchange *x, struct route_context *context,
			  const struct many *many)
{
	json_t *results = json_array_new();

	for (size_t i = 0; i < json_array_size(many->ids); i++) {
		const char *text = json_string_value(json_array_get(many->ids, i));
		json_t *one = NULL;
		enum err result = decide_id(&one, x, context, slice_of_string(text), many);

		if (result != OK) {
			one = reply_describe_failure(result);
			json_put_text(one, "id", slice_of_string(text));
		}
		json_push(results, one);
		store_rollback(context->store);
	}
	return results;
}

static enum err read_many(struct many *out, const json_t *body)
{
	*out = (struct many){.body = body};
	TRY(json_get_text(&out->vote, body, "vote"));
	if (!slice_equal(out->vote, S("approve")) && !slice_equal(out->vote, S("deny")) &&
	    !slice_equal(out->vote, S("return")))
		return failure(ERR_FORMAT, "\"vote\" is approve, deny or return");
	TRY(json_get_bool_or(&out->is_preview, body, "preview", false));
	TRY(json_get_array(&out->ids, body, "ids"));
	if (json_array_size(out->ids) == 0 || json_array_size(out->ids) > MANY_MAX)
		return failure(ERR_FORMAT, "\"ids\" has 1 to %d items", MANY_MAX);
	if (json_has(body, "approval") || json_has(body, "approvals"))
		return failure(ERR_FORMAT,
			       "\"approval\" signs one request; send it with that one's approve");
	for (size_t i = 0; i < json_array_size(out->ids); i++) {
		struct slice one;

		TRY(json_text_at(&one, out->ids, i));
	}
	return OK;
}

static json_t *decide_all(struct exchange *x, struct route_context *context,
			  const struct many *many)
{
	json_t *answer = json_object_new();

	json_put(answer, "results", decide_ids(x, context, many));
	return answer;
}

void request_decide_many(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct idempotent once;
	struct many many;
	enum err result;

	if (!body)
		return;
	result = read_many(&many, body);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	if (many.is_preview)
		reply_json(x, 200, decide_all(x, context, &many));
	else if (idempotent_begin(&once, x, context))
		idempotent_reply(&once, x, context, 200, decide_all(x, context, &many), NULL);
}
