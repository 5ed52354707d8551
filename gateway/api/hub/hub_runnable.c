/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/hub/hub_runnable.h"

#include "crypto/json.h"
#include "gateway/api/slots/slots.h"

enum { MAX_TEMPLATES = 8 };

static const struct commit_operation *find_sent(const struct commit *commit, struct slice path)
{
	const struct commit_operation *sent = NULL;

	for (size_t i = 0; i < commit->count; i++)
		if (slice_equal(commit->operations[i].path, path))
			sent = &commit->operations[i];
	return sent;
}

/* What it would take is kept with it. One that does not fit today may when the settings allow more:
 * it is said, and each call is told so. */
static void look_at_memory(struct runnable *out, struct route_context *context, struct arena *arena,
			   const uint8_t model[STORE_ID], struct slice config,
			   uint64_t stored_bytes)
{
	if (slots_size(&out->need, context, model, config, stored_bytes) != OK)
		out->need = (struct store_need){0}; /* the first load measures it */
	else if (slots_fits(context->api->slots, &out->need) != OK)
		out->reason = arena_string(arena, slice_of_string(failure_text()));
}

/* What the engine says of config.json stands with the revision. */
static enum err check_config(struct runnable *out, struct route_context *context,
			     struct arena *arena, const uint8_t model[STORE_ID],
			     struct slice config, uint64_t stored_bytes)
{
	enum err result = slots_check(&out->tasks, context->api, arena, config);

	out->runnable = result == OK;
	out->reason = "";
	if (result == OK)
		look_at_memory(out, context, arena, model, config, stored_bytes);
	else if (result == ERR_UNSUPPORTED || result == ERR_FORMAT || result == ERR_LIMIT)
		out->reason = arena_string(arena, slice_of_string(failure_text()));
	else
		return result;
	return OK;
}

/* A GGUF file describes itself, and is sealed by now: the first use reads it, and what it cannot
 * read stands with the revision from then on. */
static void look_at_gguf(struct runnable *out, const struct runnable_question *q)
{
	out->runnable = q->gguf_count == 1;
	out->reason = out->runnable ? "" : "there is more than one GGUF file; one is run";
}

static enum err check(struct runnable *out, struct route_context *context, struct arena *arena,
		      const uint8_t model[STORE_ID], const struct runnable_question *q)
{
	const struct commit_operation *sent = find_sent(q->commit, S("config.json"));

	if (!q->has_safetensors && q->gguf_count > 0) {
		look_at_gguf(out, q);
		return OK;
	}
	out->reason = "there is no config.json";
	if (!q->has_config)
		return OK;
	if (!sent) {
		out->runnable = q->parent->runnable;
		out->tasks = q->parent->tasks;
		out->reason = arena_string(arena, q->parent->runnable_reason);
		return store_need_get(context->store, &out->need, model, q->parent->id);
	}
	out->reason = "config.json was sent as a large file, which is not looked into";
	if (sent->kind != COMMIT_REGULAR)
		return OK;
	return check_config(out, context, arena, model, sent->content, q->stored_bytes);
}

static struct slice text_of(const json_t *string)
{
	return slice_of(json_string_value(string), json_string_length(string));
}

/* One that cannot be read leaves the model runnable; chats are refused with that reason. */
static enum err try_template(struct runnable *out, struct api *api, struct arena *arena,
			     struct slice text)
{
	enum err result;

	if (text.size > WIRE_MAX_CONFIG || slice_starts_with(out->chat, S("no")))
		return OK; /* the first measuring by files tries it; or it is known already */
	result = slots_check_chat(api, text);
	if (result == OK)
		out->chat = S("yes");
	else if (result == ERR_UNSUPPORTED || result == ERR_FORMAT || result == ERR_LIMIT)
		out->chat = slice_of_string(arena_printf(
			arena, "no: %s",
			slice_is_utf8(slice_of_string(failure_text())) ? failure_text()
								       : "it is not UTF-8"));
	else
		return result;
	return OK;
}

/* "chat_template": a text, or a list of {"name", "template"}. */
static enum err look_into_settings(struct runnable *out, struct api *api, struct arena *arena,
				   const json_t *value)
{
	out->has_template = value != NULL;
	if (json_is_string(value))
		return try_template(out, api, arena, text_of(value));
	for (size_t i = 0; i < json_array_size(value) && i < MAX_TEMPLATES; i++) {
		const json_t *text = json_object_get(json_array_get(value, i), "template");

		if (json_is_string(text))
			TRY(try_template(out, api, arena, text_of(text)));
	}
	return OK;
}

/* A file of its own stands before what tokenizer_config.json says; what was not sent is as it was
 * in the parent. */
static enum err look_for_template(struct runnable *out, struct api *api, struct arena *arena,
				  const struct runnable_question *q)
{
	const struct commit_operation *file = find_sent(q->commit, S("chat_template.jinja"));
	const struct commit_operation *settings = find_sent(q->commit, S("tokenizer_config.json"));
	AUTO(json_auto) json_t *json = NULL;

	out->has_template = q->has_template || q->parent->has_template;
	out->chat = q->parent->chat;
	if (q->has_template && file) {
		out->chat = S("");
		return file->kind == COMMIT_REGULAR ? try_template(out, api, arena, file->content)
						    : OK;
	}
	if (q->has_template || !settings || settings->kind != COMMIT_REGULAR)
		return OK;
	out->chat = S("");
	out->has_template = false;
	if (json_read(&json, settings->content, COMMIT_MAX_REGULAR) != OK)
		return OK; /* its first use says so */
	return look_into_settings(out, api, arena, json_object_get(json, "chat_template"));
}

enum err hub_runnable(struct runnable *out, struct route_context *context, struct arena *arena,
		      const uint8_t model[STORE_ID], const struct runnable_question *question)
{
	*out = (struct runnable){.runnable = false};
	TRY(look_for_template(out, context->api, arena, question));
	return check(out, context, arena, model, question);
}
