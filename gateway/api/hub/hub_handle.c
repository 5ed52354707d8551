/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Hub's handle, batch and grant: each is the act that our own routes would be (a vote, a
 * reopening, a request made for somebody), with its checks and entries.
 */
#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/hub/hub_access.h"
#include "gateway/api/lease/withdraw.h"
#include "gateway/api/reply.h"
#include "gateway/api/request/voting.h"
#include "gateway/api/routes.h"

enum { HANDLE_MAX = 100, HANDLE_MAX_REASON = 200 };

/* One request being handled, and what came of it. */
struct handling {
	struct exchange *x;
	struct route_context *context;
	const struct store_model *model;
	struct store_person person;
	struct store_hub_request found;
	struct request_view view;
	struct slice reason;
	const json_t *body; /* may say more: rights, expires_days, limits, ... */
	struct outcome outcome;
	bool is_voted;
	bool is_withdrawn; /* something was: edges have to hear of it */
};

static enum err look(struct handling *h)
{
	return request_see(&h->view, h->x, h->context, h->found.id);
}

/* Whoever may decide the request may also take a decision back: but for themselves, and those in
 * conflict with it. */
static enum err check_reopening(const struct request_view *view)
{
	enum vote_conflict conflict = vote_conflict_of(view->standing.conflicts);

	if (view->is_own)
		return failure(ERR_DENIED, "nobody decides their own request");
	if (conflict != VOTE_CONFLICT_COUNT)
		return failure(ERR_DENIED, "%s", vote_conflict_sentence(conflict));
	return view->may_decide
		       ? OK
		       : failure(ERR_DENIED,
				 "you are none of those who decide the requests for this model");
}

static enum err revoke(struct handling *h, const struct store_hub_license *l)
{
	const struct principal *who = authorize_principal(h->x);
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_LICENSE_REVOKE, who->person.id, who->person.name);
	audit_event_uuid(&event, "license", l->id);
	audit_event_text(&event, "model", h->model->name);
	audit_event_uuid(&event, "person", l->person);
	audit_event_text(&event, "person_name", l->person_name);
	audit_event_text(&event, "reason", h->reason);
	TRY(store_license_set_state(h->context->store, l->id, l->state, S("revoked"), h->reason,
				    clock_now_ms()));
	return api_log(h->context->store, &event);
}

/* In the transaction that takes an approval back. */
static enum err revoke_all(struct handling *h)
{
	struct store_hub_license *licenses;
	size_t count;

	TRY(store_hub_licenses(h->context->store, exchange_arena(h->x), &licenses, &count,
			       h->found.id));
	if (count &&
	    !principal_holds_on(authorize_principal(h->x), RIGHT_LICENSES_MANAGE, h->model->name))
		return failure(ERR_DENIED, "they have access, and to revoke a license needs the "
					   "right \"licenses:manage\"");
	for (size_t i = 0; i < count; i++)
		TRY(revoke(h, &licenses[i]));
	h->is_withdrawn = h->is_withdrawn || count > 0;
	return OK;
}

/* A decision is taken back; of an approval, with its licenses, all or nothing. */
static enum err take_back(struct handling *h, enum audit_kind kind, struct slice to)
{
	AUTO(store_end) struct store *store = h->context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct request_act act = {
		.request = &h->view.row, .kind = kind, .to = to, .reason = h->reason};

	TRY(check_reopening(&h->view));
	request_act_entry(&event, h->x, &act);
	TRY(store_begin(store));
	TRY(revoke_all(h));
	TRY(request_act_store(h->x, store, &act));
	TRY(api_commit(h->context, &event));
	memcpy(h->outcome.entry, event.id, STORE_ID);
	return OK;
}

static enum err reopen(struct handling *h)
{
	TRY(take_back(h, AUDIT_REQUEST_REOPEN, S("submitted")));
	return look(h);
}

static enum err vote(struct handling *h, const json_t *body, bool approves)
{
	struct ballot ballot;

	TRY(vote_check(&h->view));
	TRY(ballot_read(&ballot, h->x, &h->view.row, body, approves));
	h->is_voted = true;
	return vote_on(&h->outcome, h->x, h->context, &h->view, &ballot);
}

/* What was denied, or approved and has ended since, is opened anew. */
static enum err accept(struct handling *h)
{
	if (slice_equal(h->view.row.state, S("denied")) ||
	    slice_equal(h->view.row.state, S("approved")))
		TRY(reopen(h));
	return vote(h, h->body, true);
}

static enum err reject(struct handling *h)
{
	AUTO(json_auto) json_t *body = json_object_new();

	if (slice_equal(h->view.row.state, S("approved")))
		return take_back(h, AUDIT_REQUEST_DENY, S("denied"));
	json_put_text(body, "reason", h->reason);
	return vote(h, body, false);
}

/* The Hub asks for no reason; whoever is denied shall read at least that. */
static enum err read_reason(struct slice *out, const json_t *body)
{
	TRY(json_get_text_or(out, body, "rejectionReason", S("")));
	if (out->size > HANDLE_MAX_REASON)
		return failure(ERR_FORMAT, "\"rejectionReason\" has at most %d bytes",
			       HANDLE_MAX_REASON);
	if (slice_trim(*out).size == 0)
		*out = S("no reason was given");
	return OK;
}

static enum err find_request(struct handling *h, const json_t *who)
{
	enum err result;

	TRY(hub_find_user(&h->person, h->x, h->context, who));
	result = store_hub_request_of(h->context->store, exchange_arena(h->x), &h->found,
				      h->model->id, h->person.id, clock_now_ms());
	if (result == ERR_NOT_FOUND)
		return failure(ERR_NOT_FOUND, "there is no access request of %.*s for this model",
			       SLICE_PRINT(h->person.name));
	TRY(result);
	return look(h);
}

static enum err check_status(struct slice status)
{
	if (slice_equal(status, S("accepted")) || slice_equal(status, S("rejected")) ||
	    slice_equal(status, S("pending")))
		return OK;
	return failure(ERR_FORMAT, "\"status\" is accepted, rejected or pending");
}

/* `who` names the person (and may give a reason), `body` what is to be done. */
static enum err handle(struct handling *h, const json_t *who, struct slice status)
{
	TRY(check_status(status));
	TRY(read_reason(&h->reason, json_has(who, "rejectionReason") ? who : h->body));
	TRY(find_request(h, who));
	if (slice_equal(status, h->found.status))
		return failure(ERR_NOT_FOUND, "the request of %.*s is %.*s already",
			       SLICE_PRINT(h->person.name), SLICE_PRINT(status));
	if (slice_equal(status, S("accepted")))
		return accept(h);
	if (slice_equal(status, S("rejected")))
		return reject(h);
	if (h->found.status.size)
		return reopen(h);
	return failure(ERR_CONFLICT, "the request is %.*s: its person can submit it",
		       SLICE_PRINT(h->view.row.state));
}

/* {} as the Hub's, and where votes are still missing what they are: no client reads it, but all of
 * Python's show the warning. */
static void reply_handled(struct handling *h)
{
	struct arena *arena = exchange_arena(h->x);
	json_t *answer = json_object_new();

	exchange_header(h->x, "X-Audit-Receipt", "%s", api_uuid(arena, h->outcome.entry));
	if (h->is_voted)
		json_put(answer, "sallyport", outcome_describe(arena, &h->view.row, &h->outcome));
	if (h->is_voted && slice_equal(h->outcome.state, h->view.row.state))
		exchange_header(h->x, "X-HF-Warning",
				"access; Your vote counts, and the request is still pending: %u of "
				"%u approvals",
				h->outcome.votes.approve, h->outcome.rule.needed);
	if (h->is_withdrawn)
		withdraw_wait(h->x, h->context, answer);
	reply_json(h->x, 200, answer);
}

void hub_access_handle(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = NULL;
	struct store_model model;
	struct slice status;
	enum err result;

	if (!hub_find_gated(&model, x, context))
		return;
	body = api_body(x);
	if (!body)
		return;
	struct handling h = {.x = x, .context = context, .model = &model, .body = body};

	result = json_get_text(&status, body, "status");
	if (result == OK)
		result = handle(&h, body, status);
	if (result == OK)
		reply_handled(&h);
	else
		hub_reply_refusal(x, result);
}

static enum err read_batch(struct slice *status, const json_t **requests, const json_t *body)
{
	TRY(json_get_text(status, body, "status"));
	TRY(json_get_array(requests, body, "requests"));
	if (json_array_size(*requests) == 0 || json_array_size(*requests) > HANDLE_MAX)
		return failure(ERR_FORMAT, "\"requests\" has 1 to %d items", HANDLE_MAX);
	return OK;
}

/* "name", or what handle takes. What becomes of one is nothing to the others. */
static json_t *handle_one(bool *is_withdrawn, const struct handling *of_all, json_t *item,
			  struct slice status)
{
	struct handling h = *of_all;
	json_t *one = json_object_new(), *who = json_object_new();
	enum err result = json_is_string(item) || json_is_object(item)
				  ? OK
				  : failure(ERR_FORMAT, "a name, or {\"user\"}, is expected");

	if (json_is_string(item))
		json_put(who, "user", json_incref(item));
	else if (json_is_object(item))
		json_object_update(who, item);
	if (result == OK)
		result = handle(&h, who, status);
	json_put(one, "user",
		 json_incref(json_has(who, "user") ? json_object_get(who, "user") : item));
	json_put_bool(one, "ok", result == OK);
	if (result != OK) {
		store_rollback(h.context->store);
		json_put_text(one, "error", slice_of_string(failure_text()));
	}
	*is_withdrawn = *is_withdrawn || h.is_withdrawn;
	json_decref(who);
	return one;
}

void hub_access_batch(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = NULL;
	const json_t *requests;
	bool is_withdrawn = false;
	struct store_model model;
	struct slice status;
	json_t *list;
	enum err result;

	if (!hub_find_gated(&model, x, context))
		return;
	body = api_body(x);
	if (!body)
		return;
	struct handling h = {.x = x, .context = context, .model = &model, .body = body};

	result = read_batch(&status, &requests, body);
	if (result != OK) {
		hub_reply_refusal(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < json_array_size(requests); i++)
		json_push(list, handle_one(&is_withdrawn, &h, json_array_get(requests, i), status));
	if (is_withdrawn)
		withdraw_wait(x, context, NULL);
	reply_json(x, 200, list);
}

/* What an administrator asks for in somebody's name. */
static struct store_request request_for(const struct handling *h, struct arena *arena)
{
	const struct principal *who = authorize_principal(h->x);
	struct store_request r = {.state = S("submitted"),
				  .rights = S("infer:generate,weights:read"),
				  .model_name = h->model->name,
				  .person_name = h->person.name,
				  .created_ms = clock_now_ms(),
				  .round = 1};

	r.changed_ms = r.waiting_ms = r.created_ms;
	r.intended_use = slice_of_string(arena_printf(
		arena, "granted by %.*s, who was not asked for it", SLICE_PRINT(who->person.name)));
	random_uuid(r.id, r.created_ms);
	memcpy(r.model, h->model->id, STORE_ID);
	memcpy(r.person, h->person.id, STORE_ID);
	return r;
}

static enum err make_request(struct handling *h)
{
	const struct principal *who = authorize_principal(h->x);
	struct store_request r = request_for(h, exchange_arena(h->x)), before = r;
	AUTO(store_end) struct store *store = h->context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	AUTO(json_auto) json_t *detail = json_object_new();
	struct request_act act = {.request = &before,
				  .kind = AUDIT_REQUEST_SUBMIT,
				  .to = S("submitted"),
				  .detail = detail};

	before.state = S("none");
	json_put_bool(detail, "granted", true); /* nobody has asked, nothing is signed */
	json_put_text(detail, "intended_use", r.intended_use);
	json_put(detail, "rights", issue_describe_rights(r.rights));
	request_act_entry(&event, h->x, &act);
	audit_event_text(&event, "rights", r.rights);
	audit_event_text(&event, "intended_use", r.intended_use);
	TRY(store_begin(store));
	TRY(store_request_create(store, &r, S("{\"granted\":true}")));
	TRY(store_hub_request_granted(store, r.id, who->person.id));
	TRY(api_commit(h->context, &event));
	memcpy(h->found.id, r.id, STORE_ID);
	return look(h);
}

static enum err grant(struct handling *h)
{
	enum err found;

	TRY(hub_find_user(&h->person, h->x, h->context, h->body));
	if (principal_is(authorize_principal(h->x), h->person.id))
		return failure(ERR_DENIED, "nobody decides their own request");
	if (!slice_equal(h->person.state, S("active")))
		return failure(ERR_CONFLICT, "%.*s is %.*s", SLICE_PRINT(h->person.name),
			       SLICE_PRINT(h->person.state));
	found = store_hub_request_of(h->context->store, exchange_arena(h->x), &h->found,
				     h->model->id, h->person.id, clock_now_ms());
	if (found != OK && found != ERR_NOT_FOUND)
		return found;
	if (found == OK && slice_equal(h->found.status, S("accepted")))
		return failure(ERR_CONFLICT, "%.*s has access already",
			       SLICE_PRINT(h->person.name));
	if (found == OK && slice_equal(h->found.status, S("pending")))
		TRY(look(h)); /* they have asked: that is what is approved */
	else
		TRY(make_request(h));
	return vote(h, h->body, true);
}

void hub_access_grant(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = NULL;
	struct store_model model;
	enum err result;

	if (!hub_find_gated(&model, x, context))
		return;
	body = api_body(x);
	if (!body)
		return;
	struct handling h = {.x = x, .context = context, .model = &model, .body = body};

	result = grant(&h);
	if (result == OK)
		reply_handled(&h);
	else
		hub_reply_refusal(x, result);
}
