/* SPDX-License-Identifier: Apache-2.0 */
/* What deciders and handlers do with a request: approve, deny, vote; return it for changes; close
 * it. */
#include "gateway/api/request/verdicts.h"

#include "crypto/json.h"
#include "gateway/api/reply.h"
#include "gateway/api/request/idempotent.h"
#include "gateway/api/request/voting.h"
#include "gateway/api/routes.h"

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

enum err verdict_read_return(struct request_act *act, const struct request_view *view,
			     const json_t *body, json_t *detail)
{
	*act = (struct request_act){.request = &view->row,
				    .kind = AUDIT_REQUEST_RETURN,
				    .to = S("returned"),
				    .detail = detail};
	TRY(check_return(view));
	TRY(api_reason(&act->reason, body));
	if (slice_trim(act->reason).size == 0)
		return failure(ERR_FORMAT, "\"reason\" is missing: the person will read it");
	return read_changes(detail, body);
}

void request_return(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *detail = json_object_new();
	struct request_view view;
	struct request_act act;
	enum err result;

	if (!request_find_as(&view, x, context, RIGHT_REQUESTS_HANDLE))
		return;
	AUTO(json_auto) json_t *body = api_body_or_none(x);
	if (!body)
		return;
	result = verdict_read_return(&act, &view, body, detail);
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
