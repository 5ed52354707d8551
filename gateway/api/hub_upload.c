/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way in, first half: a repository, what will be sent how, and the large files themselves
 * (research/access-and-hub.md 1.8, basic transfer). Everything is sealed as it arrives.
 */
#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/capability.h"
#include "gateway/api/commit.h"
#include "gateway/api/hub.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/seal.h"
#include "policy/open_paths.h"

enum { UPLOAD_MAX_OBJECTS = 1000 };

static const char *url_of(struct exchange *x, struct route_context *context, struct slice path)
{
	return arena_printf(exchange_arena(x), "%s/%.*s", context->api->settings->external_url,
			    SLICE_PRINT(path));
}

enum err hub_make_model(struct exchange *x, struct route_context *context, struct slice name,
			struct slice gate, bool hidden)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct store_model model = {
		.name = name,
		.gate = gate,
		.open_paths = S(OPEN_PATHS_DEFAULT),
		.hidden = hidden,
		.created_ms = clock_now_ms(),
	};

	random_uuid(model.id, model.created_ms);
	audit_event_begin(&event, AUDIT_MODEL_CREATE, who->person.id, who->person.name);
	audit_event_text(&event, "model", name);
	audit_event_text(&event, "gate", model.gate);
	audit_event_json(&event, "open_paths", hub_describe_open_paths(model.open_paths));
	audit_event_flag(&event, "hidden", hidden);
	TRY(store_begin(store));
	TRY(store_model_create(store, &model, who->person.id));
	return api_finish(x, context, &event);
}

/* With its url: huggingface_hub takes it from here where it was told exist_ok. */
static void reply_exists(struct exchange *x, struct route_context *context, struct slice name)
{
	json_t *answer = json_object_new();

	json_put_text(answer, "error", S("You already created this model repo"));
	json_put_text(answer, "url", slice_of_string(url_of(x, context, name)));
	json_put_text(answer, "name", name);
	exchange_header(x, "X-Error-Message", "You already created this model repo");
	reply_json(x, 409, answer);
}

void hub_create(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct slice name, organization, type;
	bool hidden;
	json_t *answer;
	enum err result;

	if (!body)
		return;
	if (json_get_text(&name, body, "name") != OK ||
	    json_get_text_or(&organization, body, "organization", S("")) != OK ||
	    json_get_text_or(&type, body, "type", S("model")) != OK ||
	    json_get_bool_or(&hidden, body, "private", false) != OK) {
		reply_failure(x, ERR_FORMAT);
		return;
	}
	if (!slice_equal(type, S("model"))) {
		reply_code(x, CODE_UNSUPPORTED, "only repositories of type \"model\" are kept here",
			   NULL);
		return;
	}
	if (organization.size)
		name = slice_of_string(arena_printf(exchange_arena(x), "%.*s/%.*s",
						    SLICE_PRINT(organization), SLICE_PRINT(name)));
	result = hub_make_model(x, context, name, S("manual"), hidden);
	if (result == ERR_CONFLICT)
		reply_exists(x, context, name);
	else if (result == ERR_FORMAT)
		reply_code(
			x, CODE_BAD_REQUEST,
			"a model's name is \"name\" or \"organization/name\", each 1 to 96 of "
			"A-Z a-z 0-9 . _ -, beginning with a letter or a digit, without \"..\" and "
			"\"--\"; the first is not api, c, log, upload or v1",
			"name");
	else if (result != OK)
		reply_failure(x, result);
	else {
		answer = json_object_new();
		json_put_text(answer, "url", slice_of_string(url_of(x, context, name)));
		json_put_text(answer, "name", name);
		reply_json(x, 200, answer);
	}
}

/* Small files travel in the commit, large ones by LFS. */
void hub_preupload(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct store_model model;
	const json_t *files;
	json_t *list;

	if (!body || !hub_find_model(&model, x, context))
		return;
	if (json_get_array(&files, body, "files") != OK) {
		reply_failure(x, ERR_FORMAT);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < json_array_size(files); i++) {
		json_t *one = json_object_new();
		struct slice path = S("");
		int64_t size = 0;
		bool large;

		if (json_get_text(&path, json_array_get(files, i), "path") != OK ||
		    json_get_int_or(&size, json_array_get(files, i), "size", 0) != OK) {
			json_free(one);
			json_free(list);
			reply_failure(x, ERR_FORMAT);
			return;
		}
		large = size > COMMIT_MAX_REGULAR || slice_ends_with(path, S(".safetensors")) ||
			slice_ends_with(path, S(".gguf")) || slice_ends_with(path, S(".bin"));
		json_put_text(one, "path", path);
		json_put_text(one, "uploadMode", large ? S("lfs") : S("regular"));
		json_put_bool(one, "shouldIgnore", false);
		json_push(list, one);
	}
	reply_list(x, "files", list);
}

static enum err read_object(struct capability *out, const json_t *object)
{
	struct slice oid;
	int64_t size;

	TRY(json_get_text(&oid, object, "oid"));
	TRY(json_get_int(&size, object, "size"));
	if (size < 0)
		return failure(ERR_FORMAT, "\"size\" is negative");
	out->size = (uint64_t)size;
	return text_read_hex(out->sha256, 32, oid);
}

static json_t *upload_action(struct exchange *x, struct route_context *context,
			     const struct capability *c)
{
	AUTO(buf_free) struct buf text = buf_new(512);
	json_t *upload = json_object_new(), *actions = json_object_new();

	capability_write(&text, c, context->api->capability_key);
	json_put_text(upload, "href",
		      slice_of_string(arena_printf(exchange_arena(x), "%s/upload/%s",
						   context->api->settings->external_url,
						   buf_string(&text))));
	json_put_int(upload, "expires_in", CAPABILITY_SECONDS);
	json_put(actions, "upload", upload);
	return actions;
}

/* What is there already needs no upload: the answer then has no actions. */
static enum err describe_object(json_t **out, struct exchange *x, struct route_context *context,
				const struct store_model *model, const json_t *object)
{
	struct capability c = {.expires_seconds = clock_now_seconds() + CAPABILITY_SECONDS};
	struct store_blob blob;
	json_t *one;
	enum err known;

	TRY(read_object(&c, object));
	memcpy(c.person, authorize_principal(x)->person.id, STORE_ID);
	memcpy(c.model, model->id, STORE_ID);
	known = store_blob_by_sha256(context->store, exchange_arena(x), &blob, model->id, c.sha256);
	if (known != OK && known != ERR_NOT_FOUND)
		return known;
	one = json_object_new();
	json_put_text(one, "oid",
		      slice_of_string(api_hex(exchange_arena(x), slice_of(c.sha256, 32))));
	json_put_int(one, "size", (int64_t)c.size);
	if (known == ERR_NOT_FOUND)
		json_put(one, "actions", upload_action(x, context, &c));
	*out = one;
	return OK;
}

void hub_lfs_batch(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	AUTO(json_auto) json_t *list = json_array_new();
	struct store_model model;
	const json_t *objects;
	struct slice operation;
	json_t *answer;

	if (!body || !hub_find_model(&model, x, context))
		return;
	seal_sweep(context, exchange_arena(x));
	if (json_get_text_or(&operation, body, "operation", S("upload")) != OK ||
	    json_get_array(&objects, body, "objects") != OK) {
		reply_failure(x, ERR_FORMAT);
		return;
	}
	if (!slice_equal(operation, S("upload")) || json_array_size(objects) > UPLOAD_MAX_OBJECTS) {
		reply_code(x, CODE_UNSUPPORTED, "this route takes uploads of at most 1000 objects",
			   NULL);
		return;
	}
	for (size_t i = 0; i < json_array_size(objects); i++) {
		json_t *one;
		enum err result = describe_object(&one, x, context, &model,
						  json_array_get(objects, i));

		if (result != OK) {
			reply_failure(x, result);
			return;
		}
		json_push(list, one);
	}
	answer = json_object_new();
	json_put_text(answer, "transfer", S("basic"));
	json_put(answer, "objects", json_incref(list));
	reply_json(x, 200, answer);
}

/* Whoever was given the address acts as the person it was given to, if they still may. */
static enum err act_as(struct exchange *x, struct route_context *context,
		       const struct capability *c)
{
	struct principal *who = exchange_subject(x);

	TRY(store_person_by_id(context->store, exchange_arena(x), &who->person, c->person));
	if (!slice_equal(who->person.state, S("active")) ||
	    !store_list_has(who->person.offices, S("models:manage")))
		return failure(ERR_DENIED,
			       "the person this upload address was made for may no longer upload");
	who->authenticated = true;
	who->credential = CODE_OK_ALLOWED;
	return OK;
}

static enum err receive(struct exchange *x, struct route_context *context)
{
	AUTO(seal_clear) struct seal seal = {.pipe = -1};
	struct capability c;
	uint64_t moved;
	enum err result, pumped;
	int pipe_end;

	TRY(capability_read(&c, exchange_param(x, "capability"), context->api->capability_key,
			    clock_now_seconds()));
	if (!exchange_request(x)->is_chunked && exchange_request(x)->content_length != c.size)
		return failure(ERR_FORMAT, "the upload has %llu bytes, %llu were announced",
			       (unsigned long long)exchange_request(x)->content_length,
			       (unsigned long long)c.size);
	TRY(act_as(x, context, &c));
	TRY(seal_begin(&seal, x, context, c.model, c.size));
	pipe_end = seal.pipe;
	seal.pipe = -1;
	pumped = exchange_pump_body(x, pipe_end, &moved); /* closes it */
	result = seal_end(&seal, context, c.sha256);
	return result == OK ? pumped : result;
}

void hub_upload(struct exchange *x, struct route_context *context)
{
	enum err result = receive(x, context);

	if (result == ERR_FORGED)
		reply_code(x, CODE_CREDENTIAL_BAD_SIGNATURE, failure_text(), NULL);
	else if (result == ERR_EXPIRED)
		reply_code(x, CODE_CREDENTIAL_EXPIRED, failure_text(), NULL);
	else if (result != OK)
		reply_failure(x, result);
	else
		reply_empty(x, 200);
}

/* Python's client asks again after the upload: is it there? */
void hub_verify(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct store_model model;
	struct store_blob blob;
	struct capability c = {0};
	enum err result;

	if (!body || !hub_find_model(&model, x, context))
		return;
	result = read_object(&c, body);
	if (result == OK)
		result = store_blob_by_sha256(context->store, exchange_arena(x), &blob, model.id,
					      c.sha256);
	if (result != OK)
		reply_failure(x, result);
	else
		reply_json(x, 200, json_object_new());
}
