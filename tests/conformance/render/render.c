/* SPDX-License-Identifier: Apache-2.0 */
/*
 * render: our chat templates for tests in other languages. Each line of the input is
 * {"template":text,"context":{...}}, answered by the rendered text as JSON; what is refused is
 * answered by {"error": ...}.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "inference/format/json.h"
#include "inference/template/template.h"

enum { MAX_TEXT = 16 << 20 };

static void print_json(json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	assert(text);
	puts(text);
	free(text);
	json_decref(value);
}

static enum err render(struct template_text *out, const json_t *ask)
{
	AUTO(template_auto) struct template *t = NULL;
	const json_t *text = json_object_get(ask, "template");

	TRY(template_parse(&t, slice_of(json_string_value(text), json_string_length(text))));
	return template_render(
		out, t, &(struct template_context){.client = json_object_get(ask, "context")});
}

static void answer(struct slice line)
{
	AUTO(template_text_free) struct template_text out = template_text_new(MAX_TEXT);
	AUTO(json_auto) json_t *ask = NULL;

	if (json_read_object(&ask, line, "line") != OK || render(&out, ask) != OK)
		print_json(json_pack("{s:s}", "error", failure_text()));
	else
		print_json(json_stringn(buf_string(&out.text), out.text.size));
}

int main(void)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t size;

	while ((size = getline(&line, &room, stdin)) > 0)
		answer(slice_of(line, (size_t)size));
	free(line);
	return 0;
}
