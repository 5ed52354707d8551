/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/infer/internals_ask.h"

#include <string.h>

#include "gateway/api/openai/generation_reading.h"

enum { AROUND_A_TEXT = 8 /* tokens that a tokenizer adds */, MAX_POSITION = 1 << 20 };

struct asking {
	struct reading reading; /* its body is the object under way */
	struct internals_ask *out;
	const char *param; /* "read" or "logit_lens" */
};

static enum err refuse(struct asking *a, enum err kind, const char *message)
{
	return reading_refuse(&a->reading, kind, a->param, message);
}

/* Every member is one of these. */
static enum err check_members(struct asking *a, const json_t *object, const char *const *known)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		size_t i = 0;

		while (known[i] && strcmp(known[i], name) != 0)
			i++;
		if (known[i] || json_is_null(value))
			continue;
		a->param = a->param ? a->param
				    : arena_string(a->reading.arena, slice_of_string(name));
		if (strcmp(name, "patch") == 0)
			return refuse(a, ERR_FORMAT,
				      "'patch' is not offered: what is inside a model is read "
				      "here, never written");
		return refuse(
			a, ERR_FORMAT,
			arena_printf(a->reading.arena, "'%.64s' is not understood here", name));
	}
	return OK;
}

static bool is_position(const json_t *value)
{
	return json_is_integer(value) && json_integer_value(value) >= -MAX_POSITION &&
	       json_integer_value(value) < MAX_POSITION;
}

/* 3, -1, [2, 5] (2, 3 and 4), [-4, null] (the last four). */
static enum err read_range(struct asking *a, struct wire_look_range *out, const json_t *value)
{
	const json_t *first = value, *end = NULL;

	if (json_is_array(value) && json_array_size(value) == 2) {
		first = json_array_get(value, 0);
		end = json_array_get(value, 1);
	}
	if (!is_position(first) || (end && !json_is_null(end) && !is_position(end)))
		return refuse(a, ERR_FORMAT,
			      "'pos' must be \"all\", or a list of positions (-1: the last) and of "
			      "ranges [from, to], where `to` is not in it and null is the end");
	out->first = (uint32_t)(int32_t)json_integer_value(first);
	out->ends_text = end ? json_is_null(end) : json_integer_value(first) == -1;
	out->end = (uint32_t)(int32_t)(end ? json_integer_value(end)
					   : json_integer_value(first) + 1);
	if (out->ends_text)
		out->end = 0;
	return OK;
}

static enum err read_positions(struct asking *a, struct wire_look_ask *out)
{
	const json_t *pos = reading_member(&a->reading, "pos");
	size_t count = json_array_size(pos);

	if (!pos || (json_is_string(pos) && strcmp(json_string_value(pos), "all") == 0))
		return OK;
	if (json_is_integer(pos)) {
		out->range_count = 1;
		return read_range(a, &out->ranges[0], pos);
	}
	if (count == 0 || count > WIRE_MAX_LOOK_RANGES)
		return refuse(a, count ? ERR_LIMIT : ERR_FORMAT,
			      "'pos' must be \"all\", a position, or a list of 1 to 32 positions "
			      "and ranges");
	for (size_t i = 0; i < count; i++)
		TRY(read_range(a, &out->ranges[i], json_array_get(pos, i)));
	out->range_count = (uint16_t)count;
	return OK;
}

static enum err read_heads(struct asking *a, struct wire_look_ask *out)
{
	const json_t *heads = reading_member(&a->reading, "heads");
	size_t count = json_array_size(heads);

	if (!heads)
		return OK;
	if (count == 0 || count > WIRE_MAX_LOOK_HEADS)
		return refuse(a, ERR_FORMAT, "'heads' must be a list of 1 to 64 heads");
	for (size_t i = 0; i < count; i++) {
		const json_t *head = json_array_get(heads, i);

		if (!json_is_integer(head) || json_integer_value(head) < 0 ||
		    json_integer_value(head) > UINT16_MAX)
			return refuse(a, ERR_FORMAT, "'heads' must hold numbers from 0 on");
		out->heads[i] = (uint16_t)json_integer_value(head);
	}
	out->head_count = (uint16_t)count;
	return OK;
}

static enum err read_reduce(struct asking *a, struct wire_look_ask *out)
{
	static const char *const names[] = {"none", "mean", "norm"};
	const json_t *reduce = reading_member(&a->reading, "reduce");

	for (unsigned i = 0; reduce && i < WIRE_REDUCE_COUNT; i++) {
		if (!json_is_string(reduce) || strcmp(json_string_value(reduce), names[i]) != 0)
			continue;
		out->reduce = (enum wire_reduce)i;
		return OK;
	}
	return reduce ? refuse(a, ERR_FORMAT, "'reduce' must be none, mean or norm") : OK;
}

static enum err read_at(struct asking *a, struct wire_look_ask *out)
{
	const json_t *at = reading_member(&a->reading, "at");

	out->at = reading_text(at);
	if (json_is_string(at) && out->at.size > 0 && out->at.size <= WIRE_MAX_POINT)
		return OK;
	return refuse(a, ERR_FORMAT,
		      "'at' must name a point, as TransformerLens does: "
		      "\"blocks.0.hook_resid_post\"");
}

static enum err read_one(struct asking *a, struct wire_look_ask *out, const json_t *object)
{
	static const char *const read[] = {"at", "pos", "heads", "reduce", NULL};
	static const char *const lens[] = {"at", "pos", "top_k", NULL};
	bool is_lens = strcmp(a->param, "logit_lens") == 0;

	if (!json_is_object(object))
		return refuse(
			a, ERR_FORMAT,
			arena_printf(a->reading.arena, "'%s' must be a list of objects", a->param));
	a->reading.body = object;
	TRY(check_members(a, object, is_lens ? lens : read));
	TRY(read_at(a, out));
	TRY(read_positions(a, out));
	out->top = is_lens ? 10 : 0;
	if (is_lens)
		return reading_count(&a->reading, "top_k", 1, INTERNALS_MAX_TOP, &out->top);
	TRY(read_heads(a, out));
	return read_reduce(a, out);
}

/* "[0,5:9,-4:]{0,2}.norm" */
static const char *name_of(struct arena *arena, const struct wire_look_ask *ask)
{
	static const char *const reduced[] = {"", ".mean", ".norm"};
	AUTO(buf_free) struct buf name = buf_new(4096);

	buf_printf(&name, "%s%.*s", ask->top ? "logit_lens." : "", SLICE_PRINT(ask->at));
	for (unsigned i = 0; i < ask->range_count; i++) {
		const struct wire_look_range *r = &ask->ranges[i];
		int first = (int)r->first, end = (int)r->end;

		buf_printf(&name, "%c%d", i ? ',' : '[', first);
		if (r->ends_text && first != -1)
			buf_printf(&name, ":");
		else if (!r->ends_text && end != first + 1)
			buf_printf(&name, ":%d", end);
	}
	buf_printf(&name, "%s", ask->range_count ? "]" : "");
	for (unsigned i = 0; i < ask->head_count; i++)
		buf_printf(&name, "%c%u", i ? ',' : '{', ask->heads[i]);
	buf_printf(&name, "%s%s", ask->head_count ? "}" : "", reduced[ask->reduce]);
	return arena_string(arena, buf_slice(&name));
}

static enum err read_list(struct asking *a, const json_t *body, const char *param)
{
	struct wire_engine_look *look = &a->out->look;
	const json_t *list = json_object_get(body, param);

	a->param = param;
	if (!list || json_is_null(list))
		return OK;
	if (!json_is_array(list))
		return refuse(a, ERR_FORMAT,
			      arena_printf(a->reading.arena, "'%s' must be a list", param));
	if (json_array_size(list) + look->count > WIRE_MAX_LOOKS)
		return refuse(a, ERR_LIMIT, "at most 64 reads and lenses can be in one call");
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct wire_look_ask *ask = &look->asks[look->count];

		TRY(read_one(a, ask, json_array_get(list, i)));
		a->out->names[look->count] = name_of(a->reading.arena, ask);
		for (unsigned k = 0; k < look->count; k++)
			if (strcmp(a->out->names[k], a->out->names[look->count]) == 0)
				return refuse(a, ERR_FORMAT,
					      arena_printf(a->reading.arena,
							   "%s is asked for twice",
							   a->out->names[k]));
		look->count++;
	}
	return OK;
}

static enum err read_input(struct asking *a)
{
	const json_t *input = reading_member(&a->reading, "input");
	struct wire_input *out = &a->out->look.input;

	a->param = "input";
	out->is_text = json_is_string(input);
	if (out->is_text)
		out->bytes = reading_text(input);
	else if (json_array_size(input) > 0)
		TRY(reading_tokens(&a->reading, "input", input, &out->bytes));
	if (out->bytes.size == 0)
		return refuse(a, ERR_FORMAT, "'input' must be a text or a list of token ids");
	if (out->bytes.size > WIRE_MAX_LOOK_INPUT)
		return refuse(a, ERR_LIMIT, "'input' is larger than 64 KiB");
	a->out->most_tokens = out->is_text ? out->bytes.size + AROUND_A_TEXT : out->bytes.size / 4;
	return OK;
}

/* Is it the first of the two, or absent, or the second? */
static enum err read_choice(struct asking *a, const char *name, const char *usual,
			    const char *other, bool *is_other)
{
	const json_t *value = reading_member(&a->reading, name);
	const char *text = json_is_string(value) ? json_string_value(value) : "";

	a->param = name;
	*is_other = strcmp(text, other) == 0;
	if (!value || *is_other || strcmp(text, usual) == 0)
		return OK;
	return refuse(a, ERR_FORMAT,
		      arena_printf(a->reading.arena, "'%s' must be %s or %s", name, usual, other));
}

enum err internals_ask_read(struct internals_ask *out, struct generation_flaw *flaw,
			    struct arena *arena, const json_t *body)
{
	static const char *const known[] = {"model",     "input",  "read", "logit_lens",
					    "precision", "format", "user", NULL};
	struct asking a = {.reading = {.flaw = flaw, .arena = arena, .body = body}, .out = out};
	bool is_half;

	memset(out, 0, sizeof *out);
	if (!json_is_object(body))
		return reading_refuse(&a.reading, ERR_FORMAT, "model",
				      "the body must be a JSON object");
	TRY(check_members(&a, body, known));
	TRY(reading_model(&a.reading, &out->model));
	TRY(read_input(&a));
	TRY(read_choice(&a, "precision", "float32", "float16", &is_half));
	out->precision = is_half ? INTERNALS_FLOAT16 : INTERNALS_FLOAT32;
	TRY(read_choice(&a, "format", "json", "safetensors", &out->is_safetensors));
	TRY(read_list(&a, body, "read"));
	out->look.reads = out->look.count;
	TRY(read_list(&a, body, "logit_lens"));
	if (out->look.count == 0)
		return reading_refuse(&a.reading, ERR_FORMAT, "read",
				      "'read' or 'logit_lens' must say what is to be read");
	return OK;
}

static int64_t from_end(uint32_t position, uint32_t tokens)
{
	int64_t p = (int32_t)position;

	p = p < 0 ? p + tokens : p;
	return p < 0 ? 0 : p > tokens ? tokens : p;
}

const uint32_t *internals_positions(size_t *count, struct arena *arena,
				    const struct wire_look_ask *ask, uint32_t tokens)
{
	uint32_t *list = arena_alloc(arena, (tokens + 1) * sizeof *list);

	*count = 0;
	for (uint32_t i = 0; ask->range_count == 0 && i < tokens; i++)
		list[(*count)++] = i;
	for (unsigned i = 0; i < ask->range_count; i++) {
		const struct wire_look_range *r = &ask->ranges[i];
		int64_t end = r->ends_text ? tokens : from_end(r->end, tokens);

		for (int64_t p = from_end(r->first, tokens); p < end && *count < tokens; p++)
			list[(*count)++] = (uint32_t)p;
	}
	return list;
}
