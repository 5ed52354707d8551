/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An access request is submitted. Signing the terms binds the SHA-256 of the exact text to model,
 * rights and use: Ed25519 by a key the person has enrolled, over "sallyport/terms/v1\n" and
 * canonical JSON {"intended_use","model","rights","terms_sha256"}.
 */
#include <stdlib.h>

#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "crypto/verify.h"
#include "gateway/api/form.h"
#include "gateway/api/opinion.h"
#include "gateway/api/reply.h"
#include "gateway/api/request.h"
#include "gateway/api/routes.h"
#include "gateway/api/sight.h"
#include "schema/store/key.h"

enum { REQUEST_MAX_USE = 10000 };

/* A request being submitted. */
struct submission {
	struct store_model model;
	struct store_request row;
	struct slice rights[RIGHT_COUNT]; /* sorted */
	size_t right_count;
	struct slice uses; /* declared, comma-separated codes */
	struct opinion opinion;
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
	TRY(sight_check(x, context, &s->model));
	TRY(json_get_text(&s->row.intended_use, body, "intended_use"));
	if (slice_trim(s->row.intended_use).size == 0 || s->row.intended_use.size > REQUEST_MAX_USE)
		return failure(ERR_FORMAT,
			       "\"intended_use\" must say in 1 to %d bytes what the model is "
			       "wanted for",
			       REQUEST_MAX_USE);
	TRY(read_rights(s, x, body));
	TRY(opinion_read_list(&s->uses, exchange_arena(x), body, "uses"));
	TRY(read_terms(s, body));
	TRY(read_signature(s, x, context, body));
	s->row.created_ms = s->row.changed_ms = clock_now_ms();
	s->row.state = S("submitted");
	random_uuid(s->row.id, s->row.created_ms);
	memcpy(s->row.model, s->model.id, STORE_ID);
	memcpy(s->row.person, authorize_principal(x)->person.id, STORE_ID);
	return OK;
}

/* Is there more to come than waiting for people? */
static bool is_decided(const struct submission *s)
{
	if (s->opinion.has_criteria)
		return s->opinion.decides;
	return slice_equal(s->model.gate, S("auto"));
}

static enum err submit(struct submission *s, struct exchange *x, struct route_context *context,
		       const json_t *body)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

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
	TRY(form_take(&event, x, context,
		      &(struct form_request){.id = s->row.id, .model = s->row.model}, body));
	TRY(opinion_keep(store, &s->opinion, s->row.id, &s->model));
	if (is_decided(s))
		return api_commit(context, &event); /* the answer's receipt is the approval's */
	return api_finish(x, context, &event);
}

/* What the published criteria say, or, without any, the gate "auto": that there is none. */
static enum err carry_out(struct submission *s, struct exchange *x, struct route_context *context)
{
	bool denies = s->opinion.has_criteria && s->opinion.outcome == EFFECT_DENY;
	struct verdict v = {.request = &s->row,
			    .to = denies ? S("denied") : S("approved"),
			    .reason = S("the model's gate is auto"),
			    .kind = denies ? AUDIT_REQUEST_DENY : AUDIT_REQUEST_APPROVE,
			    .by_gate = true};
	struct issue issue;

	if (s->opinion.has_criteria)
		v.reason = opinion_reason(&s->opinion);
	s->row.model_name = s->model.name;
	s->row.person_name = authorize_principal(x)->person.name;
	if (denies) {
		TRY(request_carry_out(x, context, &v, NULL));
	} else {
		issue = request_license(&s->row, s->row.rights, API_LICENSE_DAYS);
		TRY(issue_license(&issue, x, context));
		TRY(request_approve_with(x, context, &v, &issue));
	}
	s->row.state = v.to;
	s->row.reason = v.reason;
	return OK;
}

static enum err weigh(struct submission *s, struct exchange *x, struct route_context *context)
{
	struct opinion_question question = {
		.model = &s->model,
		.person = s->row.person,
		.rights = s->row.rights,
		.uses = s->uses,
		.accessors = 1,
		.terms_are_signed = !store_id_is_none(s->row.terms_key),
	};

	return opinion_weigh(&s->opinion, x, context, &question);
}

void request_submit(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct submission *s = arena_alloc(exchange_arena(x), sizeof *s);
	json_t *answer;
	enum err result;

	if (!body)
		return;
	result = read_submission(s, x, context, body);
	if (result == OK)
		result = weigh(s, x, context);
	if (result == OK)
		result = submit(s, x, context, body);
	if (result == OK && is_decided(s))
		result = carry_out(s, x, context);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	s->row.model_name = s->model.name;
	s->row.person_name = authorize_principal(x)->person.name;
	answer = request_describe(exchange_arena(x), &s->row);
	json_put(answer, "criteria", opinion_describe(&s->opinion));
	reply_json(x, 201, answer);
}
