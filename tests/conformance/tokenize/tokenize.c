/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tokenize [--plain] FOLDER: our tokenizer of a model's folder for tests in other languages. Each
 * line of the input is a text as JSON, answered by its ids; or a list of ids, answered by its text;
 * what is refused is answered by {"error": ...}. FOLDER may be a .gguf file. --plain: special
 * tokens written out in a text are plain text.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "inference/format/json.h"
#include "tests/conformance/tokenize/open.h"

static void print_json(json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	assert(text);
	puts(text);
	free(text);
	json_decref(value);
}

static void print_failure(void)
{
	print_json(json_pack("{s:s}", "error", failure_text()));
}

typedef enum err encode_fn(const struct tokenizer *t, struct token_list *out, struct slice text);

static void answer_text(const struct tokenizer *t, encode_fn *encode, const json_t *text)
{
	AUTO(token_list_free) struct token_list list = {0};
	json_t *ids = json_array();

	if (encode(t, &list, slice_of(json_string_value(text), json_string_length(text))) != OK) {
		json_decref(ids);
		print_failure();
		return;
	}
	for (size_t i = 0; i < list.count; i++)
		json_array_append_new(ids, json_integer(list.ids[i]));
	print_json(ids);
}

static void answer_ids(const struct tokenizer *t, const json_t *ids)
{
	AUTO(buf_free) struct buf text = buf_new(64 << 20);
	size_t count = json_array_size(ids);
	uint32_t *list = calloc(count + 1, sizeof *list);

	assert(list);
	for (size_t i = 0; i < count; i++)
		list[i] = (uint32_t)json_integer_value(json_array_get(ids, i));
	if (tokenizer_decode(t, &text, list, count) == OK)
		print_json(json_stringn(buf_string(&text), text.size));
	else
		print_failure();
	free(list);
}

int main(int argc, char **argv)
{
	AUTO(tokenizer_auto) struct tokenizer *t = NULL;
	bool plain = argc > 1 && strcmp(argv[1], "--plain") == 0;
	char *line = NULL;
	size_t room = 0;

	if (argc != 2 + plain) {
		fputs("usage: tokenize [--plain] FOLDER|FILE.gguf\n", stderr);
		return 2;
	}
	if (open_any(&t, argv[1 + plain]) != OK) {
		fprintf(stderr, "tokenize: %s\n", failure_text());
		return 1;
	}
	while (getline(&line, &room, stdin) > 0) {
		AUTO(json_auto)
		json_t *value = json_loads(line, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

		if (json_is_array(value))
			answer_ids(t, value);
		else
			answer_text(t, plain ? tokenizer_encode_plain : tokenizer_encode, value);
	}
	free(line);
	return 0;
}
