/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/request/request.h"

#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "gateway/api/reply.h"

enum { REQUEST_MAX_DETAIL = 64 * 1024 };

static void weigh_standing(struct request_view *v, const struct principal *who)
{
	const struct store_standing *s = &v->standing;
	bool decides = principal_holds_on(who, RIGHT_REQUESTS_DECIDE, v->row.model_name);
	bool may_speak = who->scope & right_bit(RIGHT_REQUESTS_DECIDE);

	v->is_own = principal_is(who, v->row.person);
	v->may_handle = principal_holds_on(who, RIGHT_REQUESTS_HANDLE, v->row.model_name);
	if (decides && s->is_named) {
		v->may_decide = true;
		memcpy(v->seat, who->person.id, STORE_ID);
	} else if (may_speak && !store_id_is_none(s->delegated)) {
		v->may_decide = true;
		memcpy(v->seat, s->delegated, STORE_ID);
	}
	v->sees_committee = !v->is_own && !s->is_accessor && !s->is_lead &&
			    (v->may_handle || v->may_decide || s->is_reviewer ||
			     (may_speak && s->has_delegation));
}

/* A draft is its author's alone, and of those who are named in it. */
static bool may_see(const struct request_view *v)
{
	const struct store_standing *s = &v->standing;

	if (v->is_own || s->is_accessor || s->is_lead)
		return true;
	return !slice_equal(v->row.state, S("draft")) &&
	       (v->sees_committee || v->may_handle || s->is_official);
}

enum err request_see(struct request_view *out, struct exchange *x, struct route_context *context,
		     const uint8_t id[STORE_ID])
{
	const struct principal *who = authorize_principal(x);
	struct arena *arena = exchange_arena(x);

	*out = (struct request_view){.is_own = false};
	TRY(store_request_get(context->store, arena, &out->row, id));
	TRY(store_standing_get(context->store, arena, &out->standing, id, who->person.id));
	weigh_standing(out, who);
	return may_see(out) ? OK : failure(ERR_NOT_FOUND, "no such access request");
}

bool request_find(struct request_view *out, struct exchange *x, struct route_context *context)
{
	uint8_t id[STORE_ID];
	enum err result = api_param_uuid(id, x, "id");

	if (result == OK)
		result = request_see(out, x, context, id);
	if (result != OK)
		reply_failure(x, result);
	return result == OK;
}

static void reply_no_office(struct exchange *x, enum right right)
{
	reply_code(x, CODE_RIGHT_NOT_GRANTED,
		   arena_printf(exchange_arena(x),
				"this needs the right \"%s\" on the model, which neither your "
				"account nor this token's scope gives",
				right_name(right)),
		   NULL);
}

bool request_find_as(struct request_view *out, struct exchange *x, struct route_context *context,
		     enum right right)
{
	uint8_t id[STORE_ID];
	enum err result = api_param_uuid(id, x, "id");

	if (result == OK)
		result = request_see(out, x, context, id);
	if (result == OK && (out->may_handle || out->may_decide))
		return true;
	if (result == OK || result == ERR_NOT_FOUND)
		result = principal_holds_somewhere(authorize_principal(x), right) && result != OK
				 ? result
				 : ERR_DENIED;
	if (result == ERR_DENIED)
		reply_no_office(x, right);
	else
		reply_failure(x, result);
	return false;
}

json_t *request_describe_list(struct slice list)
{
	json_t *array = json_array_new();
	bool more = list.size > 0;

	while (more) {
		struct slice one;

		more = slice_cut(list, ',', &one, &list);
		json_push_text(array, one);
	}
	return array;
}

json_t *request_describe(struct arena *arena, const struct store_request *r)
{
	json_t *one = json_object_new();

	json_put_text(one, "id", slice_of_string(api_uuid(arena, r->id)));
	json_put_text(one, "state", r->state);
	json_put_text(one, "model", r->model_name);
	json_put_text(one, "person", r->person_name);
	json_put(one, "rights", issue_describe_rights(r->rights));
	json_put_text(one, "intended_use", r->intended_use);
	json_put(one, "uses", request_describe_list(r->uses));
	if (r->has_terms)
		json_put_text(one, "terms_sha256",
			      slice_of_string(api_hex(arena, slice_of(r->terms_sha256, 32))));
	json_put_bool(one, "terms_signed", !store_id_is_none(r->terms_key));
	json_put_text(one, "reason", r->reason);
	json_put_text(one, "decided_by", r->decided_by_name);
	json_put_int(one, "round", r->round);
	if (r->waiting_ms)
		json_put_text(one, "waiting_since",
			      slice_of_string(api_time(arena, r->waiting_ms)));
	json_put_text(one, "created", slice_of_string(api_time(arena, r->created_ms)));
	json_put_text(one, "changed", slice_of_string(api_time(arena, r->changed_ms)));
	return one;
}

/* "request.vote" -> "vote" */
static struct slice act_name(enum audit_kind kind)
{
	struct slice family, name;

	slice_cut(slice_of_string(audit_kind_name(kind)), '.', &family, &name);
	return name;
}

static enum err write_detail(struct slice *out, struct arena *arena, const json_t *detail)
{
	AUTO(buf_free) struct buf text = buf_new(REQUEST_MAX_DETAIL);

	*out = S("");
	if (!detail)
		return OK;
	TRY(json_write_canonical(&text, detail));
	TRY(buf_done(&text));
	*out = arena_copy(arena, buf_slice(&text));
	return OK;
}

static enum err store_step_of(struct store *store, const struct request_act *act,
			      const uint8_t actor[STORE_ID], struct slice detail)
{
	struct store_transition t = {.from = act->request->state,
				     .to = act->to,
				     .reason = act->reason,
				     .now_ms = clock_now_ms(),
				     .detail = detail};

	memcpy(t.request, act->request->id, STORE_ID);
	memcpy(t.actor, actor, STORE_ID);
	return store_request_transition(store, &t);
}

static enum err store_note_of(struct store *store, const struct request_act *act,
			      const uint8_t actor[STORE_ID], struct slice detail)
{
	struct store_request_note note = {.state = act->request->state,
					  .act = act_name(act->kind),
					  .reason = act->reason,
					  .detail = detail,
					  .now_ms = clock_now_ms()};

	memcpy(note.request, act->request->id, STORE_ID);
	memcpy(note.actor, actor, STORE_ID);
	return store_request_note(store, &note);
}

enum err request_act_store(struct exchange *x, struct store *store, const struct request_act *act)
{
	static const uint8_t nobody[STORE_ID]; /* a job has no exchange either */
	const uint8_t *actor = act->by_gateway ? nobody : authorize_principal(x)->person.id;
	AUTO(arena_free) struct arena arena = {NULL};
	struct slice detail;

	TRY(write_detail(&detail, &arena, act->detail));
	return act->to.size ? store_step_of(store, act, actor, detail)
			    : store_note_of(store, act, actor, detail);
}

void request_act_entry(struct audit_event *event, struct exchange *x, const struct request_act *act)
{
	const struct store_request *r = act->request;

	if (act->by_gateway)
		audit_event_begin(event, act->kind, NULL, x ? S("gate") : S("gateway"));
	else
		audit_event_begin(event, act->kind, authorize_principal(x)->person.id,
				  authorize_principal(x)->person.name);
	audit_event_uuid(event, "request", r->id);
	audit_event_text(event, "model", r->model_name);
	audit_event_uuid(event, "requester", r->person);
	audit_event_uuid(event, "person", act->concerns ? act->concerns : r->person);
	audit_event_text(event, "person_name", act->concerns ? act->concerns_name : r->person_name);
	audit_event_text(event, "from", r->state);
	audit_event_text(event, "to", act->to.size ? act->to : r->state);
	audit_event_number(event, "round", r->round);
	audit_event_text(event, "reason", act->reason);
	if (act->detail)
		audit_event_json(event, "detail", json_deep_copy(act->detail));
}

enum err request_act_do(struct exchange *x, struct route_context *context,
			const struct request_act *act)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	request_act_entry(&event, x, act);
	TRY(store_begin(store));
	TRY(request_act_store(x, store, act));
	return api_finish(x, context, &event);
}

struct issue request_license(const struct store_request *r, struct slice rights, int64_t days)
{
	int64_t now_ms = clock_now_ms();
	struct issue issue = {
		.person_name = r->person_name,
		.rights = rights,
		.not_before_ms = now_ms,
		.expires_ms = now_ms + days * 24 * 3600 * 1000,
		.license = {.model_name = r->model_name,
			    .person_name = r->person_name,
			    .has_terms = r->has_terms},
	};

	memcpy(issue.license.model, r->model, STORE_ID);
	memcpy(issue.license.person, r->person, STORE_ID);
	memcpy(issue.license.request, r->id, STORE_ID);
	memcpy(issue.license.terms_sha256, r->terms_sha256, 32);
	return issue;
}
