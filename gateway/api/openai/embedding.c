/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/openai/embedding.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/text.h"

enum { AROUND_A_TEXT = 8, /* tokens that a tokenizer adds */ FLOAT_CHARACTERS = 14 };

struct reading {
	struct embedding *out;
	struct generation_flaw *flaw;
	struct arena *arena;
	const json_t *body;
};

static enum err refuse(struct reading *r, enum err kind, const char *param, const char *message)
{
	*r->flaw = (struct generation_flaw){.param = param, .message = message};
	return failure(kind, "%s", message);
}

/* The member, or NULL if it is absent or null (which mean the same to OpenAI's clients). */
static const json_t *member(const struct reading *r, const char *name)
{
	const json_t *value = json_object_get(r->body, name);

	return json_is_null(value) ? NULL : value;
}

static enum err read_text(struct reading *r, struct embedding_input *out, const json_t *value)
{
	*out = (struct embedding_input){
		true, slice_of(json_string_value(value), json_string_length(value))};
	if (out->bytes.size == 0)
		return refuse(r, ERR_FORMAT, "input", "an input may not be an empty string");
	if (out->bytes.size > EMBEDDING_MAX_INPUT)
		return refuse(r, ERR_LIMIT, "input", "an input is larger than 96 KiB");
	r->out->most_tokens += out->bytes.size + AROUND_A_TEXT;
	return OK;
}

static enum err read_ids(struct reading *r, struct embedding_input *out, const json_t *list)
{
	size_t count = json_array_size(list);
	uint8_t *bytes;

	if (count == 0)
		return refuse(r, ERR_FORMAT, "input", "an input may not be an empty array");
	if (count > EMBEDDING_MAX_INPUT / 4)
		return refuse(r, ERR_LIMIT, "input", "an input has more than 24576 tokens");
	bytes = arena_alloc(r->arena, count * 4);
	*out = (struct embedding_input){false, slice_of(bytes, count * 4)};
	for (size_t i = 0; i < count; i++) {
		const json_t *id = json_array_get(list, i);
		json_int_t number = json_integer_value(id);

		if (!json_is_integer(id) || number < 0 || number > UINT32_MAX)
			return refuse(r, ERR_FORMAT, "input", "a token id is not an integer");
		for (size_t k = 0; k < 4; k++)
			*bytes++ = (uint8_t)(number >> (24 - 8 * k));
	}
	r->out->most_tokens += count;
	return OK;
}

static enum err read_one(struct reading *r, struct embedding_input *out, const json_t *value)
{
	if (json_is_string(value))
		return read_text(r, out, value);
	if (json_is_array(value))
		return read_ids(r, out, value);
	return refuse(r, ERR_FORMAT, "input",
		      "'input' must be a string, an array of token ids, or an array of either");
}

static enum err read_inputs(struct reading *r)
{
	const json_t *input = member(r, "input");
	bool is_list = json_is_array(input) && !json_is_integer(json_array_get(input, 0));
	size_t count = is_list ? json_array_size(input) : 1;
	struct embedding_input *inputs;

	if (!input)
		return refuse(r, ERR_FORMAT, "input", "'input' is missing: what is to be embedded");
	if (count == 0 || count > EMBEDDING_MAX_INPUTS)
		return refuse(r, ERR_FORMAT, "input", "'input' must have 1 to 2048 elements");
	inputs = arena_alloc(r->arena, count * sizeof *inputs);
	r->out->inputs = inputs;
	r->out->count = count;
	for (size_t i = 0; i < count; i++)
		TRY(read_one(r, &inputs[i], is_list ? json_array_get(input, i) : input));
	return OK;
}

static enum err read_encoding(struct reading *r)
{
	const json_t *format = member(r, "encoding_format");
	const char *name = json_string_value(format);

	r->out->base64 = name && strcmp(name, "base64") == 0;
	if (format && !r->out->base64 && (!name || strcmp(name, "float") != 0))
		return refuse(r, ERR_FORMAT, "encoding_format",
			      "'encoding_format' must be \"float\" or \"base64\"");
	return OK;
}

static enum err read_length(struct reading *r)
{
	const json_t *normalize = member(r, "normalize");

	if (!normalize)
		return OK;
	if (!json_is_boolean(normalize))
		return refuse(r, ERR_FORMAT, "normalize", "'normalize' must be true or false");
	r->out->length = json_is_true(normalize) ? EMBEDDING_LENGTH_ONE : EMBEDDING_LENGTH_AS_IS;
	return OK;
}

static enum err read_sizes(struct reading *r)
{
	const json_t *dimensions = member(r, "dimensions");
	const json_t *truncate = member(r, "truncate_prompt_tokens");
	json_int_t most = json_integer_value(truncate);

	if (dimensions && (!json_is_integer(dimensions) || json_integer_value(dimensions) < 1 ||
			   json_integer_value(dimensions) > EMBEDDING_MAX_DIMENSIONS))
		return refuse(r, ERR_FORMAT, "dimensions",
			      "'dimensions' must be an integer of at least 1");
	r->out->dimensions = (uint32_t)json_integer_value(dimensions);
	if (!truncate)
		return OK;
	if (!json_is_integer(truncate) || most < -1 || most == 0 || most > UINT32_MAX)
		return refuse(
			r, ERR_FORMAT, "truncate_prompt_tokens",
			"'truncate_prompt_tokens' must be an integer of at least 1, or -1 for "
			"the model's limit");
	r->out->truncates = true;
	r->out->truncate = most > 0 ? (uint32_t)most : 0;
	return OK;
}

enum err embedding_read(struct embedding *out, struct generation_flaw *flaw, struct arena *arena,
			const json_t *body)
{
	struct reading r = {out, flaw, arena, body};
	const json_t *model = member(&r, "model");
	const json_t *user = member(&r, "user");

	*out = (struct embedding){0};
	if (!json_is_string(model) || json_string_length(model) == 0)
		return refuse(&r, ERR_FORMAT, "model", "'model' is missing: name the model to use");
	if (user && !json_is_string(user))
		return refuse(&r, ERR_FORMAT, "user", "'user' must be a string");
	out->model = slice_of(json_string_value(model), json_string_length(model));
	TRY(read_inputs(&r));
	TRY(read_encoding(&r));
	TRY(read_length(&r));
	return read_sizes(&r);
}

size_t embedding_share(const struct embedding *e, size_t first, size_t most, size_t room,
		       size_t around)
{
	size_t size = 0, count = 0;

	while (first + count < e->count && count < most) {
		size += e->inputs[first + count].bytes.size + around;
		if (count > 0 && size > room)
			break;
		count++;
	}
	return count;
}

size_t embedding_answer_size(const struct embedding *e, size_t width)
{
	size_t vector = e->base64 ? (width * 4 + 2) / 3 * 4 : width * FLOAT_CHARACTERS;

	return e->count *
	       (vector + sizeof "{\"object\":\"embedding\",\"index\":2047,\"embedding\":\"\"},");
}

/* Little endian, as OpenAI's clients read them. */
static void write_base64(struct buf *out, const float *values, size_t width)
{
	AUTO(buf_free) struct buf bytes = buf_new(width * sizeof *values);

	for (size_t i = 0; i < width; i++) {
		uint32_t bits;

		memcpy(&bits, &values[i], sizeof bits);
		for (size_t k = 0; k < sizeof bits; k++)
			buf_write_u8(&bytes, (uint8_t)(bits >> 8 * k));
	}
	buf_write(out, S("\""));
	text_write_base64(out, buf_slice(&bytes), TEXT_BASE64);
	buf_write(out, S("\""));
}

/* Nine digits are enough to read the same float back. */
static void write_floats(struct buf *out, const float *values, size_t width)
{
	for (size_t i = 0; i < width; i++)
		buf_printf(out, "%c%.9g", i ? ',' : '[', (double)values[i]);
	buf_write(out, S("]"));
}

static void write_model(struct buf *out, struct slice model)
{
	json_t *name = json_stringn((const char *)model.data, model.size);
	char *text = json_dumps(name, JSON_ENCODE_ANY);

	buf_write_string(out, text ? text : "\"\"");
	free(text);
	json_decref(name);
}

enum err embedding_write(struct buf *out, const struct embedding *e, const float *values,
			 size_t width, uint64_t tokens)
{
	for (size_t i = 0; i < e->count * width; i++)
		if (!isfinite(values[i]))
			return failure(ERR_INTERNAL, "the model gave a value that is no number");
	buf_write(out, S("{\"object\":\"list\",\"data\":["));
	for (size_t i = 0; i < e->count; i++) {
		buf_printf(out,
			   "%s{\"object\":\"embedding\",\"index\":%zu,\"embedding\":", i ? "," : "",
			   i);
		if (e->base64)
			write_base64(out, values + i * width, width);
		else
			write_floats(out, values + i * width, width);
		buf_write(out, S("}"));
	}
	buf_write(out, S("],\"model\":"));
	write_model(out, e->model);
	buf_printf(out, ",\"usage\":{\"prompt_tokens\":%llu,\"total_tokens\":%llu}}",
		   (unsigned long long)tokens, (unsigned long long)tokens);
	return buf_done(out);
}
