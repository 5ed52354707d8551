/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/hub/hub_runnable.h"

#include "crypto/json.h"
#include "gateway/api/infer/slots.h"

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
static void look_at_memory(struct runnable *out, struct api *api, struct arena *arena,
			   struct slice config)
{
	if (slots_size(&out->need, api, config) != OK)
		out->need = (struct store_need){0}; /* the first load measures it */
	else if (slots_fits(api->slots, &out->need) != OK)
		out->reason = arena_string(arena, slice_of_string(failure_text()));
}

/* What the engine says of config.json stands with the revision. */
static enum err check_config(struct runnable *out, struct route_context *context,
			     struct arena *arena, struct slice config)
{
	enum err result = slots_check(&out->tasks, context->api, arena, config);

	out->runnable = result == OK;
	out->reason = "";
	if (result == OK)
		look_at_memory(out, context->api, arena, config);
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
	return check_config(out, context, arena, sent->content);
}

/* Does tokenizer_config.json bring a chat_template, or a file of that name come along? */
static bool look_for_template(const struct runnable_question *q)
{
	const struct commit_operation *sent = find_sent(q->commit, S("tokenizer_config.json"));
	AUTO(json_auto) json_t *json = NULL;

	if (q->has_template)
		return true;
	if (!sent || sent->kind != COMMIT_REGULAR)
		return q->parent->has_template;
	return json_read(&json, sent->content, COMMIT_MAX_REGULAR) == OK &&
	       json_has(json, "chat_template");
}

enum err hub_runnable(struct runnable *out, struct route_context *context, struct arena *arena,
		      const uint8_t model[STORE_ID], const struct runnable_question *question)
{
	*out = (struct runnable){.has_template = look_for_template(question)};
	return check(out, context, arena, model, question);
}
