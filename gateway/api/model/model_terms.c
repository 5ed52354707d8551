/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terms of a model have versions. A new one counts from a day on; who accepted an older one may
 * go on for its grace, is told of it with each answer, and then is suspended until they accept.
 */
#include "schema/store/model_terms.h"
#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/digest.h"
#include "crypto/json.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/jobs.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"

enum { TERMS_GRACE_DAYS = 30, TERMS_MAX_GRACE = 365, TERMS_MAX_AHEAD_DAYS = 365 };

static json_t *describe(struct arena *arena, const struct store_model_terms *t)
{
	json_t *one = json_object_new();

	json_put_int(one, "version", t->version);
	json_put_text(one, "sha256",
		      slice_of_string(api_hex(arena, slice_of(t->sha256, STORE_SHA256))));
	json_put_int(one, "grace_days", t->grace_days);
	json_put_text(one, "from", slice_of_string(api_time(arena, t->from_ms)));
	json_put_bool(one, "is_taken", t->taken_ms != 0);
	if (t->taken_ms)
		json_put_text(one, "accept_until",
			      slice_of_string(api_time(arena, t->taken_ms + t->grace_days * 24 *
										    3600 * 1000)));
	json_put_text(one, "set_by", t->set_by_name);
	return one;
}

void model_terms_list(struct exchange *x, struct route_context *context)
{
	struct store_model_terms *versions;
	struct store_model model;
	size_t count;
	json_t *list;
	enum err result;

	if (!hub_find_model(&model, x, context))
		return;
	result = store_model_terms_list(context->store, exchange_arena(x), &versions, &count,
					model.id);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(list, describe(exchange_arena(x), &versions[i]));
	reply_list(x, "terms", list);
}

/* A text to be kept, or the SHA-256 of one that is. */
static enum err read_text(struct store_model_terms *out, struct slice *text, const json_t *body)
{
	struct slice hex;
	struct digest digest;

	TRY(json_get_text_or(text, body, "text", S("")));
	TRY(json_get_text_or(&hex, body, "sha256", S("")));
	if ((text->size > 0) == (hex.size > 0))
		return failure(ERR_FORMAT, "the body has a \"text\", or the \"sha256\" of one");
	if (hex.size)
		return text_read_hex(out->sha256, STORE_SHA256, hex);
	if (text->size > STORE_TERMS_MAX || slice_trim(*text).size == 0)
		return failure(ERR_FORMAT, "\"text\" has 1 to %d bytes", STORE_TERMS_MAX);
	digest = digest_of(*text);
	memcpy(out->sha256, digest.bytes, STORE_SHA256);
	return OK;
}

static enum err read_version(struct store_model_terms *out, struct slice *text, struct exchange *x,
			     const json_t *body)
{
	struct slice from;

	out->set_ms = clock_now_ms();
	out->from_ms = out->set_ms;
	memcpy(out->set_by, authorize_principal(x)->person.id, STORE_ID);
	out->set_by_name = authorize_principal(x)->person.name;
	TRY(read_text(out, text, body));
	TRY(json_get_int_or(&out->grace_days, body, "grace_days", TERMS_GRACE_DAYS));
	TRY(json_get_text_or(&from, body, "from", S("")));
	if (out->grace_days < 0 || out->grace_days > TERMS_MAX_GRACE)
		return failure(ERR_FORMAT, "\"grace_days\" is 0 to %d", TERMS_MAX_GRACE);
	if (from.size == 0)
		return OK;
	TRY(clock_parse(&out->from_ms, from));
	if (out->from_ms < out->set_ms - 1000)
		return failure(ERR_FORMAT, "\"from\" is over; terms do not count backwards");
	if (out->from_ms > out->set_ms + (int64_t)TERMS_MAX_AHEAD_DAYS * 24 * 3600 * 1000)
		return failure(ERR_FORMAT, "\"from\" is more than %d days ahead",
			       TERMS_MAX_AHEAD_DAYS);
	return OK;
}

static void tell_version(struct audit_event *event, struct arena *arena,
			 const struct store_model_terms *t)
{
	audit_event_text(event, "model", t->model_name);
	audit_event_number(event, "version", t->version);
	audit_event_hex(event, "terms_sha256", slice_of(t->sha256, STORE_SHA256));
	audit_event_number(event, "grace_days", t->grace_days);
	audit_event_text(event, "from", slice_of_string(api_time(arena, t->from_ms)));
}

static enum err keep(struct store_model_terms *t, struct slice text, struct exchange *x,
		     struct route_context *context)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	TRY(store_begin(store));
	if (text.size)
		TRY(store_terms_add(store, t->sha256, text, t->set_ms, who->person.id));
	TRY(store_model_terms_add(store, t));
	if (t->from_ms <= t->set_ms) {
		t->taken_ms = t->set_ms;
		TRY(store_model_terms_take(store, t, t->set_ms));
	}
	audit_event_begin(&event, AUDIT_TERMS_VERSION, who->person.id, who->person.name);
	tell_version(&event, exchange_arena(x), t);
	return api_finish(x, context, &event);
}

void model_terms_add(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = NULL;
	struct store_model_terms terms = {.version = 0};
	struct store_model model;
	struct slice text;
	enum err result;

	if (!hub_find_model(&model, x, context))
		return;
	body = api_body(x);
	if (!body)
		return;
	memcpy(terms.model, model.id, STORE_ID);
	terms.model_name = model.name;
	result = read_version(&terms, &text, x, body);
	if (result == OK)
		result = keep(&terms, text, x, context);
	if (result == OK)
		reply_json(x, 201, describe(exchange_arena(x), &terms));
	else
		reply_failure(x, result);
}

static enum err take(struct route_context *context, struct arena *arena,
		     const struct store_model_terms *t, int64_t now_ms)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_TERMS_TAKE, NULL, S("gateway"));
	tell_version(&event, arena, t);
	TRY(store_begin(store));
	TRY(store_model_terms_take(store, t, now_ms));
	return api_commit(context, &event);
}

/* "cause" tells the keeper that accepting the terms lifts it. */
static enum err suspend(struct route_context *context, const struct store_license *l,
			int64_t now_ms)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_LICENSE_SUSPEND, NULL, S("gateway"));
	audit_event_uuid(&event, "license", l->id);
	audit_event_text(&event, "model", l->model_name);
	audit_event_uuid(&event, "person", l->person);
	audit_event_text(&event, "person_name", l->person_name);
	audit_event_text(&event, "cause", S("terms"));
	audit_event_text(&event, "reason", S("the new terms were not accepted in time"));
	TRY(store_begin(store));
	TRY(store_license_set_state(store, l->id, S("active"), S("suspended"),
				    S("the new terms were not accepted in time"), now_ms));
	return api_commit(context, &event);
}

static enum err suspend_all(struct route_context *context, struct arena *arena, int64_t now_ms)
{
	struct store_license *licenses;
	size_t count;

	TRY(store_licenses_of_old_terms(context->store, arena, &licenses, &count, now_ms));
	for (size_t i = 0; i < count; i++) {
		enum err result = suspend(context, &licenses[i], now_ms);

		if (result != OK && result != ERR_CONFLICT) /* which somebody else has changed */
			return result;
	}
	return OK;
}

enum err job_terms(struct route_context *context, struct arena *arena, int64_t now_ms)
{
	struct store_model_terms *due;
	size_t count;

	TRY(store_model_terms_due(context->store, arena, &due, &count, now_ms));
	for (size_t i = 0; i < count; i++) {
		enum err result = take(context, arena, &due[i], now_ms);

		if (result != OK && result != ERR_CONFLICT)
			return result;
	}
	return suspend_all(context, arena, now_ms);
}
