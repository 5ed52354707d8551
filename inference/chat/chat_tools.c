/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chat_tools.c - does a template know tools, and in what form does its model write their calls? It
 * is asked: a conversation with a tool is rendered, and one in which the tool has been called; what
 * the second adds is read with each known form until one finds the call that was made.
 */
#define _GNU_SOURCE /* memmem */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "inference/chat/chat_parts.h"
#include "inference/format/json.h"

#define PROBE_NAME "look_up_probe"
#define PROBE_VALUE "a probing value"

static const char ASKED[] =
	"{\"messages\":[{\"role\":\"user\",\"content\":\"Ask.\"}],\"now_seconds\":0,\"tools\":[{"
	"\"type\":\"function\",\"function\":{\"name\":\"" PROBE_NAME "\",\"description\":\"Looks "
	"up.\",\"parameters\":{\"type\":\"object\",\"properties\":{\"what\":{\"type\":\"string\","
	"\"description\":\"What.\"}},\"required\":[\"what\"]}}}]}";

static const char CALL[] =
	"{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{\"id\":\"probe0001\",\"type\":"
	"\"function\",\"function\":{\"name\":\"" PROBE_NAME
	"\",\"arguments\":{\"what\":\"" PROBE_VALUE "\"}}}]}";

/* What a reader heard. */
struct heard {
	bool is_name;
	struct buf arguments;
};

static void hear(void *context, enum toolcall_part part, unsigned call, struct slice text)
{
	struct heard *h = context;

	if (part == TOOLCALL_NAME && call == 0)
		h->is_name = slice_equal(text, S(PROBE_NAME));
	else if (part == TOOLCALL_ARGUMENTS && call == 0)
		buf_write(&h->arguments, text);
}

static bool reads_call(const struct toolcall_format *format, struct slice text)
{
	AUTO(toolcall_auto) struct toolcall_reader *reader = toolcall_new(format, false, NULL);
	AUTO(json_auto) json_t *arguments = NULL;
	struct heard heard = {.arguments = buf_new(CHAT_MAX_RENDERED)};
	const char *value;

	toolcall_write(reader, text, hear, &heard);
	toolcall_finish(reader, hear, &heard);
	arguments = json_loadb((const char *)heard.arguments.data, heard.arguments.size, 0, NULL);
	buf_free(&heard.arguments);
	value = json_string_value(json_object_get(arguments, "what"));
	return heard.is_name && value && strcmp(value, PROBE_VALUE) == 0;
}

/* What `longer` says behind what both begin with. */
static struct slice added_text(const struct template_text *shorter,
			       const struct template_text *longer)
{
	struct slice a = buf_slice(&shorter->text), b = buf_slice(&longer->text);
	size_t same = 0;

	while (same < a.size && same < b.size && a.data[same] == b.data[same])
		same++;
	return slice_part(b, same, b.size);
}

static enum err render(const struct chat *c, struct template_text *out, json_t *conversation,
		       bool prompts)
{
	json_object_set_new(conversation, "add_generation_prompt", json_boolean(prompts));
	return chat_render(c, out, conversation, true);
}

static void try_formats(struct chat *c, struct slice added)
{
	for (const struct toolcall_format *f = TOOLCALL_FORMATS; f->name && !c->calls; f++)
		if (reads_call(f, added))
			c->calls = f;
}

static bool has(const struct template_text *text, const char *what)
{
	return memmem(text->text.data, text->text.size, what, strlen(what)) != NULL;
}

/* Some templates do not write past calls at all: then the marker is what they tell the model. */
static void try_markers(struct chat *c, const struct template_text *asked)
{
	for (const struct toolcall_format *f = TOOLCALL_FORMATS; f->name && !c->calls; f++)
		if (has(asked, f->begin))
			c->calls = f;
}

static enum err find_format(struct chat *c, json_t *conversation, struct template_text asked[2],
			    struct template_text *called)
{
	json_t *call;

	TRY(render(c, &asked[0], conversation, true));
	TRY(render(c, &asked[1], conversation, false));
	if (!has(&asked[0], PROBE_NAME))
		return failure(ERR_UNSUPPORTED, "this model's chat template knows no tools");
	call = json_loads(CALL, 0, NULL);
	assert(call);
	json_array_append_new(json_object_get(conversation, "messages"), call);
	TRY(render(c, called, conversation, false));
	/* Behind the prompt for an answer; or, where that goes another way ("<think>"), behind what
	 * stands without one. */
	try_formats(c, added_text(&asked[0], called));
	try_formats(c, added_text(&asked[1], called));
	if (!has(called, PROBE_VALUE))
		try_markers(c, &asked[0]);
	if (!c->calls)
		return failure(ERR_UNSUPPORTED, "this model's chat template writes calls of tools "
						"in a form that is not known here");
	return OK;
}

void chat_probe_tools(struct chat *c)
{
	struct template_text asked[2] = {template_text_new(CHAT_MAX_RENDERED),
					 template_text_new(CHAT_MAX_RENDERED)};
	AUTO(template_text_free) struct template_text called = template_text_new(CHAT_MAX_RENDERED);
	AUTO(json_auto) json_t *conversation = json_loads(ASKED, 0, NULL);

	assert(conversation);
	if (find_format(c, conversation, asked, &called) != OK) {
		c->tools_refusal = strdup(failure_text());
		assert(c->tools_refusal);
	}
	template_text_free(&asked[0]);
	template_text_free(&asked[1]);
}
