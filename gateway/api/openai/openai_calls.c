/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/openai/openai_calls.h"

#include "crypto/json.h"
#include "crypto/random.h"

enum { MAX_ARGUMENTS = 8 << 20, ID_LETTERS = 9 };

void openai_calls_clear(struct openai_calls *c)
{
	json_free(c->list);
	buf_free(&c->arguments);
	*c = (struct openai_calls){0};
}

/* Nine letters and digits: some templates insist on that when the call comes back. 32 signs of
 * each byte's five bits: no sign is likelier than another. */
static json_t *new_id(void)
{
	static const char SIGNS[] = "abcdefghijkmnpqrstuvwxyz23456789";
	uint8_t bytes[ID_LETTERS];
	char id[ID_LETTERS];

	random_bytes(bytes, sizeof bytes);
	for (size_t i = 0; i < ID_LETTERS; i++)
		id[i] = SIGNS[bytes[i] & 31];
	return json_stringn(id, sizeof id);
}

static json_t *describe(const struct wire_engine_delta *delta)
{
	json_t *call = json_object_new(), *function = json_object_new();

	if (delta->part == WIRE_PART_NAME) {
		json_put(call, "id", new_id());
		json_put_text(call, "type", S("function"));
		json_put_text(function, "name", delta->text);
		json_put_text(function, "arguments", S(""));
	} else {
		json_put_text(function, "arguments", delta->text);
	}
	json_put(call, "function", function);
	return call;
}

static void close_last(struct openai_calls *c)
{
	size_t count = json_array_size(c->list);
	json_t *last = count ? json_array_get(c->list, count - 1) : NULL;

	if (last)
		json_put_text(json_object_get(last, "function"), "arguments",
			      buf_slice(&c->arguments));
	buf_reset(&c->arguments);
}

enum err openai_calls_take(struct openai_calls *c, const struct wire_engine_delta *delta)
{
	if (delta->part == WIRE_PART_NAME) {
		if (!c->list) {
			c->list = json_array_new();
			c->arguments = buf_new(MAX_ARGUMENTS);
		}
		close_last(c);
		json_push(c->list, describe(delta));
	} else if (c->list) {
		buf_write(&c->arguments, delta->text);
	}
	return buf_done(&c->arguments);
}

json_t *openai_calls_finish(struct openai_calls *c)
{
	json_t *list = c->list;

	close_last(c);
	c->list = NULL;
	openai_calls_clear(c);
	return list;
}

json_t *openai_calls_chunk(const struct wire_engine_delta *delta)
{
	json_t *outer = json_object_new(), *list = json_array_new(), *call = describe(delta);

	json_put_int(call, "index", delta->call);
	json_push(list, call);
	json_put(outer, "tool_calls", list);
	return outer;
}
