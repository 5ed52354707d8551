/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/openai/conversation.h"

#include <stdlib.h>

#include "crypto/base/clock.h"
#include "crypto/json.h"

/* What is being read: where a refusal is to be noted, and memory for its text. */
struct reader_of {
	struct generation_flaw *flaw;
	struct arena *arena;
	const json_t *body;
};

static enum err refuse(struct reader_of *r, enum err kind, const char *param, const char *message)
{
	*r->flaw = (struct generation_flaw){.message = message, .param = param};
	return failure(kind, "%s", message);
}

static const json_t *member(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return json_is_null(value) ? NULL : value;
}

static bool is(const json_t *text, const char *what)
{
	return json_is_string(text) &&
	       slice_equal(slice_of(json_string_value(text), json_string_length(text)),
			   slice_of_string(what));
}

static json_t *share(const json_t *value)
{
	return json_incref((json_t *)(uintptr_t)value);
}

/* A text, or an array of parts of type text, which are one text. */
static enum err read_content(struct reader_of *r, json_t **out, const json_t *content)
{
	AUTO(buf_free) struct buf joined = buf_new(GENERATION_MAX_PROMPT);

	if (json_is_string(content)) {
		*out = share(content);
		return OK;
	}
	if (!json_is_array(content) || json_array_size(content) == 0)
		return refuse(r, ERR_FORMAT, "messages", "a message's 'content' must be text");
	for (size_t i = 0; i < json_array_size(content); i++) {
		const json_t *part = json_array_get(content, i);
		const json_t *text = json_object_get(part, "text");

		if (!is(json_object_get(part, "type"), "text") || !json_is_string(text))
			return refuse(r, ERR_UNSUPPORTED, "messages",
				      "only parts of type 'text' are supported in a message");
		buf_write(&joined, slice_of(json_string_value(text), json_string_length(text)));
	}
	if (buf_done(&joined) != OK)
		return refuse(r, ERR_LIMIT, "messages", "the messages are larger than 96 KiB");
	*out = json_stringn(buf_string(&joined), joined.size);
	return OK;
}

/* A name that may be there: text. */
static enum err copy_text(struct reader_of *r, json_t *to, const json_t *from, const char *name)
{
	const json_t *value = member(from, name);

	if (!value)
		return OK;
	if (!json_is_string(value))
		return refuse(r, ERR_FORMAT, "messages",
			      arena_printf(r->arena, "a message's '%s' must be text", name));
	json_put(to, name, share(value));
	return OK;
}

/* Clients send them as text, templates take them as an object. */
static enum err read_arguments(struct reader_of *r, json_t **out, const json_t *given)
{
	if (json_is_object(given)) {
		*out = share(given);
		return OK;
	}
	if (!json_is_string(given) ||
	    json_read(out, slice_of(json_string_value(given), json_string_length(given)),
		      GENERATION_MAX_PROMPT) != OK)
		*out = NULL;
	if (json_is_object(*out))
		return OK;
	json_free(*out);
	*out = NULL;
	return refuse(r, ERR_FORMAT, "messages",
		      "the 'arguments' of a tool call must be a JSON object, written as text");
}

static enum err read_call(struct reader_of *r, json_t *list, const json_t *given)
{
	const json_t *function = json_object_get(given, "function");
	const json_t *name = json_object_get(function, "name");
	json_t *call, *inner, *arguments;

	if (!is(json_object_get(given, "type"), "function") || !json_is_string(name))
		return refuse(r, ERR_FORMAT, "messages",
			      "a tool call needs type 'function' and a function with a 'name'");
	TRY(read_arguments(r, &arguments, json_object_get(function, "arguments")));
	call = json_object_new();
	inner = json_object_new();
	json_push(list, call);
	json_put(call, "type", json_string("function"));
	json_put(inner, "name", share(name));
	json_put(inner, "arguments", arguments);
	json_put(call, "function", inner);
	return copy_text(r, call, given, "id");
}

static enum err read_calls(struct reader_of *r, json_t *to, const json_t *given)
{
	json_t *list;

	if (!given || (json_is_array(given) && json_array_size(given) == 0))
		return OK;
	if (!json_is_array(given) || json_array_size(given) > CONVERSATION_MAX_CALLS)
		return refuse(r, ERR_FORMAT, "messages",
			      "a message's 'tool_calls' must be an array of at most 128");
	list = json_array_new();
	json_put(to, "tool_calls", list);
	for (size_t i = 0; i < json_array_size(given); i++)
		TRY(read_call(r, list, json_array_get(given, i)));
	return OK;
}

static bool is_known_role(const json_t *role)
{
	static const char *const ROLES[] = {"system", "developer", "user", "assistant", "tool"};

	for (size_t i = 0; i < sizeof ROLES / sizeof ROLES[0]; i++)
		if (is(role, ROLES[i]))
			return true;
	return false;
}

static enum err read_message(struct reader_of *r, json_t *list, const json_t *given)
{
	const json_t *role = member(given, "role"), *content = member(given, "content");
	json_t *message = json_object_new(), *text = NULL;

	json_push(list, message);
	if (!role)
		return refuse(r, ERR_FORMAT, "messages", "a message has no 'role'");
	if (!is_known_role(role))
		return refuse(
			r, ERR_FORMAT, "messages",
			"a message's 'role' must be system, developer, user, assistant or tool");
	json_put(message, "role", share(role));
	if (is(role, "assistant"))
		TRY(read_calls(r, message, member(given, "tool_calls")));
	/* An answer that only calls tools has no text. */
	if (!content && json_object_get(message, "tool_calls"))
		text = json_string("");
	else
		TRY(read_content(r, &text, content));
	json_put(message, "content", text);
	TRY(copy_text(r, message, given, "reasoning_content"));
	TRY(copy_text(r, message, given, "tool_call_id"));
	return copy_text(r, message, given, "name");
}

static enum err read_messages(struct reader_of *r, json_t *to)
{
	const json_t *messages = member(r->body, "messages");
	json_t *list = json_array_new();

	json_put(to, "messages", list);
	if (!json_is_array(messages) || json_array_size(messages) == 0)
		return refuse(r, ERR_FORMAT, "messages", "'messages' must be a non-empty array");
	for (size_t i = 0; i < json_array_size(messages); i++)
		TRY(read_message(r, list, json_array_get(messages, i)));
	return OK;
}

static enum err check_tool(struct reader_of *r, const json_t *tool)
{
	const json_t *function = json_object_get(tool, "function");
	const json_t *name = json_object_get(function, "name");
	const json_t *parameters = member(function, "parameters");

	if (json_is_string(json_object_get(tool, "type")) &&
	    !is(json_object_get(tool, "type"), "function"))
		return refuse(r, ERR_UNSUPPORTED, "tools",
			      "only tools of type 'function' are supported");
	if (!json_is_string(json_object_get(tool, "type")) || !json_is_string(name) ||
	    json_string_length(name) == 0 || json_string_length(name) > CONVERSATION_MAX_NAME)
		return refuse(r, ERR_FORMAT, "tools",
			      "a tool needs type 'function' and a function with a 'name' of 1 to "
			      "64 bytes");
	if (parameters && !json_is_object(parameters))
		return refuse(r, ERR_FORMAT, "tools",
			      "a function's 'parameters' must be a JSON Schema, an object");
	return OK;
}

static bool is_offered(const json_t *tools, const json_t *name)
{
	for (size_t i = 0; json_is_string(name) && i < json_array_size(tools); i++) {
		const json_t *function = json_object_get(json_array_get(tools, i), "function");

		if (is(json_object_get(function, "name"), json_string_value(name)))
			return true;
	}
	return false;
}

static enum err read_choice(struct reader_of *r, json_t *to, const json_t *tools)
{
	const json_t *choice = member(r->body, "tool_choice");
	const json_t *name = json_object_get(json_object_get(choice, "function"), "name");

	if (!choice)
		return OK;
	if (json_is_object(choice) && is(json_object_get(choice, "type"), "function") &&
	    !is_offered(tools, name))
		return refuse(r, ERR_FORMAT, "tool_choice",
			      "'tool_choice' names a function that is not among the 'tools'");
	if (json_is_object(choice)
		    ? !name
		    : !is(choice, "none") && !is(choice, "auto") && !is(choice, "required"))
		return refuse(r, ERR_FORMAT, "tool_choice",
			      "'tool_choice' must be 'none', 'auto', 'required' or a function");
	if (is(choice, "required") && json_array_size(tools) == 0)
		return refuse(r, ERR_FORMAT, "tool_choice", "'tool_choice' needs 'tools'");
	json_put(to, "tool_choice", share(choice));
	return OK;
}

static enum err read_tools(struct reader_of *r, json_t *to)
{
	const json_t *tools = member(r->body, "tools");
	const json_t *parallel = member(r->body, "parallel_tool_calls");

	if (tools && (!json_is_array(tools) || json_array_size(tools) > CONVERSATION_MAX_TOOLS))
		return refuse(r, ERR_FORMAT, "tools", "'tools' must be an array of at most 128");
	for (size_t i = 0; i < json_array_size(tools); i++)
		TRY(check_tool(r, json_array_get(tools, i)));
	if (json_array_size(tools) > 0)
		json_put(to, "tools", share(tools));
	if (parallel && !json_is_boolean(parallel))
		return refuse(r, ERR_FORMAT, "parallel_tool_calls",
			      "'parallel_tool_calls' must be true or false");
	if (parallel)
		json_put(to, "parallel_tool_calls", share(parallel));
	return read_choice(r, to, tools);
}

static enum err read_settings(struct reader_of *r, json_t *to)
{
	const json_t *more = member(r->body, "chat_template_kwargs");
	const json_t *documents = member(r->body, "documents");
	const json_t *prompts = member(r->body, "add_generation_prompt");

	if (more && !json_is_object(more))
		return refuse(r, ERR_FORMAT, "chat_template_kwargs",
			      "'chat_template_kwargs' must be an object");
	if (documents && !json_is_array(documents))
		return refuse(r, ERR_FORMAT, "documents", "'documents' must be an array");
	if (prompts && !json_is_boolean(prompts))
		return refuse(r, ERR_FORMAT, "add_generation_prompt",
			      "'add_generation_prompt' must be true or false");
	if (more)
		json_put(to, "chat_template_kwargs", share(more));
	if (documents)
		json_put(to, "documents", share(documents));
	if (prompts)
		json_put(to, "add_generation_prompt", share(prompts));
	json_put_int(to, "now_seconds", clock_now_seconds());
	return OK;
}

enum err conversation_read(struct slice *out, struct generation_flaw *flaw, struct arena *arena,
			   const json_t *body)
{
	AUTO(json_auto) json_t *conversation = json_object_new();
	struct reader_of r = {flaw, arena, body};
	char *text;
	size_t size;

	TRY(read_messages(&r, conversation));
	TRY(read_tools(&r, conversation));
	TRY(read_settings(&r, conversation));
	text = json_dumps(conversation, JSON_COMPACT);
	size = text ? strlen(text) : 0;
	if (size > 0 && size <= GENERATION_MAX_PROMPT)
		*out = arena_copy(arena, slice_of(text, size));
	free(text);
	if (size == 0 || size > GENERATION_MAX_PROMPT)
		return refuse(&r, ERR_LIMIT, "messages",
			      "the messages and tools are larger than 96 KiB");
	return OK;
}
