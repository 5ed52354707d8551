/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The published criteria of a model: drafted here; steps.c is how they become active. The
 * active ones are public; what they would say of the caller, anybody may ask before they ask for
 * access.
 */
#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "gateway/api/criteria/opinion.h"
#include "gateway/api/criteria/versions.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"

/* --- what is shown ------------------------------------------------------------------------ */

static void put_act(json_t *object, struct arena *arena, const char *by, const uint8_t *person,
		    const char *at, int64_t ms)
{
	if (!ms)
		return;
	json_put_text(object, by, slice_of_string(api_uuid(arena, person)));
	json_put_text(object, at, slice_of_string(api_time(arena, ms)));
}

json_t *versions_describe(struct arena *arena, const struct store_criteria *c)
{
	json_t *one = json_object_new();

	json_put_text(one, "model", c->model_name);
	json_put_text(one, "sha256",
		      slice_of_string(api_hex(arena, slice_of(c->sha256, STORE_SHA256))));
	json_put_text(one, "state", c->state);
	put_act(one, arena, "drafted_by", c->drafted_by, "drafted", c->drafted_ms);
	put_act(one, arena, "proposed_by", c->proposed_by, "proposed", c->proposed_ms);
	put_act(one, arena, "staged_by", c->staged_by, "staged", c->staged_ms);
	if (c->starts_ms)
		json_put_text(one, "from", slice_of_string(api_time(arena, c->starts_ms)));
	put_act(one, arena, "activated_by", c->activated_by, "activated", c->activated_ms);
	if (c->retired_ms)
		json_put_text(one, "retired", slice_of_string(api_time(arena, c->retired_ms)));
	return one;
}

/* Without who drafted it and when: that is for those who manage the model. */
static enum err describe_public(json_t **out, struct arena *arena, const struct store_criteria *c)
{
	json_t *document = NULL;

	TRY(json_read(&document, c->document, 4 * CRITERIA_MAX_TEXT));
	*out = json_object_new();
	json_put_text(*out, "model", c->model_name);
	json_put_text(*out, "sha256",
		      slice_of_string(api_hex(arena, slice_of(c->sha256, STORE_SHA256))));
	json_put_text(*out, "active_since", slice_of_string(api_time(arena, c->activated_ms)));
	json_put(*out, "criteria", document);
	return OK;
}

/* What will hold from a day on is public as soon as the day is said. */
static enum err put_next(json_t *answer, struct exchange *x, struct route_context *context,
			 const struct store_model *model)
{
	struct arena *arena = exchange_arena(x);
	json_t *document = NULL, *next;
	struct store_criteria row;
	enum err result = store_criteria_staged(context->store, arena, &row, model->id);

	if (result == ERR_NOT_FOUND)
		return OK;
	TRY(result);
	TRY(json_read(&document, row.document, 4 * CRITERIA_MAX_TEXT));
	next = json_object_new();
	json_put_text(next, "sha256",
		      slice_of_string(api_hex(arena, slice_of(row.sha256, STORE_SHA256))));
	json_put_text(next, "from", slice_of_string(api_time(arena, row.starts_ms)));
	json_put(next, "criteria", document);
	json_put(answer, "next", next);
	return OK;
}

void criteria_get(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct store_model model;
	struct store_criteria row;
	enum err result;

	if (!hub_find_model(&model, x, context))
		return;
	result = store_criteria_active(context->store, exchange_arena(x), &row, model.id);
	if (result == ERR_NOT_FOUND)
		result = failure(ERR_NOT_FOUND, "model %.*s has no published criteria",
				 SLICE_PRINT(model.name));
	if (result == OK)
		result = describe_public(&answer, exchange_arena(x), &row);
	if (result == OK)
		result = put_next(answer, x, context, &model);
	if (result == OK)
		reply_json(x, 200, json_incref(answer));
	else
		reply_failure(x, result);
}

void criteria_versions(struct exchange *x, struct route_context *context)
{
	struct store_criteria *rows;
	struct store_model model;
	size_t count;
	json_t *list;
	enum err result;

	if (!hub_find_model(&model, x, context))
		return;
	result = store_criteria_list(context->store, exchange_arena(x), &rows, &count, model.id);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++) {
		json_t *one = versions_describe(exchange_arena(x), &rows[i]), *document = NULL;

		if (json_read(&document, rows[i].document, 4 * CRITERIA_MAX_TEXT) == OK)
			json_put(one, "criteria", document);
		json_push(list, one);
	}
	reply_list(x, "versions", list);
}

/* --- a draft ------------------------------------------------------------------------------ */

void criteria_refuse(struct exchange *x, const struct criteria_faults *faults)
{
	AUTO(buf_free) struct buf text = buf_new(64 * 1024);
	AUTO(json_auto) json_t *problem = NULL;
	json_t *list;

	if (!faults->count) { /* too long to be read at all */
		reply_failure(x, ERR_LIMIT);
		return;
	}
	problem = json_object_new();
	list = json_array_new();
	for (size_t i = 0; i < faults->count; i++) {
		json_t *one = json_object_new();
		struct slice words = slice_of_string(faults->list[i].text);

		json_put_int(one, "line", faults->list[i].place.line);
		json_put_int(one, "column", faults->list[i].place.column);
		json_put_text(one, "text", slice_is_utf8(words) ? words : S("not UTF-8"));
		json_push(list, one);
	}
	json_put_text(problem, "type", S("about:blank"));
	json_put_text(problem, "title", S("Bad Request"));
	json_put_int(problem, "status", 400);
	json_put_text(
		problem, "detail",
		slice_of_string(arena_printf(exchange_arena(x), "the criteria have %zu faults",
					     faults->count + faults->left_off)));
	json_put_text(problem, "code", slice_of_string(code_name(CODE_BAD_REQUEST)));
	json_put_text(problem, "request_id", slice_of_string(exchange_request_id(x)));
	json_put(problem, "faults", list);
	if (json_write_canonical(&text, problem) == OK && buf_done(&text) == OK)
		reply_text(x, 400, "application/problem+json", buf_slice(&text));
	else
		reply_failure(x, ERR_LIMIT);
}

void versions_entry(struct audit_event *event, const struct exchange *x, enum audit_kind kind,
		    const struct store_model *model, const uint8_t sha256[STORE_SHA256])
{
	const struct principal *who = authorize_principal(x);

	audit_event_begin(event, kind, who->person.id, who->person.name);
	audit_event_text(event, "model", model->name);
	audit_event_hex(event, "criteria", slice_of(sha256, STORE_SHA256));
}

static enum err keep_draft(bool *is_new, struct exchange *x, struct route_context *context,
			   const struct store_model *model, const struct criteria *c)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct store_criteria row = {.document = c->document, .drafted_ms = clock_now_ms()};

	memcpy(row.model, model->id, STORE_ID);
	memcpy(row.sha256, c->sha256.bytes, STORE_SHA256);
	memcpy(row.drafted_by, who->person.id, STORE_ID);
	versions_entry(&event, x, AUDIT_POLICY_DRAFT, model, row.sha256);
	audit_event_text(&event, "name", c->name);
	audit_event_number(&event, "rules", (int64_t)c->rule_count);
	TRY(store_begin(store));
	TRY(store_criteria_draft(store, is_new, &row));
	return *is_new ? api_finish(x, context, &event) : store_commit(store);
}

void criteria_draft(struct exchange *x, struct route_context *context)
{
	struct arena *arena = exchange_arena(x);
	struct criteria_faults *faults = arena_alloc(arena, sizeof *faults);
	struct store_criteria row;
	struct store_model model;
	struct criteria c;
	bool is_new = false;
	enum err result;

	if (!hub_find_model(&model, x, context))
		return;
	if (criteria_parse(&c, arena, exchange_body(x), faults) != OK) {
		criteria_refuse(x, faults);
		return;
	}
	result = keep_draft(&is_new, x, context, &model, &c);
	if (result == OK)
		result = store_criteria_get(context->store, arena, &row, model.id, c.sha256.bytes);
	if (result == OK)
		reply_json(x, is_new ? 201 : 200, versions_describe(arena, &row));
	else
		reply_failure(x, result);
}

/* --- before anybody asks ------------------------------------------------------------------ */

static enum err weigh(struct opinion *out, struct exchange *x, struct route_context *context,
		      const struct store_model *model, const json_t *body)
{
	struct opinion_question q = {.model = model, .person = authorize_principal(x)->person.id};

	TRY(opinion_read_list(&q.rights, exchange_arena(x), body, "rights"));
	TRY(opinion_read_list(&q.uses, exchange_arena(x), body, "uses"));
	TRY(json_get_int_or(&q.accessors, body, "accessors", 1));
	TRY(json_get_bool_or(&q.terms_are_signed, body, "terms_signed", false));
	return opinion_weigh(out, x, context, &q);
}

void criteria_try(struct exchange *x, struct route_context *context)
{
	struct store_model model;
	struct opinion opinion;
	json_t *answer;
	enum err result;

	if (!hub_find_model(&model, x, context))
		return;
	AUTO(json_auto) json_t *body = api_body_or_none(x);
	if (!body)
		return;
	result = weigh(&opinion, x, context, &model, body);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put_text(answer, "model", model.name);
	json_put(answer, "criteria", opinion_describe(&opinion));
	reply_json(x, 200, answer);
}
