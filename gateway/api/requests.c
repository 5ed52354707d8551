/* SPDX-License-Identifier: Apache-2.0 */
/* Access requests after their submission: who sees them, who decides them. */
#include "crypto/json.h"
#include "gateway/api/approvals.h"
#include "gateway/api/form.h"
#include "gateway/api/limits.h"
#include "gateway/api/opinion.h"
#include "gateway/api/reply.h"
#include "gateway/api/request.h"
#include "gateway/api/routes.h"

void request_list(struct exchange *x, struct route_context *context)
{
	static const uint8_t everybody[STORE_ID];
	const struct principal *who = authorize_principal(x);
	struct store_request *requests;
	size_t count;
	json_t *list;
	enum err result = store_request_list(
		context->store, exchange_arena(x), &requests, &count,
		principal_holds(who, RIGHT_REQUESTS_DECIDE) ? everybody : who->person.id,
		api_query(x, "state"));

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(list, request_describe(exchange_arena(x), &requests[i]));
	reply_list(x, "requests", list);
}

/* The request of the address, if the asker may see it; false: it has answered. Somebody else's
 * request does not exist for those without the office. */
static bool find_request(struct store_request *out, struct exchange *x,
			 struct route_context *context)
{
	const struct principal *who = authorize_principal(x);
	uint8_t id[STORE_ID];
	enum err result = api_param_uuid(id, x, "id");

	if (result == OK)
		result = store_request_get(context->store, exchange_arena(x), out, id);
	if (result == OK && !principal_holds(who, RIGHT_REQUESTS_DECIDE) &&
	    !principal_is(who, out->person))
		result = failure(ERR_NOT_FOUND, "no such access request");
	if (result != OK)
		reply_failure(x, result);
	return result == OK;
}

static json_t *describe_history(struct arena *arena, const struct store_request_event *events,
				size_t count)
{
	json_t *list = json_array_new();

	for (size_t i = 0; i < count; i++) {
		json_t *one = json_object_new();

		json_put_text(one, "at", slice_of_string(api_time(arena, events[i].at_ms)));
		json_put_text(one, "actor", events[i].actor_name);
		json_put_text(one, "from", events[i].from);
		json_put_text(one, "to", events[i].to);
		json_put_text(one, "reason", events[i].reason);
		json_push(list, one);
	}
	return list;
}

void request_get(struct exchange *x, struct route_context *context)
{
	struct store_request request;
	struct store_request_event *events;
	size_t count;
	json_t *answer;
	enum err result;

	if (!find_request(&request, x, context))
		return;
	result = store_request_history(context->store, exchange_arena(x), &events, &count,
				       request.id);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = request_describe(exchange_arena(x), &request);
	json_put(answer, "history", describe_history(exchange_arena(x), events, count));
	result = form_show(answer, x, context, request.id);
	if (result == OK)
		result = opinion_show(answer, x, context, request.id);
	if (result == OK) {
		reply_json(x, 200, answer);
		return;
	}
	json_free(answer);
	reply_failure(x, result);
}

/* An approval may grant fewer rights than were asked for, never more. */
static enum err read_granted(struct slice *out, struct exchange *x, const json_t *body,
			     const struct store_request *r)
{
	AUTO(buf_free) struct buf list = buf_new(1024);
	const json_t *array = json_object_get(body, "rights");

	*out = r->rights;
	if (!array || json_is_null(array))
		return OK;
	if (!json_is_array(array) || json_array_size(array) == 0)
		return failure(ERR_FORMAT, "\"rights\" must name at least one right");
	for (size_t i = 0; i < json_array_size(array); i++) {
		struct slice one;

		TRY(json_text_at(&one, array, i));
		if (!store_list_has(r->rights, one))
			return failure(ERR_FORMAT, "\"rights\": \"%.*s\" was not asked for",
				       SLICE_PRINT(one));
		if (i)
			buf_write(&list, S(","));
		buf_write(&list, one);
	}
	*out = arena_copy(exchange_arena(x), buf_slice(&list));
	return OK;
}

/* An appeal goes to someone else. The rest the database would refuse too, but after the license was
 * issued. */
static enum err check_decidable(struct exchange *x, const struct store_request *r)
{
	const struct principal *who = authorize_principal(x);

	if (principal_is(who, r->person))
		return failure(ERR_DENIED, "nobody decides their own request");
	if (!slice_equal(r->state, S("submitted")) && !slice_equal(r->state, S("appealed")))
		return failure(ERR_CONFLICT, "the request is %.*s, not awaiting a decision",
			       SLICE_PRINT(r->state));
	if (slice_equal(r->state, S("appealed")) && principal_is(who, r->decided_by))
		return failure(ERR_DENIED, "whoever denied a request does not decide its appeal");
	return OK;
}

enum err request_grant(struct issue *out, struct exchange *x, struct route_context *context,
		       const struct store_request *r, const json_t *body)
{
	struct slice rights;
	int64_t days;

	(void)context;
	TRY(json_get_int_or(&days, body, "expires_days", API_LICENSE_DAYS));
	if (days < 1 || days > API_MAX_DAYS)
		return failure(ERR_FORMAT, "\"expires_days\" is 1 to %d", API_MAX_DAYS);
	TRY(read_granted(&rights, x, body, r));
	*out = request_license(r, rights, days);
	return limits_of_body(&out->limits, exchange_arena(x), body);
}

static enum err approve(struct issue *issue, struct exchange *x, struct route_context *context,
			const struct store_request *r, const json_t *body)
{
	struct verdict v = {.request = r, .to = S("approved"), .kind = AUDIT_REQUEST_APPROVE};

	TRY(check_decidable(x, r));
	TRY(api_reason(&v.reason, body));
	TRY(request_grant(issue, x, context, r, body));
	TRY(approvals_read(issue->approvals, &issue->approval_count, body));
	TRY(issue_license(issue, x, context));
	return request_approve_with(x, context, &v, issue);
}

void request_approve(struct exchange *x, struct route_context *context)
{
	struct store_request request;
	struct issue issue;
	json_t *answer;
	enum err result;

	if (!find_request(&request, x, context))
		return;
	AUTO(json_auto) json_t *body = api_body_or_none(x);
	if (!body)
		return;
	result = approve(&issue, x, context, &request, body);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put_text(answer, "state", S("approved"));
	json_put(answer, "license", issue_describe(exchange_arena(x), &issue.license));
	reply_json(x, 200, answer);
}

/* What an approver is to sign for this request: the license as approve would make it of the same
 * body. */
void request_statement(struct exchange *x, struct route_context *context)
{
	struct store_request request;
	struct issue issue;
	struct slice statement;
	json_t *answer;
	enum err result;

	if (!find_request(&request, x, context))
		return;
	AUTO(json_auto) json_t *body = api_body_or_none(x);
	if (!body)
		return;
	result = check_decidable(x, &request);
	if (result == OK)
		result = request_grant(&issue, x, context, &request, body);
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

static void change(struct exchange *x, struct route_context *context, enum audit_kind kind,
		   struct slice to, bool reason_needed)
{
	struct store_request request;
	struct verdict v = {.request = &request, .to = to, .kind = kind};
	json_t *answer;
	enum err result;

	if (!find_request(&request, x, context))
		return;
	AUTO(json_auto) json_t *body = api_body_or_none(x);
	if (!body)
		return;
	result = api_reason(&v.reason, body);
	if (result == OK && reason_needed && slice_trim(v.reason).size == 0)
		result = failure(ERR_FORMAT, "\"reason\" is missing: the person will read it");
	if (result == OK && (kind == AUDIT_REQUEST_DENY || kind == AUDIT_REQUEST_RETURN))
		result = check_decidable(x, &request);
	if (result == OK)
		result = request_carry_out(x, context, &v, NULL);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put_text(answer, "id", slice_of_string(api_uuid(exchange_arena(x), request.id)));
	json_put_text(answer, "state", to);
	json_put_text(answer, "reason", v.reason);
	reply_json(x, 200, answer);
}

/* Withdrawing and appealing are the requester's own; deciding is for those with the office. */
static bool is_own(struct exchange *x, struct route_context *context)
{
	struct store_request request;

	if (!find_request(&request, x, context))
		return false;
	if (principal_is(authorize_principal(x), request.person))
		return true;
	reply_code(x, CODE_RIGHT_NOT_GRANTED, "only the person who made the request may do this",
		   NULL);
	return false;
}

void request_deny(struct exchange *x, struct route_context *context)
{
	change(x, context, AUDIT_REQUEST_DENY, S("denied"), true);
}

void request_return(struct exchange *x, struct route_context *context)
{
	change(x, context, AUDIT_REQUEST_RETURN, S("returned"), true);
}

void request_withdraw(struct exchange *x, struct route_context *context)
{
	if (is_own(x, context))
		change(x, context, AUDIT_REQUEST_WITHDRAW, S("withdrawn"), false);
}

void request_appeal(struct exchange *x, struct route_context *context)
{
	if (is_own(x, context))
		change(x, context, AUDIT_REQUEST_APPEAL, S("appealed"), true);
}
