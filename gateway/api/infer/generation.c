/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/infer/generation.h"

#include <math.h>
#include <stdarg.h>

/* What is being read: where a refusal is to be noted, and memory for its text. */
struct reading {
	struct generation *out;
	struct generation_flaw *flaw;
	struct arena *arena;
	const json_t *body;
};

static enum err refuse(struct reading *r, enum err kind, const char *param, const char *message)
{
	r->flaw->param = param;
	r->flaw->message = message;
	return failure(kind, "%s", message);
}

/* The member, or NULL if it is absent or null (which mean the same to OpenAI's clients). */
static const json_t *member(const struct reading *r, const char *name)
{
	const json_t *value = json_object_get(r->body, name);

	return json_is_null(value) ? NULL : value;
}

static enum err read_number(struct reading *r, const char *name, double low, double high,
			    double *out)
{
	const json_t *value = member(r, name);
	double number;

	if (!value)
		return OK;
	number = json_number_value(value);
	if (!json_is_number(value) || !isfinite(number) || number < low || number > high)
		return refuse(r, ERR_FORMAT, name,
			      arena_printf(r->arena, "'%s' must be a number from %g to %g", name,
					   low, high));
	*out = number;
	return OK;
}

static enum err read_count(struct reading *r, const char *name, json_int_t low, json_int_t high,
			   uint32_t *out)
{
	const json_t *value = member(r, name);

	if (!value)
		return OK;
	if (!json_is_integer(value) || json_integer_value(value) < low ||
	    json_integer_value(value) > high)
		return refuse(r, ERR_FORMAT, name,
			      arena_printf(r->arena, "'%s' must be an integer from %lld to %lld",
					   name, (long long)low, (long long)high));
	*out = (uint32_t)json_integer_value(value);
	return OK;
}

static enum err read_flag(struct reading *r, const char *name, bool *out)
{
	const json_t *value = member(r, name);

	if (!value)
		return OK;
	if (!json_is_boolean(value))
		return refuse(r, ERR_FORMAT, name,
			      arena_printf(r->arena, "'%s' must be true or false", name));
	*out = json_is_true(value);
	return OK;
}

static struct slice text_of(const json_t *value)
{
	return slice_of(json_string_value(value), json_string_length(value));
}

static enum err read_model(struct reading *r)
{
	const json_t *value = member(r, "model");

	if (!json_is_string(value) || json_string_length(value) == 0)
		return refuse(r, ERR_FORMAT, "model", "'model' is missing: name the model to use");
	r->out->model = text_of(value);
	return OK;
}

static enum err read_sampling(struct reading *r)
{
	double temperature = 1, top_p = 1;

	TRY(read_number(r, "temperature", 0, 2, &temperature));
	TRY(read_number(r, "top_p", 0, 1, &top_p));
	TRY(read_count(r, "top_k", 0, 1 << 20, &r->out->top_k));
	r->out->temperature = (float)temperature;
	r->out->top_p = (float)top_p;
	if (member(r, "seed")) {
		if (!json_is_integer(member(r, "seed")))
			return refuse(r, ERR_FORMAT, "seed", "'seed' must be an integer");
		r->out->has_seed = true;
		r->out->seed = (uint64_t)json_integer_value(member(r, "seed"));
	}
	return OK;
}

static enum err add_stop(struct reading *r, const json_t *value)
{
	if (!json_is_string(value) || json_string_length(value) == 0 ||
	    json_string_length(value) > GENERATION_MAX_STOP_BYTES)
		return refuse(r, ERR_FORMAT, "stop", "'stop' must be strings of 1 to 256 bytes");
	r->out->stops[r->out->stop_count++] = text_of(value);
	return OK;
}

static enum err read_stops(struct reading *r)
{
	const json_t *value = member(r, "stop");

	if (!value)
		return OK;
	if (!json_is_array(value))
		return add_stop(r, value);
	if (json_array_size(value) > GENERATION_MAX_STOPS)
		return refuse(r, ERR_FORMAT, "stop", "'stop' takes at most 4 strings");
	for (size_t i = 0; i < json_array_size(value); i++)
		TRY(add_stop(r, json_array_get(value, i)));
	return OK;
}

static enum err read_biases(struct reading *r)
{
	const json_t *value = member(r, "logit_bias");
	const char *key;
	json_t *bias;

	if (!value)
		return OK;
	if (!json_is_object(value) || json_object_size(value) > GENERATION_MAX_BIASES)
		return refuse(r, ERR_FORMAT, "logit_bias",
			      "'logit_bias' must be an object of at most 300 token ids");
	json_object_foreach((json_t *)(uintptr_t)value, key, bias)
	{
		uint64_t token;
		double number = json_number_value(bias);

		if (!slice_to_u64(slice_of_string(key), UINT32_MAX, &token) ||
		    !json_is_number(bias) || !(number >= -100 && number <= 100))
			return refuse(r, ERR_FORMAT, "logit_bias",
				      "'logit_bias' maps token ids to numbers from -100 to 100");
		r->out->biases[r->out->bias_count++] = (struct generation_bias){(uint32_t)token,
										(float)number};
	}
	return OK;
}

static enum err read_stream(struct reading *r)
{
	const json_t *options = member(r, "stream_options");

	TRY(read_flag(r, "stream", &r->out->stream));
	if (!options)
		return OK;
	if (!json_is_object(options))
		return refuse(r, ERR_FORMAT, "stream_options",
			      "'stream_options' must be an object");
	r->out->include_usage = json_is_true(json_object_get(options, "include_usage"));
	return OK;
}

/* Parameters that would change the answer and that this engine does not have yet: to ignore one
 * would be to answer another question than was asked. */
static enum err refuse_unsupported(struct reading *r)
{
	static const char *const numbers[] = {"frequency_penalty", "presence_penalty", "min_p"};
	static const char *const absent[] = {"tools", "functions", "suffix", "best_of", "echo"};
	const json_t *format = member(r, "response_format");
	uint32_t n = 1;

	TRY(read_count(r, "n", 1, 128, &n));
	if (n != 1)
		return refuse(r, ERR_UNSUPPORTED, "n", "'n' other than 1 is not supported");
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
		double value = 0;

		TRY(read_number(r, numbers[i], -2, 2, &value));
		if (fpclassify(value) != FP_ZERO)
			return refuse(r, ERR_UNSUPPORTED, numbers[i],
				      arena_printf(r->arena, "'%s' is not supported", numbers[i]));
	}
	for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
		const json_t *value = member(r, absent[i]);

		if (value && !json_is_false(value) &&
		    !(json_is_array(value) && !json_array_size(value)) &&
		    !(json_is_integer(value) && json_integer_value(value) == 1))
			return refuse(r, ERR_UNSUPPORTED, absent[i],
				      arena_printf(r->arena, "'%s' is not supported", absent[i]));
	}
	if (format && !slice_equal(text_of(json_object_get(format, "type")), S("text")))
		return refuse(r, ERR_UNSUPPORTED, "response_format",
			      "'response_format' other than text is not supported");
	return OK;
}

static enum err read_common(struct reading *r)
{
	if (!json_is_object(r->body))
		return refuse(r, ERR_FORMAT, NULL, "the body must be a JSON object");
	TRY(read_model(r));
	TRY(read_sampling(r));
	TRY(read_stops(r));
	TRY(read_biases(r));
	TRY(read_stream(r));
	return refuse_unsupported(r);
}

/* A message's content is a string, or an array of parts of type text. */
static enum err write_content(struct reading *r, struct buf *joined, const json_t *content)
{
	if (json_is_string(content)) {
		buf_write(joined, text_of(content));
		return OK;
	}
	if (!json_is_array(content) || json_array_size(content) == 0)
		return refuse(r, ERR_FORMAT, "messages", "a message's 'content' must be text");
	for (size_t i = 0; i < json_array_size(content); i++) {
		const json_t *part = json_array_get(content, i);
		const json_t *text = json_object_get(part, "text");

		if (!slice_equal(text_of(json_object_get(part, "type")), S("text")) ||
		    !json_is_string(text))
			return refuse(r, ERR_UNSUPPORTED, "messages",
				      "only parts of type 'text' are supported in a message");
		buf_write(joined, text_of(text));
	}
	return OK;
}

static enum err read_messages(struct reading *r)
{
	const json_t *messages = member(r, "messages");
	AUTO(buf_free) struct buf joined = buf_new(GENERATION_MAX_PROMPT);

	if (!json_is_array(messages) || json_array_size(messages) == 0)
		return refuse(r, ERR_FORMAT, "messages", "'messages' must be a non-empty array");
	for (size_t i = 0; i < json_array_size(messages); i++) {
		const json_t *message = json_array_get(messages, i);

		if (!json_is_string(json_object_get(message, "role")))
			return refuse(r, ERR_FORMAT, "messages", "a message has no 'role'");
		TRY(write_content(r, &joined, json_object_get(message, "content")));
		buf_write(&joined, S("\n"));
	}
	if (buf_done(&joined) != OK)
		return refuse(r, ERR_LIMIT, "messages", "the messages are larger than 96 KiB");
	r->out->prompt = arena_copy(r->arena, buf_slice(&joined));
	return OK;
}

enum err generation_read_chat(struct generation *out, struct generation_flaw *flaw,
			      struct arena *arena, const json_t *body)
{
	struct reading r = {out, flaw, arena, body};

	*out = (struct generation){.chat = true, .max_tokens = GENERATION_DEFAULT_TOKENS};
	TRY(read_common(&r));
	TRY(read_messages(&r));
	TRY(read_count(&r, "max_tokens", 1, GENERATION_MAX_TOKENS, &out->max_tokens));
	TRY(read_count(&r, "max_completion_tokens", 1, GENERATION_MAX_TOKENS, &out->max_tokens));
	TRY(read_flag(&r, "logprobs", &out->logprobs));
	TRY(read_count(&r, "top_logprobs", 0, GENERATION_MAX_LOGPROBS, &out->top_logprobs));
	if (out->top_logprobs && !out->logprobs)
		return refuse(&r, ERR_FORMAT, "top_logprobs",
			      "'top_logprobs' needs 'logprobs': true");
	return OK;
}

/* A prompt is a string, or an array with one string. */
static enum err read_prompt(struct reading *r)
{
	const json_t *prompt = member(r, "prompt");

	if (json_is_array(prompt) && json_array_size(prompt) == 1)
		prompt = json_array_get(prompt, 0);
	if (!json_is_string(prompt))
		return refuse(r, ERR_FORMAT, "prompt", "'prompt' must be one string");
	if (json_string_length(prompt) > GENERATION_MAX_PROMPT)
		return refuse(r, ERR_LIMIT, "prompt", "the prompt is larger than 96 KiB");
	r->out->prompt = text_of(prompt);
	return OK;
}

enum err generation_read_completion(struct generation *out, struct generation_flaw *flaw,
				    struct arena *arena, const json_t *body)
{
	struct reading r = {out, flaw, arena, body};

	*out = (struct generation){.max_tokens = 16};
	TRY(read_common(&r));
	TRY(read_prompt(&r));
	TRY(read_count(&r, "max_tokens", 1, GENERATION_MAX_TOKENS, &out->max_tokens));
	if (member(&r, "logprobs")) {
		TRY(read_count(&r, "logprobs", 0, GENERATION_MAX_LOGPROBS, &out->top_logprobs));
		out->logprobs = true;
	}
	return OK;
}
