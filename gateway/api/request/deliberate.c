/* SPDX-License-Identifier: Apache-2.0 */
/* What is said about a request, who is asked to look at it, who steps back, who votes in another's
 * place. */
#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/reply.h"
#include "gateway/api/request/voting.h"
#include "gateway/api/routes.h"

enum { COMMENT_MAX = 10000, DELEGATION_MAX_DAYS = 366 };

#define DAY_MS ((int64_t)24 * 3600 * 1000)

static enum err read_comment(struct store_comment *c, const struct request_view *view,
			     const json_t *body)
{
	TRY(json_get_text(&c->text, body, "text"));
	if (slice_trim(c->text).size == 0 || c->text.size > COMMENT_MAX)
		return failure(ERR_FORMAT, "\"text\" is 1 to %d bytes", COMMENT_MAX);
	TRY(json_get_text_or(&c->audience, body, "audience",
			     view->sees_committee ? S("committee") : S("requester")));
	if (!slice_equal(c->audience, S("committee")) && !slice_equal(c->audience, S("requester")))
		return failure(ERR_FORMAT, "\"audience\" is requester or committee");
	if (slice_equal(c->audience, S("committee")) && !view->sees_committee)
		return failure(ERR_DENIED,
			       "only those who decide, handle or review a request write to its "
			       "committee");
	if (slice_equal(view->row.state, S("draft")))
		return failure(ERR_CONFLICT, "nobody but you sees a draft; submit it first");
	return OK;
}

static enum err comment(struct store_comment *c, struct exchange *x, struct route_context *context,
			const struct request_view *view)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	AUTO(json_auto) json_t *detail = json_object_new();
	bool is_remark = slice_equal(c->audience, S("committee"));
	struct request_act act = {.request = &view->row,
				  .kind = is_remark ? AUDIT_REQUEST_REMARK : AUDIT_REQUEST_COMMENT,
				  .detail = detail};

	c->at_ms = clock_now_ms();
	random_uuid(c->id, c->at_ms);
	memcpy(c->request, view->row.id, STORE_ID);
	memcpy(c->person, authorize_principal(x)->person.id, STORE_ID);
	json_put_text(detail, "comment", slice_of_string(api_uuid(exchange_arena(x), c->id)));
	json_put_text(detail, "audience", c->audience);
	json_put_text(detail, "text", c->text);
	request_act_entry(&event, x, &act);
	TRY(store_begin(store));
	TRY(request_act_store(x, store, &act));
	TRY(store_comment_add(store, c));
	return api_finish(x, context, &event);
}

void request_comment(struct exchange *x, struct route_context *context)
{
	struct store_comment c = {.at_ms = 0};
	struct request_view view;
	json_t *answer;
	enum err result;

	if (!request_find(&view, x, context))
		return;
	AUTO(json_auto) json_t *body = api_body(x);
	if (!body)
		return;
	result = read_comment(&c, &view, body);
	if (result == OK)
		result = comment(&c, x, context, &view);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put_text(answer, "id", slice_of_string(api_uuid(exchange_arena(x), c.id)));
	json_put_text(answer, "audience", c.audience);
	json_put_text(answer, "at", slice_of_string(api_time(exchange_arena(x), c.at_ms)));
	reply_json(x, 201, answer);
}

/* {"id","state"}: it stays what it was. */
static void reply_note(struct exchange *x, const struct request_view *view, unsigned status)
{
	json_t *answer = json_object_new();

	json_put_text(answer, "id", slice_of_string(api_uuid(exchange_arena(x), view->row.id)));
	json_put_text(answer, "state", view->row.state);
	reply_json(x, status, answer);
}

static enum err recuse(struct exchange *x, struct route_context *context,
		       const struct request_view *view, const json_t *body)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct request_act act = {.request = &view->row, .kind = AUDIT_REQUEST_RECUSE};

	if (view->is_own)
		return failure(ERR_DENIED, "it is your own request");
	if (!view->may_decide)
		return failure(ERR_DENIED, "you do not decide the requests for this model");
	TRY(api_reason(&act.reason, body));
	if (slice_trim(act.reason).size == 0)
		return failure(ERR_FORMAT, "\"reason\" is missing: what is the conflict?");
	if (!slice_equal(view->row.state, S("submitted")) &&
	    !slice_equal(view->row.state, S("appealed")))
		return failure(ERR_CONFLICT, "the request is %.*s, not awaiting a decision",
			       SLICE_PRINT(view->row.state));
	request_act_entry(&event, x, &act);
	TRY(store_begin(store));
	TRY(request_act_store(x, store, &act));
	TRY(store_recuse(store, view->row.id, authorize_principal(x)->person.id, act.reason,
			 clock_now_ms()));
	return api_finish(x, context, &event);
}

void request_recuse(struct exchange *x, struct route_context *context)
{
	struct request_view view;
	enum err result;

	if (!request_find_as(&view, x, context, RIGHT_REQUESTS_DECIDE))
		return;
	AUTO(json_auto) json_t *body = api_body(x);
	if (!body)
		return;
	result = recuse(x, context, &view, body);
	if (result == OK)
		reply_note(x, &view, 200);
	else
		reply_failure(x, result);
}

static enum err find_person(struct store_person *out, struct exchange *x,
			    struct route_context *context, const json_t *body, const char *member)
{
	struct slice name;
	enum err found;

	TRY(json_get_text(&name, body, member));
	found = store_person_by_name(context->store, exchange_arena(x), out, name);
	if (found == ERR_NOT_FOUND || (found == OK && !slice_equal(out->state, S("active"))))
		return failure(ERR_NOT_FOUND, "\"%s\": there is no active person %.*s here", member,
			       SLICE_PRINT(slice_part(name, 0, 64)));
	return found;
}

static enum err invite(struct exchange *x, struct route_context *context,
		       const struct request_view *view, const json_t *body)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	AUTO(json_auto) json_t *detail = json_object_new();
	struct request_act act = {
		.request = &view->row, .kind = AUDIT_REQUEST_REVIEW, .detail = detail};
	struct store_person reviewer;
	struct slice conflicts;

	if (view->is_own || !(view->may_handle || view->may_decide))
		return failure(ERR_DENIED, "those who handle or decide a request invite reviewers");
	TRY(api_reason(&act.reason, body));
	TRY(find_person(&reviewer, x, context, body, "person"));
	TRY(store_conflicts(context->store, exchange_arena(x), &conflicts, view->row.id,
			    reviewer.id));
	if (vote_conflict_of(conflicts) <= VOTE_CONFLICT_OFFICIAL)
		return failure(ERR_CONFLICT, "%.*s is named in this request: %s",
			       SLICE_PRINT(reviewer.name),
			       vote_conflict_name(vote_conflict_of(conflicts)));
	json_put_text(detail, "reviewer",
		      slice_of_string(api_uuid(exchange_arena(x), reviewer.id)));
	json_put_text(detail, "reviewer_name", reviewer.name);
	act.concerns = reviewer.id;
	act.concerns_name = reviewer.name;
	request_act_entry(&event, x, &act);
	TRY(store_begin(store));
	TRY(request_act_store(x, store, &act));
	TRY(store_reviewer_add(store, view->row.id, reviewer.id, authorize_principal(x)->person.id,
			       clock_now_ms()));
	return api_finish(x, context, &event);
}

void request_invite(struct exchange *x, struct route_context *context)
{
	struct request_view view;
	enum err result;

	if (!request_find_as(&view, x, context, RIGHT_REQUESTS_HANDLE))
		return;
	AUTO(json_auto) json_t *body = api_body(x);
	if (!body)
		return;
	result = invite(x, context, &view, body);
	if (result == OK)
		reply_note(x, &view, 201);
	else
		reply_failure(x, result);
}

static enum err read_delegation(struct store_delegation *d, struct exchange *x,
				struct route_context *context, const json_t *body)
{
	const struct principal *who = authorize_principal(x);
	struct store_person to;
	struct slice until;

	d->created_ms = clock_now_ms();
	random_uuid(d->id, d->created_ms);
	memcpy(d->person, who->person.id, STORE_ID);
	TRY(find_person(&to, x, context, body, "to"));
	if (principal_is(who, to.id))
		return failure(ERR_FORMAT, "\"to\" is you yourself");
	memcpy(d->delegate, to.id, STORE_ID);
	d->delegate_name = to.name;
	TRY(api_reason(&d->reason, body));
	TRY(json_get_text(&until, body, "until"));
	TRY(clock_parse(&d->until_ms, until));
	if (d->until_ms <= d->created_ms ||
	    d->until_ms > d->created_ms + DELEGATION_MAX_DAYS * DAY_MS)
		return failure(ERR_FORMAT, "\"until\" is a time within the next %d days",
			       DELEGATION_MAX_DAYS);
	return OK;
}

static json_t *describe_delegation(struct arena *arena, const struct store_delegation *d)
{
	json_t *one = json_object_new();

	json_put_text(one, "id", slice_of_string(api_uuid(arena, d->id)));
	json_put_text(one, "from", d->person_name);
	json_put_text(one, "to", d->delegate_name);
	if (!store_id_is_none(d->request))
		json_put_text(one, "request", slice_of_string(api_uuid(arena, d->request)));
	if (!store_id_is_none(d->model))
		json_put_text(one, "model", d->model_name);
	json_put_text(one, "reason", d->reason);
	json_put_text(one, "created", slice_of_string(api_time(arena, d->created_ms)));
	json_put_text(one, "until", slice_of_string(api_time(arena, d->until_ms)));
	if (d->ended_ms)
		json_put_text(one, "ended", slice_of_string(api_time(arena, d->ended_ms)));
	return one;
}

/* For one request: its history tells of it, and whoever is in conflict cannot have it. */
static enum err delegate_request(struct store_delegation *d, struct exchange *x,
				 struct route_context *context, const struct request_view *view)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	AUTO(json_auto) json_t *detail = describe_delegation(exchange_arena(x), d);
	struct request_act act = {.request = &view->row,
				  .kind = AUDIT_REQUEST_DELEGATE,
				  .reason = d->reason,
				  .detail = detail,
				  .concerns = d->delegate,
				  .concerns_name = d->delegate_name};
	struct slice conflicts;

	if (memcmp(view->seat, authorize_principal(x)->person.id, STORE_ID) != 0)
		return failure(ERR_DENIED, "what was delegated to you is not delegated further");
	TRY(store_conflicts(context->store, exchange_arena(x), &conflicts, view->row.id,
			    d->delegate));
	if (conflicts.size)
		return failure(ERR_CONFLICT, "%.*s is in conflict (%.*s)",
			       SLICE_PRINT(d->delegate_name), SLICE_PRINT(conflicts));
	memcpy(d->request, view->row.id, STORE_ID);
	request_act_entry(&event, x, &act);
	TRY(store_begin(store));
	TRY(request_act_store(x, store, &act));
	TRY(store_delegation_add(store, d));
	return api_finish(x, context, &event);
}

void request_delegate(struct exchange *x, struct route_context *context)
{
	struct store_delegation d = {.created_ms = 0};
	struct request_view view;
	enum err result;

	if (!request_find_as(&view, x, context, RIGHT_REQUESTS_DECIDE))
		return;
	AUTO(json_auto) json_t *body = api_body(x);
	if (!body)
		return;
	d.person_name = authorize_principal(x)->person.name;
	result = vote_check(&view);
	if (result == OK)
		result = read_delegation(&d, x, context, body);
	if (result == OK)
		result = delegate_request(&d, x, context, &view);
	if (result == OK)
		reply_json(x, 201, describe_delegation(exchange_arena(x), &d));
	else
		reply_failure(x, result);
}

/* For a model, or for all they decide: no request's history, but an entry of the log. */
static enum err delegate_all(struct store_delegation *d, struct exchange *x,
			     struct route_context *context, const json_t *body)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct store_model model;

	TRY(json_get_text_or(&d->model_name, body, "model", S("")));
	if (d->model_name.size) {
		TRY(store_model_get(context->store, exchange_arena(x), &model, d->model_name));
		memcpy(d->model, model.id, STORE_ID);
	}
	if (d->model_name.size ? !principal_holds_on(who, RIGHT_REQUESTS_DECIDE, d->model_name)
			       : !principal_holds_somewhere(who, RIGHT_REQUESTS_DECIDE))
		return failure(ERR_DENIED, "you decide nothing there that you could delegate");
	audit_event_begin(&event, AUDIT_REQUEST_DELEGATE, who->person.id, who->person.name);
	if (d->model_name.size)
		audit_event_text(&event, "model", d->model_name);
	audit_event_uuid(&event, "person", d->delegate);
	audit_event_text(&event, "reason", d->reason);
	audit_event_json(&event, "detail", describe_delegation(exchange_arena(x), d));
	TRY(store_begin(store));
	TRY(store_delegation_add(store, d));
	return api_finish(x, context, &event);
}

void delegation_add(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct store_delegation d = {.person_name = authorize_principal(x)->person.name};
	enum err result;

	if (!body)
		return;
	result = read_delegation(&d, x, context, body);
	if (result == OK)
		result = delegate_all(&d, x, context, body);
	if (result == OK)
		reply_json(x, 201, describe_delegation(exchange_arena(x), &d));
	else
		reply_failure(x, result);
}

void delegation_list(struct exchange *x, struct route_context *context)
{
	struct store_delegation *all;
	size_t count;
	json_t *list;
	enum err result = store_delegation_list(context->store, exchange_arena(x), &all, &count,
						authorize_principal(x)->person.id);

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(list, describe_delegation(exchange_arena(x), &all[i]));
	reply_list(x, "delegations", list);
}

static enum err end_delegation(struct exchange *x, struct route_context *context)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	uint8_t id[STORE_ID];

	TRY(api_param_uuid(id, x, "id"));
	audit_event_begin(&event, AUDIT_DELEGATION_END, who->person.id, who->person.name);
	audit_event_uuid(&event, "delegation", id);
	TRY(store_begin(store));
	TRY(store_delegation_end(store, id, who->person.id, clock_now_ms()));
	return api_finish(x, context, &event);
}

void delegation_end(struct exchange *x, struct route_context *context)
{
	enum err result = end_delegation(x, context);

	if (result == OK)
		reply_empty(x, 204);
	else
		reply_failure(x, result);
}
