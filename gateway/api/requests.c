/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access requests, from submission to decision. Signing the terms binds the SHA-256 of the exact
 * text to model, rights and use: Ed25519 by a key the person has enrolled, over
 * "sallyport/terms/v1\n" and canonical JSON {"intended_use","model","rights","terms_sha256"}.
 */
#include <stdlib.h>

#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "crypto/verify.h"
#include "gateway/api/issue.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/store/key.h"

enum { REQUEST_MAX_USE = 10000, REQUEST_MAX_REASON = 2000 };

/* A request being submitted. */
struct submission {
	struct store_model model;
	struct store_request row;
	struct slice rights[RIGHT_COUNT]; /* sorted */
	size_t right_count;
};

static int compare_text(const void *a, const void *b)
{
	const struct slice *x = a, *y = b;
	size_t common = x->size < y->size ? x->size : y->size;
	int order = memcmp(x->data, y->data, common);

	return order ? order : (x->size > y->size) - (x->size < y->size);
}

static enum err read_rights(struct submission *s, struct exchange *x, const json_t *body)
{
	AUTO(buf_free) struct buf list = buf_new(1024);
	const json_t *array;

	TRY(json_get_array(&array, body, "rights"));
	if (json_array_size(array) == 0 || json_array_size(array) > RIGHT_COUNT)
		return failure(ERR_FORMAT, "\"rights\" must name at least one right on the model");
	for (size_t i = 0; i < json_array_size(array); i++) {
		enum right right;

		TRY(json_text_at(&s->rights[i], array, i));
		if (!right_parse(&right, s->rights[i]) || right_is_office(right))
			return failure(ERR_FORMAT, "\"rights\": \"%.*s\" is not a right on a model",
				       SLICE_PRINT(s->rights[i]));
	}
	s->right_count = json_array_size(array);
	qsort(s->rights, s->right_count, sizeof s->rights[0], compare_text);
	for (size_t i = 0; i < s->right_count; i++) {
		if (i && slice_equal(s->rights[i], s->rights[i - 1]))
			return failure(ERR_FORMAT, "\"rights\": \"%.*s\" stands there twice",
				       SLICE_PRINT(s->rights[i]));
		if (i)
			buf_write(&list, S(","));
		buf_write(&list, s->rights[i]);
	}
	s->row.rights = arena_copy(exchange_arena(x), buf_slice(&list));
	return OK;
}

/* The terms the person accepts must be those the model has now. */
static enum err read_terms(struct submission *s, const json_t *body)
{
	struct slice hex;

	TRY(json_get_text_or(&hex, body, "terms_sha256", S("")));
	if (hex.size == 0 && !s->model.has_terms)
		return OK;
	if (hex.size == 0)
		return failure(ERR_FORMAT,
			       "\"terms_sha256\" is missing: read the model's terms and send "
			       "their SHA-256");
	TRY(text_read_hex(s->row.terms_sha256, 32, hex));
	s->row.has_terms = true;
	if (!s->model.has_terms ||
	    !slice_equal(slice_of(s->row.terms_sha256, 32), slice_of(s->model.terms_sha256, 32)))
		return failure(ERR_CONFLICT,
			       "these are not the terms the model has now; read them again");
	return OK;
}

static enum err write_statement(struct buf *out, struct exchange *x, const struct submission *s)
{
	AUTO(json_auto) json_t *statement = json_object_new();
	json_t *rights = json_array_new();

	for (size_t i = 0; i < s->right_count; i++)
		json_push_text(rights, s->rights[i]);
	json_put_text(statement, "intended_use", s->row.intended_use);
	json_put_text(statement, "model", s->model.name);
	json_put(statement, "rights", rights);
	json_put_text(
		statement, "terms_sha256",
		slice_of_string(api_hex(exchange_arena(x), slice_of(s->row.terms_sha256, 32))));
	buf_write(out, S("sallyport/terms/v1\n"));
	return json_write_canonical(out, statement);
}

static enum err read_signature(struct submission *s, struct exchange *x,
			       struct route_context *context, const json_t *body)
{
	AUTO(buf_free) struct buf signature = buf_new(128);
	AUTO(buf_free) struct buf statement = buf_new(64 * 1024);
	const json_t *object = json_object_get(body, "terms_signature");
	struct store_key key;
	struct slice id, text;
	enum err found;

	if (!object || json_is_null(object))
		return OK; /* a policy may ask for it later */
	TRY(json_get_text(&id, object, "key_id"));
	TRY(json_get_text(&text, object, "sig"));
	TRY(text_read_uuid(s->row.terms_key, id));
	TRY(text_read_base64(&signature, text, TEXT_BASE64));
	found = store_key_get(context->store, exchange_arena(x), &key, s->row.terms_key,
			      authorize_principal(x)->person.id);
	if (found == ERR_NOT_FOUND || (found == OK && !slice_equal(key.kind, S("ed25519"))))
		return failure(ERR_FORMAT, "\"key_id\" is no Ed25519 key that you have enrolled");
	TRY(found);
	TRY(write_statement(&statement, x, s));
	if (signature.size != SIGN_SIGNATURE ||
	    !sign_is_valid(key.public, buf_slice(&statement), signature.data))
		return failure(ERR_FORMAT, "the signature of the terms does not verify");
	memcpy(s->row.terms_signature, signature.data, SIGN_SIGNATURE);
	return OK;
}

static enum err read_submission(struct submission *s, struct exchange *x,
				struct route_context *context, const json_t *body)
{
	struct slice model;
	enum err found;

	TRY(json_get_text(&model, body, "model"));
	found = store_model_get(context->store, exchange_arena(x), &s->model, model);
	if (found == ERR_NOT_FOUND)
		return failure(ERR_NOT_FOUND, "model %.*s does not exist", SLICE_PRINT(model));
	TRY(found);
	TRY(json_get_text(&s->row.intended_use, body, "intended_use"));
	if (slice_trim(s->row.intended_use).size == 0 || s->row.intended_use.size > REQUEST_MAX_USE)
		return failure(ERR_FORMAT,
			       "\"intended_use\" must say in 1 to %d bytes what the model is "
			       "wanted for",
			       REQUEST_MAX_USE);
	TRY(read_rights(s, x, body));
	TRY(read_terms(s, body));
	TRY(read_signature(s, x, context, body));
	s->row.created_ms = s->row.changed_ms = clock_now_ms();
	s->row.state = S("submitted");
	random_uuid(s->row.id, s->row.created_ms);
	memcpy(s->row.model, s->model.id, STORE_ID);
	memcpy(s->row.person, authorize_principal(x)->person.id, STORE_ID);
	return OK;
}

static enum err submit(struct submission *s, struct exchange *x, struct route_context *context)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event;

	audit_event_begin(&event, AUDIT_REQUEST_SUBMIT, who->person.id, who->person.name);
	audit_event_uuid(&event, "request", s->row.id);
	audit_event_text(&event, "model", s->model.name);
	audit_event_text(&event, "rights", s->row.rights);
	audit_event_text(&event, "intended_use", s->row.intended_use);
	if (s->row.has_terms)
		audit_event_hex(&event, "terms_sha256", slice_of(s->row.terms_sha256, 32));
	if (!store_id_is_none(s->row.terms_key)) {
		audit_event_uuid(&event, "terms_key", s->row.terms_key);
		audit_event_hex(&event, "terms_signature",
				slice_of(s->row.terms_signature, SIGN_SIGNATURE));
	}
	TRY(store_begin(store));
	TRY(store_request_create(store, &s->row));
	TRY(api_log(store, &event));
	TRY(store_commit(store));
	return api_publish(context->api, event.id);
}

static json_t *describe_request(struct arena *arena, const struct store_request *r)
{
	json_t *one = json_object_new();

	json_put_text(one, "id", slice_of_string(api_uuid(arena, r->id)));
	json_put_text(one, "state", r->state);
	json_put_text(one, "model", r->model_name);
	json_put_text(one, "person", r->person_name);
	json_put(one, "rights", issue_describe_rights(r->rights));
	json_put_text(one, "intended_use", r->intended_use);
	if (r->has_terms)
		json_put_text(one, "terms_sha256",
			      slice_of_string(api_hex(arena, slice_of(r->terms_sha256, 32))));
	json_put_bool(one, "terms_signed", !store_id_is_none(r->terms_key));
	json_put_text(one, "reason", r->reason);
	json_put_text(one, "decided_by", r->decided_by_name);
	json_put_text(one, "created", slice_of_string(api_time(arena, r->created_ms)));
	json_put_text(one, "changed", slice_of_string(api_time(arena, r->changed_ms)));
	return one;
}

/* Everything that decides a request: who decides (NULL: the model's published gate), what. */
struct verdict {
	const struct store_request *request;
	struct slice to;
	struct slice reason;
	enum audit_kind kind;
	bool by_gate; /* gate "auto": nobody decided */
};

static enum err log_verdict(struct store *store, struct exchange *x, const struct verdict *v,
			    uint8_t event_id[WIRE_ID], const uint8_t *license)
{
	const struct principal *who = authorize_principal(x);
	AUTO(audit_event_clear) struct audit_event event;

	audit_event_begin(&event, v->kind, v->by_gate ? NULL : who->person.id,
			  v->by_gate ? S("gate") : who->person.name);
	audit_event_uuid(&event, "request", v->request->id);
	audit_event_text(&event, "model", v->request->model_name);
	audit_event_uuid(&event, "person", v->request->person);
	audit_event_text(&event, "person_name", v->request->person_name);
	audit_event_text(&event, "reason", v->reason);
	if (license)
		audit_event_uuid(&event, "license", license);
	TRY(api_log(store, &event));
	memcpy(event_id, event.id, WIRE_ID);
	return OK;
}

static struct store_transition transition_of(struct exchange *x, const struct verdict *v)
{
	struct store_transition t = {.from = v->request->state,
				     .to = v->to,
				     .reason = v->reason,
				     .now_ms = clock_now_ms()};

	memcpy(t.request, v->request->id, STORE_ID);
	if (!v->by_gate)
		memcpy(t.actor, authorize_principal(x)->person.id, STORE_ID);
	return t;
}

/* State, entry, and (for an approval) the license, in one transaction. */
static enum err carry_out(struct exchange *x, struct route_context *context,
			  const struct verdict *v, const struct store_license *license)
{
	AUTO(store_end) struct store *store = context->store;
	struct store_transition transition = transition_of(x, v);
	uint8_t event[WIRE_ID];

	TRY(store_begin(store));
	TRY(store_request_transition(store, &transition));
	if (license)
		TRY(store_license_issue(store, license));
	TRY(log_verdict(store, x, v, event, license ? license->id : NULL));
	TRY(store_commit(store));
	return api_publish(context->api, event);
}

static struct issue issue_for(const struct store_request *r, struct slice rights, int64_t days)
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

/* Gate "auto": the published criterion is that there is none; the license follows at once. */
static enum err approve_by_gate(struct submission *s, struct exchange *x,
				struct route_context *context)
{
	struct verdict v = {.request = &s->row,
			    .to = S("approved"),
			    .reason = S("the model's gate is auto"),
			    .kind = AUDIT_REQUEST_APPROVE,
			    .by_gate = true};
	struct issue issue;

	s->row.model_name = s->model.name;
	s->row.person_name = authorize_principal(x)->person.name;
	issue = issue_for(&s->row, s->row.rights, API_LICENSE_DAYS);
	TRY(issue_license(&issue, x, context));
	TRY(carry_out(x, context, &v, &issue.license));
	s->row.state = S("approved");
	return OK;
}

void request_submit(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct submission *s = arena_alloc(exchange_arena(x), sizeof *s);
	enum err result;

	if (!body)
		return;
	result = read_submission(s, x, context, body);
	if (result == OK)
		result = submit(s, x, context);
	if (result == OK && slice_equal(s->model.gate, S("auto")))
		result = approve_by_gate(s, x, context);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	s->row.model_name = s->model.name;
	s->row.person_name = authorize_principal(x)->person.name;
	reply_json(x, 201, describe_request(exchange_arena(x), &s->row));
}

void request_list(struct exchange *x, struct route_context *context)
{
	static const uint8_t everybody[STORE_ID];
	const struct principal *who = authorize_principal(x);
	struct store_request *requests;
	size_t count;
	json_t *answer, *list;
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
		json_push(list, describe_request(exchange_arena(x), &requests[i]));
	answer = json_object_new();
	json_put(answer, "requests", list);
	reply_json(x, 200, answer);
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
	    !slice_equal(slice_of(out->person, STORE_ID), slice_of(who->person.id, STORE_ID)))
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
	answer = describe_request(exchange_arena(x), &request);
	json_put(answer, "history", describe_history(exchange_arena(x), events, count));
	reply_json(x, 200, answer);
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

static bool is_actor(const struct exchange *x, const uint8_t person[STORE_ID])
{
	return slice_equal(slice_of(person, STORE_ID),
			   slice_of(authorize_principal(x)->person.id, STORE_ID));
}

/* An appeal goes to someone else than whoever denied the request. */
static enum err check_appeal(const struct exchange *x, const struct store_request *r)
{
	if (slice_equal(r->state, S("appealed")) && is_actor(x, r->decided_by))
		return failure(ERR_DENIED,
			       "you denied this request; its appeal is for someone else to decide");
	return OK;
}

/* Before a license is issued: what the database would refuse anyway, but without an entry. */
static enum err check_decidable(struct exchange *x, const struct store_request *r)
{
	if (is_actor(x, r->person))
		return failure(ERR_DENIED, "nobody decides their own request");
	TRY(check_appeal(x, r));
	if (!slice_equal(r->state, S("submitted")) && !slice_equal(r->state, S("appealed")))
		return failure(ERR_CONFLICT, "the request is %.*s, not awaiting a decision",
			       SLICE_PRINT(r->state));
	return OK;
}

static enum err approve(struct issue *issue, struct exchange *x, struct route_context *context,
			const struct store_request *r, const json_t *body)
{
	struct verdict v = {.request = r, .to = S("approved"), .kind = AUDIT_REQUEST_APPROVE};
	struct slice rights;
	int64_t days;

	TRY(check_decidable(x, r));
	TRY(json_get_text_or(&v.reason, body, "reason", S("")));
	TRY(json_get_int_or(&days, body, "expires_days", API_LICENSE_DAYS));
	if (days < 1 || days > API_MAX_DAYS)
		return failure(ERR_FORMAT, "\"expires_days\" is 1 to %d", API_MAX_DAYS);
	TRY(read_granted(&rights, x, body, r));
	*issue = issue_for(r, rights, days);
	TRY(issue_license(issue, x, context));
	return carry_out(x, context, &v, &issue->license);
}

/* A body may be left out where nothing in it is needed. */
static json_t *optional_body(struct exchange *x)
{
	return slice_trim(exchange_body(x)).size ? api_body(x) : json_object_new();
}

void request_approve(struct exchange *x, struct route_context *context)
{
	struct store_request request;
	struct issue issue;
	json_t *answer;
	enum err result;

	if (!find_request(&request, x, context))
		return;
	AUTO(json_auto) json_t *body = optional_body(x);
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

static void change(struct exchange *x, struct route_context *context, enum audit_kind kind,
		   struct slice to, bool reason_needed)
{
	struct store_request request;
	struct verdict v = {.request = &request, .to = to, .kind = kind};
	json_t *answer;
	enum err result;

	if (!find_request(&request, x, context))
		return;
	AUTO(json_auto) json_t *body = optional_body(x);
	if (!body)
		return;
	result = json_get_text_or(&v.reason, body, "reason", S(""));
	if (result == OK && reason_needed && slice_trim(v.reason).size == 0)
		result = failure(ERR_FORMAT, "\"reason\" is missing: the person will read it");
	if (result == OK && v.reason.size > REQUEST_MAX_REASON)
		result = failure(ERR_FORMAT, "\"reason\" has at most %d bytes", REQUEST_MAX_REASON);
	if (result == OK && !slice_equal(to, S("withdrawn")))
		result = check_appeal(x, &request);
	if (result == OK)
		result = carry_out(x, context, &v, NULL);
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
	if (is_actor(x, request.person))
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
