/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a model asks of those who ask for it. GET, PUT and DELETE /api/v1/models/{id}/form; the card
 * of a commit; the answers of a request.
 */
#include "gateway/api/model/form.h"

#include "crypto/base/clock.h"
#include "crypto/digest.h"
#include "gateway/api/criteria/opinion.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/model/card.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "policy/answers.h"
#include "schema/store/form.h"

/* Canonical JSON in the arena; "" for a form that asks and says nothing. */
static enum err document_of(struct slice *out, struct arena *arena, const struct form *form)
{
	AUTO(buf_free) struct buf text = buf_new(FORM_MAX_DOCUMENT);

	*out = S("");
	if (form_is_empty(form))
		return OK;
	TRY(form_write(&text, form));
	if (buf_done(&text) != OK)
		return failure(ERR_LIMIT, "the form is larger than %d bytes", FORM_MAX_DOCUMENT);
	*out = arena_copy(arena, buf_slice(&text));
	return OK;
}

static enum err document_of_card(struct slice *out, struct arena *arena, struct slice readme)
{
	struct form form;

	TRY(card_read_form(&form, arena, readme));
	return document_of(out, arena, &form);
}

enum err form_check_card(struct arena *arena, struct slice readme)
{
	struct slice document;

	return document_of_card(&document, arena, readme);
}

enum err form_of_commit(struct form_of_commit *out, struct arena *arena,
			const struct commit *commit)
{
	*out = (struct form_of_commit){.document = S("")};
	for (size_t i = 0; i < commit->count; i++) {
		const struct commit_operation *o = &commit->operations[i];

		if (!slice_equal(o->path, S("README.md")) || o->kind == COMMIT_DELETE_FOLDER)
			continue;
		*out = (struct form_of_commit){.is_known = o->kind != COMMIT_LARGE,
					       .document = S("")};
		if (o->kind == COMMIT_REGULAR)
			TRY(document_of_card(&out->document, arena, o->content));
	}
	return OK;
}

enum err form_of_commit_take(const struct form_of_commit *form, struct exchange *x,
			     struct route_context *context, const uint8_t model[STORE_ID],
			     struct slice revision)
{
	struct store_form row = {.source = S("card"),
				 .revision = revision,
				 .document = form->document,
				 .at_ms = clock_now_ms()};
	int64_t version;

	if (!form->is_known)
		return OK;
	return store_form_add(context->store, &version, &row, model,
			      authorize_principal(x)->person.id);
}

/* The model's form now, as stored and as read; the empty form, and version 0, if it has none. */
static enum err find_form(struct store_form *row, struct form *form, struct exchange *x,
			  struct route_context *context, const uint8_t model[STORE_ID])
{
	AUTO(json_auto) json_t *document = NULL;
	enum err result = store_form_current(context->store, exchange_arena(x), row, model);

	*form = (struct form){.count = 0};
	if (result == ERR_NOT_FOUND) {
		*row = (struct store_form){.version = 0};
		return OK;
	}
	TRY(result);
	TRY(json_read(&document, row->document, FORM_MAX_DOCUMENT));
	return form_read(form, exchange_arena(x), document);
}

/* A draft may leave out what it likes. */
static void ask_nothing(struct form *form)
{
	form->eu_disallowed = false;
	for (size_t i = 0; i < form->count; i++)
		form->fields[i].required = false;
}

/* What was answered before, as far as it is still asked, and for the person to say. */
static json_t *still_asked(struct arena *arena, const struct form *form, const json_t *stored)
{
	json_t *given = json_object_new();

	for (size_t i = 0; i < form->count; i++) {
		const char *label = arena_string(arena, form->fields[i].label);
		json_t *answer = json_object_get(stored, label);

		if (answer && form->fields[i].type != FORM_IP_LOCATION)
			json_put(given, label, json_incref(answer));
	}
	return given;
}

/* Those of the body, or what the row has already. */
static enum err find_given(json_t **out, struct exchange *x, struct route_context *context,
			   const struct form *form, const uint8_t request[STORE_ID],
			   const json_t *body)
{
	AUTO(json_auto) json_t *before = NULL;
	struct store_answers stored;

	*out = json_incref(json_object_get(body, "fields"));
	if (*out)
		return OK;
	TRY(store_answers_get(context->store, exchange_arena(x), &stored, request));
	if (stored.fields.size == 0)
		return OK;
	TRY(json_read(&before, stored.fields, ANSWERS_MAX));
	*out = still_asked(exchange_arena(x), form, before);
	return OK;
}

static enum err tell(struct audit_event *event, const struct store_form *form, struct slice fields)
{
	json_t *answers;

	TRY(json_read(&answers, fields, ANSWERS_MAX));
	audit_event_number(event, "form_version", form->version);
	audit_event_hex(event, "form_sha256", slice_of(form->sha256, STORE_SHA256));
	audit_event_json(event, "fields", answers);
	return OK;
}

enum err form_take(struct audit_event *event, struct exchange *x, struct route_context *context,
		   const struct form_request *request, const json_t *body)
{
	AUTO(buf_free) struct buf text = buf_new(ANSWERS_MAX);
	AUTO(json_auto) json_t *given = NULL;
	struct country country = opinion_country(x, context->api);
	struct store_answers answers;
	struct store_form row;
	struct form form;

	TRY(find_form(&row, &form, x, context, request->model));
	TRY(find_given(&given, x, context, &form, request->id, body));
	if (request->is_draft)
		ask_nothing(&form);
	TRY(answers_check(&text, &form, given, slice_of_string(country.code)));
	if (row.version == 0)
		return OK;
	answers = (struct store_answers){.version = row.version, .fields = buf_slice(&text)};
	TRY(tell(event, &row, answers.fields));
	return store_answers_set(context->store, &answers, request->id);
}

enum err form_show(json_t *out, struct exchange *x, struct route_context *context,
		   const uint8_t request[STORE_ID])
{
	struct store_answers answers;
	json_t *fields;

	TRY(store_answers_get(context->store, exchange_arena(x), &answers, request));
	if (answers.version == 0)
		return OK;
	TRY(json_read(&fields, answers.fields, ANSWERS_MAX));
	json_put_int(out, "form_version", answers.version);
	json_put(out, "fields", fields);
	return OK;
}

/* {"model","version","source","sha256","revision","at","required","form"}. */
static enum err reply_form(struct exchange *x, struct route_context *context,
			   const struct store_model *model)
{
	struct arena *arena = exchange_arena(x);
	struct store_form row;
	struct form form;
	json_t *answer, *document = NULL;

	TRY(find_form(&row, &form, x, context, model->id));
	if (row.version)
		TRY(json_read(&document, row.document, FORM_MAX_DOCUMENT));
	answer = json_object_new();
	json_put_text(answer, "model", model->name);
	json_put_int(answer, "version", row.version);
	json_put_bool(answer, "required", form_is_demanding(&form));
	if (row.version) {
		json_put_text(answer, "source", row.source);
		json_put_text(answer, "sha256",
			      slice_of_string(api_hex(arena, slice_of(row.sha256, STORE_SHA256))));
		json_put_text(answer, "at", slice_of_string(api_time(arena, row.at_ms)));
	}
	if (row.revision.size)
		json_put_text(answer, "revision", row.revision);
	json_put(answer, "form", document ? document : json_null());
	reply_json(x, 200, answer);
	return OK;
}

void model_form_get(struct exchange *x, struct route_context *context)
{
	struct store_model model;
	enum err result;

	if (!hub_find_model(&model, x, context))
		return;
	result = reply_form(x, context, &model);
	if (result != OK)
		reply_failure(x, result);
}

/* A form by the API, or (without a document) its end. */
static enum err set_form(struct exchange *x, struct route_context *context,
			 const struct store_model *model, struct slice document)
{
	const struct principal *who = authorize_principal(x);
	struct store_form row = {.source = S("api"), .document = document, .at_ms = clock_now_ms()};
	struct digest digest = digest_of(document);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_MODEL_FORM, who->person.id, who->person.name);
	audit_event_text(&event, "model", model->name);
	if (document.size)
		audit_event_hex(&event, "form_sha256", slice_of(digest.bytes, DIGEST_SIZE));
	TRY(store_begin(store));
	TRY(store_form_add(store, &row.version, &row, model->id, who->person.id));
	audit_event_number(&event, "form_version", row.version);
	return api_finish(x, context, &event);
}

static enum err put_form(struct exchange *x, struct route_context *context,
			 const struct store_model *model, const json_t *body)
{
	struct slice document;
	struct form form;

	TRY(form_read(&form, exchange_arena(x), body));
	TRY(document_of(&document, exchange_arena(x), &form));
	if (document.size == 0) /* it asks nothing, and yet wins over the card */
		document = S("{\"extra_gated_fields\":[]}");
	TRY(set_form(x, context, model, document));
	return reply_form(x, context, model);
}

void model_form_put(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = NULL;
	struct store_model model;
	enum err result;

	if (!hub_find_model(&model, x, context))
		return;
	body = api_body(x);
	if (!body)
		return;
	result = put_form(x, context, &model, body);
	if (result != OK)
		reply_failure(x, result);
}

void model_form_delete(struct exchange *x, struct route_context *context)
{
	struct store_model model;
	enum err result;

	if (!hub_find_model(&model, x, context))
		return;
	result = set_form(x, context, &model, S(""));
	if (result == OK)
		result = reply_form(x, context, &model);
	if (result != OK)
		reply_failure(x, result);
}
