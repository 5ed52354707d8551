/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/chat/chat.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "inference/chat/chat_parts.h"
#include "inference/format/json.h"

void chat_free(struct chat *c)
{
	if (!c)
		return;
	template_free(c->usual);
	template_free(c->with_tools);
	json_decref(c->own);
	free(c->refusal);
	free(c->tools_refusal);
	free(c);
}

const char *chat_refusal(const struct chat *c)
{
	return c->refusal;
}

bool chat_has_template(const struct chat *c)
{
	return c->usual != NULL;
}

const struct toolcall_format *chat_calls(const struct chat *c, const char **why)
{
	*why = c->tools_refusal;
	return c->calls;
}

void chat_prompt_free(struct chat_prompt *p)
{
	token_list_free(&p->tokens);
	json_decref(p->tools);
	buf_free(&p->grammar);
}

static void put(json_t *object, const char *name, json_t *value)
{
	if (json_object_set_new(object, name, value) != 0)
		abort(); /* memory, or a name of ours that is not UTF-8 */
}

static void put_copy(json_t *to, const char *name, const json_t *from)
{
	const json_t *value = json_object_get(from, name);

	put(to, name, value ? json_incref((json_t *)(uintptr_t)value) : json_null());
}

/* The variables of a template, as transformers gives them: tools and documents are always there,
 * none if there are none. */
static json_t *variables_of(const json_t *conversation, bool with_tools)
{
	const json_t *more = json_object_get(conversation, "chat_template_kwargs");
	json_t *variables = json_object();

	assert(variables);
	if (json_is_object(more))
		json_object_update(variables, (json_t *)(uintptr_t)more);
	put_copy(variables, "messages", conversation);
	put_copy(variables, "documents", conversation);
	put(variables, "tools", json_null());
	if (with_tools)
		put_copy(variables, "tools", conversation);
	put(variables, "add_generation_prompt",
	    json_boolean(!json_is_false(json_object_get(conversation, "add_generation_prompt"))));
	json_object_del(variables, "now_seconds");
	if (json_is_integer(json_object_get(conversation, "now_seconds")))
		put_copy(variables, "now_seconds", conversation);
	return variables;
}

enum err chat_render(const struct chat *c, struct template_text *out, const json_t *conversation,
		     bool with_tools)
{
	const struct template *t = with_tools && c->with_tools ? c->with_tools : c->usual;
	AUTO(json_auto) json_t *variables = variables_of(conversation, with_tools);

	return template_render(out, t,
			       &(struct template_context){.client = variables, .own = c->own});
}

/* A model without a template was trained on no form: the contents, one a line. */
static enum err encode_plain(const struct tokenizer *t, struct token_list *out,
			     const json_t *conversation)
{
	AUTO(buf_free) struct buf text = buf_new(CHAT_MAX_RENDERED);
	const json_t *messages = json_object_get(conversation, "messages");

	for (size_t i = 0; i < json_array_size(messages); i++) {
		const json_t *content = json_object_get(json_array_get(messages, i), "content");

		buf_write(&text, slice_of(json_string_value(content), json_string_length(content)));
		buf_write_u8(&text, '\n');
	}
	TRY(buf_done(&text));
	return tokenizer_encode_plain(t, out, buf_slice(&text));
}

static bool wants_tools(const json_t *conversation)
{
	const json_t *choice = json_object_get(conversation, "tool_choice");

	return json_array_size(json_object_get(conversation, "tools")) > 0 &&
	       !(json_is_string(choice) && strcmp(json_string_value(choice), "none") == 0);
}

static enum err check(const struct chat *c, const json_t *conversation, bool with_tools)
{
	if (!json_is_array(json_object_get(conversation, "messages")))
		return failure(ERR_FORMAT, "conversation: \"messages\" is no list");
	if (c->refusal)
		return failure(ERR_UNSUPPORTED,
			       "this model's chat template cannot be used (%s); "
			       "use /v1/completions",
			       c->refusal);
	if (with_tools && !c->usual)
		return failure(ERR_UNSUPPORTED,
			       "tools: this model has no chat template that could offer them");
	if (with_tools && c->tools_refusal)
		return failure(ERR_UNSUPPORTED, "tools: %s", c->tools_refusal);
	return OK;
}

static enum err find_end(const struct chat *c, const struct tokenizer *t, struct chat_prompt *out)
{
	AUTO(token_list_free) struct token_list list = {0};
	const json_t *end = json_object_get(c->own, "eos_token");

	TRY(tokenizer_encode_bare(t, &list,
				  slice_of(json_string_value(end), json_string_length(end))));
	out->has_end = list.count == 1 && tokenizer_is_special(t, list.ids[0]);
	out->end = out->has_end ? list.ids[0] : 0;
	return OK;
}

enum err chat_encode(const struct chat *c, const struct tokenizer *t, struct chat_prompt *out,
		     struct slice conversation)
{
	AUTO(template_text_free) struct template_text text = template_text_new(CHAT_MAX_RENDERED);
	AUTO(json_auto) json_t *json = NULL;
	bool with_tools;

	if (conversation.size > CHAT_MAX_CONVERSATION)
		return failure(ERR_LIMIT, "conversation: more than %d bytes",
			       CHAT_MAX_CONVERSATION);
	TRY(json_read_object(&json, conversation, "conversation"));
	with_tools = wants_tools(json);
	TRY(check(c, json, with_tools));
	if (!c->usual)
		return encode_plain(t, &out->tokens, json);
	TRY(find_end(c, t, out));
	TRY(chat_render(c, &text, json, with_tools));
	if (with_tools) {
		out->calls = c->calls;
		out->tools = json_incref(json_object_get(json, "tools"));
	}
	if (with_tools && chat_is_forced(json))
		TRY(chat_force(c, out, &text, json));
	out->is_one_call = json_is_false(json_object_get(json, "parallel_tool_calls"));
	return tokenizer_encode_marked(t, &out->tokens, buf_slice(&text.text), text.own.data);
}
