/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the Hub's page lets people do: ask for access with the form of the model's card (POST
 * /{id}/ask-access), and cancel their request. Keys are the labels of the form's fields; those that
 * our own requests have besides are taken too.
 */
#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "gateway/api/hub/hub_access.h"
#include "gateway/api/reply.h"
#include "gateway/api/request/submission.h"
#include "gateway/api/routes.h"
#include "gateway/http/url.h"
#include "policy/form.h"

enum { ASK_MAX_PAIRS = 2 * FORM_MAX_FIELDS };

static const char *const ours[] = {"intended_use",
				   "rights",
				   "terms_sha256",
				   "terms_signature",
				   "accessors",
				   "institution",
				   "lead",
				   "uses",
				   NULL};

static bool is_ours(const char *name)
{
	for (size_t i = 0; ours[i]; i++)
		if (strcmp(name, ours[i]) == 0)
			return true;
	return false;
}

/* As a page sends it: texts only. */
static enum err read_form_body(json_t *out, struct exchange *x)
{
	struct slice rest = exchange_body(x), name, value;
	struct arena *arena = exchange_arena(x);
	bool failed = false;

	while (url_form_next(&rest, arena, &name, &value, &failed)) {
		const char *key = arena_string(arena, name);

		if (!slice_is_utf8(name) || !slice_is_utf8(value))
			return failure(ERR_FORMAT, "the form must be UTF-8");
		if (json_object_get(out, key))
			return failure(ERR_FORMAT, "\"%.100s\" is there twice", key);
		if (json_object_size(out) == ASK_MAX_PAIRS)
			return failure(ERR_LIMIT, "the form has more than %d fields",
				       ASK_MAX_PAIRS);
		json_put_text(out, key, value);
	}
	return failed ? failure(ERR_FORMAT, "the form is not well encoded") : OK;
}

/* Whatever it is, an object of what was filled in. */
static enum err read_given(json_t **out, struct exchange *x)
{
	struct slice type = http_header(exchange_request(x), "Content-Type"), rest;

	slice_cut(type, ';', &type, &rest);
	type = slice_trim(type);
	if (slice_equal_ignoring_case(type, S("application/x-www-form-urlencoded"))) {
		*out = json_object_new();
		return read_form_body(*out, x);
	}
	if (!slice_equal_ignoring_case(type, S("application/json")))
		return failure(ERR_UNSUPPORTED, "send application/json, or "
						"application/x-www-form-urlencoded");
	TRY(json_read(out, exchange_body(x), API_MAX_JSON));
	return json_is_object(*out) ? OK : failure(ERR_FORMAT, "{label: answer} is expected");
}

/* "a,b" of a page, or the array of a script. */
static json_t *rights_of(const json_t *given)
{
	const char *text = json_string_value(given);

	if (given && !text)
		return json_deep_copy(given);
	return issue_describe_rights(text ? slice_of_string(text)
					  : S("infer:generate,weights:read"));
}

/* The body that POST /api/v1/access-requests would have. */
static json_t *body_of(json_t *given, const struct store_model *model)
{
	json_t *body = json_object_new(), *fields = json_object_new(), *value;
	const char *name;

	json_object_foreach(given, name, value)
		json_put(is_ours(name) ? body : fields, name, json_incref(value));
	json_put(body, "fields", fields);
	json_put_text(body, "model", model->name);
	json_put(body, "rights", rights_of(json_object_get(body, "rights")));
	if (!json_has(body, "intended_use"))
		json_put_text(body, "intended_use",
			      S("not stated: the Hub's form does not ask for it"));
	return body;
}

void hub_ask_access(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *given = NULL, *body = NULL;
	struct store_model model;
	struct submission *made = arena_alloc(exchange_arena(x), sizeof *made);
	enum err result;

	if (!hub_find_gated(&model, x, context))
		return;
	result = read_given(&given, x);
	if (result == OK) {
		body = body_of(given, &model);
		result = submission_make(made, x, context, body);
	}
	if (result != OK) {
		hub_reply_refusal(x, result);
		return;
	}
	exchange_header(x, "Location", "/%.*s", SLICE_PRINT(model.name));
	reply_empty(x, 303);
}

static enum err cancel(struct exchange *x, struct route_context *context,
		       const struct store_model *model)
{
	struct request_view view;
	struct store_hub_request found;
	struct request_act act = {
		.request = &view.row, .kind = AUDIT_REQUEST_WITHDRAW, .to = S("withdrawn")};

	TRY(store_hub_request_of(context->store, exchange_arena(x), &found, model->id,
				 authorize_principal(x)->person.id, clock_now_ms()));
	TRY(request_see(&view, x, context, found.id));
	if (slice_equal(view.row.state, S("approved")) ||
	    slice_equal(view.row.state, S("denied")) ||
	    slice_equal(view.row.state, S("withdrawn")) || slice_equal(view.row.state, S("closed")))
		return failure(ERR_NOT_FOUND, "you have no open access request for this model");
	return request_act_do(x, context, &act);
}

void hub_access_cancel(struct exchange *x, struct route_context *context)
{
	struct store_model model;
	json_t *answer;
	enum err result;

	if (!hub_find_gated(&model, x, context))
		return;
	result = cancel(x, context, &model);
	if (result != OK) {
		hub_reply_refusal(x, result);
		return;
	}
	answer = json_object_new();
	json_put_bool(answer, "ok", true);
	reply_json(x, 200, answer);
}
