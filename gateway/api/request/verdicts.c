/* SPDX-License-Identifier: Apache-2.0 */
/* What deciders and handlers do with a request: approve, deny, vote; return it for changes; close
 * it. And many at once. */
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "gateway/api/reply.h"
#include "gateway/api/request/idempotent.h"
#include "gateway/api/request/voting.h"
#include "gateway/api/routes.h"

enum { VERDICTS_MAX = 100 };

static enum err cast_ballot(struct outcome *out, struct exchange *x, struct route_context *context,
			    const struct request_view *view, const json_t *body, bool approves)
{
	struct ballot ballot;

	TRY(vote_check(view));
	TRY(ballot_read(&ballot, x, &view->row, body, approves));
	return vote_on(out, x, context, view, &ballot);
}

/* `how`: approve, deny, or what the body's "vote" says. */
static void decide_one(struct exchange *x, struct route_context *context, const char *how)
{
	struct request_view view;
	struct outcome outcome;
	struct idempotent once;
	struct slice vote = slice_of_string(how);
	enum err result = OK;
	json_t *answer;

	if (!request_find_as(&view, x, context, RIGHT_REQUESTS_DECIDE))
		return;
	AUTO(json_auto) json_t *body = api_body_or_none(x);
	if (!body || !idempotent_begin(&once, x, context))
		return;
	if (!vote.size)
		result = json_get_text(&vote, body, "vote");
	if (result == OK && !slice_equal(vote, S("approve")) && !slice_equal(vote, S("deny")))
		result = failure(ERR_FORMAT, "\"vote\" is approve or deny");
	if (result == OK)
		result = cast_ballot(&outcome, x, context, &view, body,
				     slice_equal(vote, S("approve")));
	if (result != OK) {
		idempotent_fail(&once, x, context, result);
		return;
	}
	exchange_header(x, "X-Audit-Receipt", "%s", api_uuid(exchange_arena(x), outcome.entry));
	answer = outcome_describe(exchange_arena(x), &view.row, &outcome);
	json_put_text(answer, "vote", vote);
	if (slice_equal(vote, S("deny")))
		json_put(answer, "reason", json_incref(json_object_get(body, "reason")));
	idempotent_reply(&once, x, context, 200, answer, outcome.entry);
}

void request_approve(struct exchange *x, struct route_context *context)
{
	decide_one(x, context, "approve");
}

void request_deny(struct exchange *x, struct route_context *context)
{
	decide_one(x, context, "deny");
}

void request_vote(struct exchange *x, struct route_context *context)
{
	decide_one(x, context, "");
}

/* What an approver is to sign for this request: the license as approve would make it of the same
 * body. */
void request_statement(struct exchange *x, struct route_context *context)
{
	struct request_view view;
	struct slice statement;
	struct issue issue;
	json_t *answer;
	enum err result;

	if (!request_find_as(&view, x, context, RIGHT_REQUESTS_DECIDE))
		return;
	AUTO(json_auto) json_t *body = api_body_or_none(x);
	if (!body)
		return;
	result = vote_check(&view);
	if (result == OK)
		result = request_grant(&issue, x, context, &view.row, body);
	if (result == OK)
		result = issue_statement(&statement, &issue, x, context);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put_text(answer, "statement", statement);
	reply_json(x, 200, answer);
}

/* ["field", ...] of what is to be changed, for the person to see: short texts. */
static enum err read_changes(json_t *detail, const json_t *body)
{
	const json_t *changes;
	json_t *copy;

	if (!json_has(body, "changes"))
		return OK;
	TRY(json_get_array(&changes, body, "changes"));
	if (json_array_size(changes) > 50)
		return failure(ERR_FORMAT, "\"changes\" has at most 50 items");
	copy = json_array_new();
	json_put(detail, "changes", copy);
	for (size_t i = 0; i < json_array_size(changes); i++) {
		struct slice one;

		TRY(json_text_at(&one, changes, i));
		if (one.size == 0 || one.size > 500)
			return failure(ERR_FORMAT, "\"changes\": each is 1 to 500 bytes");
		json_push_text(copy, one);
	}
	return OK;
}

static enum err check_return(const struct request_view *view)
{
	if (view->is_own)
		return failure(ERR_DENIED, "nobody decides their own request");
	if (!view->may_handle)
		return failure(ERR_DENIED, "only handlers of this model return its requests");
	return OK;
}

static void reply_step(struct exchange *x, const struct request_act *act)
{
	json_t *answer = json_object_new();

	json_put_text(answer, "id", slice_of_string(api_uuid(exchange_arena(x), act->request->id)));
	json_put_text(answer, "state", act->to);
	json_put_text(answer, "reason", act->reason);
	reply_json(x, 200, answer);
}

void request_return(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *detail = json_object_new();
	struct request_view view;
	struct request_act act = {.request = &view.row,
				  .kind = AUDIT_REQUEST_RETURN,
				  .to = S("returned"),
				  .detail = detail};
	enum err result;

	if (!request_find_as(&view, x, context, RIGHT_REQUESTS_HANDLE))
		return;
	AUTO(json_auto) json_t *body = api_body_or_none(x);
	if (!body)
		return;
	result = check_return(&view);
	if (result == OK)
		result = api_reason(&act.reason, body);
	if (result == OK && slice_trim(act.reason).size == 0)
		result = failure(ERR_FORMAT, "\"reason\" is missing: the person will read it");
	if (result == OK)
		result = read_changes(detail, body);
	if (result == OK)
		result = request_act_do(x, context, &act);
	if (result == OK)
		reply_step(x, &act);
	else
		reply_failure(x, result);
}

/* What was approved is closed when none of its licenses is in force. */
static enum err check_close(struct route_context *context, const struct request_view *view)
{
	bool is_licensed;

	TRY(check_return(view));
	TRY(store_request_is_licensed(context->store, &is_licensed, view->row.id));
	if (is_licensed)
		return failure(ERR_CONFLICT, "a license of this request is in force; revoke it, or "
					     "have it closed out");
	return OK;
}

void request_close(struct exchange *x, struct route_context *context)
{
	struct request_view view;
	struct request_act act = {
		.request = &view.row, .kind = AUDIT_REQUEST_CLOSE, .to = S("closed")};
	enum err result;

	if (!request_find_as(&view, x, context, RIGHT_REQUESTS_HANDLE))
		return;
	AUTO(json_auto) json_t *body = api_body_or_none(x);
	if (!body)
		return;
	result = api_reason(&act.reason, body);
	if (result == OK)
		result = check_close(context, &view);
	if (result == OK)
		result = request_act_do(x, context, &act);
	if (result == OK)
		reply_step(x, &act);
	else
		reply_failure(x, result);
}

static enum err decide_id(json_t **out, struct exchange *x, struct route_context *context,
			  struct slice text, const json_t *body, bool approves)
{
	struct request_view view;
	struct outcome outcome;
	uint8_t id[STORE_ID];

	TRY(text_read_uuid(id, text));
	TRY(request_see(&view, x, context, id));
	TRY(cast_ballot(&outcome, x, context, &view, body, approves));
	*out = outcome_describe(exchange_arena(x), &view.row, &outcome);
	json_put_text(*out, "receipt", slice_of_string(api_uuid(exchange_arena(x), outcome.entry)));
	return OK;
}

/* One by one: what becomes of one is nothing to the others. */
static void decide_ids(json_t *results, struct exchange *x, struct route_context *context,
		       const json_t *ids, const json_t *body, bool approves)
{
	for (size_t i = 0; i < json_array_size(ids); i++) {
		const char *text = json_string_value(json_array_get(ids, i));
		json_t *one = NULL;
		enum err result = decide_id(&one, x, context, slice_of_string(text), body,
					    approves);

		if (result != OK) {
			one = reply_describe_failure(result);
			json_put_text(one, "id", slice_of_string(text));
		}
		json_push(results, one);
		store_rollback(context->store);
	}
}

static enum err read_many(const json_t **ids, struct slice *vote, const json_t *body)
{
	TRY(json_get_text(vote, body, "vote"));
	if (!slice_equal(*vote, S("approve")) && !slice_equal(*vote, S("deny")))
		return failure(ERR_FORMAT, "\"vote\" is approve or deny");
	TRY(json_get_array(ids, body, "ids"));
	if (json_array_size(*ids) == 0 || json_array_size(*ids) > VERDICTS_MAX)
		return failure(ERR_FORMAT, "\"ids\" has 1 to %d items", VERDICTS_MAX);
	if (json_has(body, "approval") || json_has(body, "approvals"))
		return failure(ERR_FORMAT,
			       "\"approval\" signs one request; send it with that one's approve");
	for (size_t i = 0; i < json_array_size(*ids); i++) {
		struct slice one;

		TRY(json_text_at(&one, *ids, i));
	}
	return OK;
}

void request_decide_many(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct idempotent once;
	const json_t *ids;
	struct slice vote;
	json_t *answer, *results;
	enum err result;

	if (!body || !idempotent_begin(&once, x, context))
		return;
	result = read_many(&ids, &vote, body);
	if (result != OK) {
		idempotent_fail(&once, x, context, result);
		return;
	}
	results = json_array_new();
	decide_ids(results, x, context, ids, body, slice_equal(vote, S("approve")));
	answer = json_object_new();
	json_put(answer, "results", results);
	idempotent_reply(&once, x, context, 200, answer, NULL);
}
