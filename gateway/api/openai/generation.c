/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/openai/generation.h"

#include "gateway/api/openai/conversation.h"
#include "gateway/api/openai/generation_reading.h"

enum { PROMPT_SPARE_TOKENS = 8 /* that a tokenizer adds to a prompt */ };

/* A share of nothing: the likeliest alone, as OpenAI has it for a top_p of 0. */
static const float least_top_p = 1e-6F;

static enum err read_seed(struct reading *r)
{
	const json_t *seed = reading_member(r, "seed");

	if (!seed)
		return OK;
	if (!json_is_integer(seed))
		return reading_refuse(r, ERR_FORMAT, "seed", "'seed' must be an integer");
	r->out->has_seed = true;
	r->out->seed = (uint64_t)json_integer_value(seed);
	return OK;
}

/* vLLM writes -1 for "all". */
static enum err read_top_k(struct reading *r)
{
	const json_t *value = reading_member(r, "top_k");

	if (json_is_integer(value) && json_integer_value(value) == -1)
		return OK;
	return reading_count(r, "top_k", 0, 1 << 20, &r->out->top_k);
}

static enum err read_sampling(struct reading *r)
{
	struct generation *g = r->out;

	g->temperature = 1;
	g->top_p = 1;
	g->repetition_penalty = 1;
	TRY(reading_float(r, "temperature", 0, 2, &g->temperature));
	TRY(reading_float(r, "top_p", 0, 1, &g->top_p));
	if (g->top_p < least_top_p)
		g->top_p = least_top_p;
	TRY(read_top_k(r));
	TRY(reading_float(r, "min_p", 0, 1, &g->min_p));
	TRY(reading_float(r, "presence_penalty", -2, 2, &g->presence_penalty));
	TRY(reading_float(r, "frequency_penalty", -2, 2, &g->frequency_penalty));
	TRY(reading_float(r, "repetition_penalty", 0, 2, &g->repetition_penalty));
	if (!(g->repetition_penalty > 0))
		return reading_refuse(r, ERR_FORMAT, "repetition_penalty",
				      "'repetition_penalty' must be above 0");
	TRY(reading_flag(r, "deterministic", &g->deterministic));
	return read_seed(r);
}

static enum err add_stop(struct reading *r, const json_t *value)
{
	if (!json_is_string(value) || json_string_length(value) == 0 ||
	    json_string_length(value) > GENERATION_MAX_STOP_BYTES)
		return reading_refuse(r, ERR_FORMAT, "stop",
				      "'stop' must be strings of 1 to 256 bytes");
	r->out->stops[r->out->stop_count++] = reading_text(value);
	return OK;
}

static enum err read_stops(struct reading *r)
{
	const json_t *value = reading_member(r, "stop");

	if (!value)
		return OK;
	if (!json_is_array(value))
		return add_stop(r, value);
	if (json_array_size(value) > GENERATION_MAX_STOPS)
		return reading_refuse(r, ERR_FORMAT, "stop", "'stop' takes at most 4 strings");
	for (size_t i = 0; i < json_array_size(value); i++)
		TRY(add_stop(r, json_array_get(value, i)));
	return OK;
}

/* How special tokens are met, and which end the text. */
static enum err read_special(struct reading *r)
{
	const json_t *list = reading_member(r, "stop_token_ids");
	bool skips_special = true;
	struct slice ids;

	TRY(reading_flag(r, "ignore_eos", &r->out->ignores_end));
	TRY(reading_flag(r, "skip_special_tokens", &skips_special));
	r->out->shows_special = !skips_special;
	if (!list)
		return OK;
	if (!json_is_array(list) || json_array_size(list) > GENERATION_MAX_STOP_TOKENS)
		return reading_refuse(r, ERR_FORMAT, "stop_token_ids",
				      "'stop_token_ids' must be an array of at most 16 token ids");
	TRY(reading_tokens(r, "stop_token_ids", list, &ids)); /* each is one */
	for (size_t i = 0; i < json_array_size(list); i++)
		r->out->stop_tokens[i] = (uint32_t)json_integer_value(json_array_get(list, i));
	r->out->stop_token_count = json_array_size(list);
	return OK;
}

static enum err read_biases(struct reading *r)
{
	const json_t *value = reading_member(r, "logit_bias");
	const char *key;
	json_t *bias;

	if (!value)
		return OK;
	if (!json_is_object(value) || json_object_size(value) > GENERATION_MAX_BIASES)
		return reading_refuse(r, ERR_FORMAT, "logit_bias",
				      "'logit_bias' must be an object of at most 300 token ids");
	json_object_foreach((json_t *)(uintptr_t)value, key, bias)
	{
		uint64_t token;
		double number = json_number_value(bias);

		if (!slice_to_u64(slice_of_string(key), UINT32_MAX, &token) ||
		    !json_is_number(bias) || !(number >= -100 && number <= 100))
			return reading_refuse(
				r, ERR_FORMAT, "logit_bias",
				"'logit_bias' maps token ids to numbers from -100 to 100");
		r->out->biases[r->out->bias_count++] = (struct generation_bias){(uint32_t)token,
										(float)number};
	}
	return OK;
}

static enum err read_stream(struct reading *r)
{
	const json_t *options = reading_member(r, "stream_options");
	struct reading inner = {r->out, r->flaw, r->arena, options};
	bool obfuscation = false;

	TRY(reading_flag(r, "stream", &r->out->stream));
	if (!options)
		return OK;
	if (!json_is_object(options))
		return reading_refuse(r, ERR_FORMAT, "stream_options",
				      "'stream_options' must be an object");
	if (!r->out->stream)
		return reading_refuse(r, ERR_FORMAT, "stream_options",
				      "'stream_options' needs 'stream': true");
	TRY(reading_flag(&inner, "include_usage", &r->out->include_usage));
	TRY(reading_flag(&inner, "include_obfuscation", &obfuscation));
	if (obfuscation)
		return reading_refuse(r, ERR_UNSUPPORTED, "stream_options",
				      "'include_obfuscation' is not supported");
	return OK;
}

static enum err read_choices(struct reading *r)
{
	uint32_t best;

	r->out->n = 1;
	TRY(reading_count(r, "n", 1, GENERATION_MAX_CHOICES, &r->out->n));
	best = r->out->n;
	TRY(reading_count(r, "best_of", 1, GENERATION_MAX_CHOICES, &best));
	if (best != r->out->n)
		return reading_refuse(r, ERR_UNSUPPORTED, "best_of",
				      "'best_of' other than 'n' is not supported");
	return OK;
}

static enum err read_guided(struct reading *r)
{
	const char *param = NULL;
	enum err result = guided_read(&r->out->guided, &param, r->arena, r->body);

	if (result == OK)
		return OK;
	return reading_refuse(r, result, param,
			      arena_printf(r->arena, "'%s': %s", param, failure_text()));
}

static enum err read_common(struct reading *r)
{
	if (!json_is_object(r->body))
		return reading_refuse(r, ERR_FORMAT, NULL, "the body must be a JSON object");
	TRY(reading_model(r, &r->out->model));
	TRY(reading_check_parameters(r, r->out->chat));
	TRY(read_choices(r));
	TRY(read_sampling(r));
	TRY(read_stops(r));
	TRY(read_special(r));
	TRY(read_biases(r));
	TRY(read_guided(r));
	return read_stream(r);
}

static void set_prompts(struct reading *r, size_t count)
{
	r->out->prompts = arena_alloc(r->arena, count * sizeof *r->out->prompts);
	r->out->prompt_count = count;
}

static enum err read_messages(struct reading *r)
{
	set_prompts(r, 1);
	r->out->prompts[0].kind = WIRE_PROMPT_CHAT;
	return conversation_read(&r->out->prompts[0].text, r->flaw, r->arena, r->body);
}

/* No tokenizer makes more tokens of a text than it has bytes; a template may add some, and is
 * held to it. */
static uint32_t most_tokens_of(const struct generation_prompt *prompt)
{
	return (uint32_t)prompt->text.size +
	       (prompt->kind == WIRE_PROMPT_CHAT ? CONVERSATION_SPARE_TOKENS : PROMPT_SPARE_TOKENS);
}

enum err generation_read_chat(struct generation *out, struct generation_flaw *flaw,
			      struct arena *arena, const json_t *body)
{
	struct reading r = {out, flaw, arena, body};

	*out = (struct generation){.chat = true, .max_tokens = GENERATION_DEFAULT_TOKENS};
	TRY(read_common(&r));
	TRY(read_messages(&r));
	TRY(reading_count(&r, "max_tokens", 1, GENERATION_MAX_TOKENS, &out->max_tokens));
	TRY(reading_count(&r, "max_completion_tokens", 1, GENERATION_MAX_TOKENS, &out->max_tokens));
	out->is_default_tokens = !reading_member(&r, "max_tokens") &&
				 !reading_member(&r, "max_completion_tokens");
	TRY(reading_flag(&r, "logprobs", &out->logprobs));
	TRY(reading_count(&r, "top_logprobs", 0, GENERATION_MAX_LOGPROBS, &out->top_logprobs));
	if (out->top_logprobs && !out->logprobs)
		return reading_refuse(&r, ERR_FORMAT, "top_logprobs",
				      "'top_logprobs' needs 'logprobs': true");
	return OK;
}

/* A string, or an array of token ids. */
static enum err read_one_prompt(struct reading *r, struct generation_prompt *out,
				const json_t *prompt)
{
	if (json_is_string(prompt)) {
		if (json_string_length(prompt) > GENERATION_MAX_PROMPT)
			return reading_refuse(r, ERR_LIMIT, "prompt",
					      "the prompt is larger than 96 KiB");
		*out = (struct generation_prompt){WIRE_PROMPT_TEXT, reading_text(prompt)};
		return OK;
	}
	if (!json_is_array(prompt) || json_array_size(prompt) == 0)
		return reading_refuse(r, ERR_FORMAT, "prompt",
				      "'prompt' must be a string, an array of token ids, or an "
				      "array of either");
	out->kind = WIRE_PROMPT_TOKENS;
	return reading_tokens(r, "prompt", prompt, &out->text);
}

static enum err read_prompts(struct reading *r)
{
	const json_t *prompt = reading_member(r, "prompt");
	bool is_list = json_is_array(prompt) && json_array_size(prompt) > 0 &&
		       !json_is_integer(json_array_get(prompt, 0));
	size_t count = is_list ? json_array_size(prompt) : 1;

	if (count * r->out->n > GENERATION_MAX_CHOICES)
		return reading_refuse(
			r, ERR_FORMAT, "prompt",
			arena_printf(r->arena,
				     "%zu prompts with 'n' %u are more than %d choices: ask for "
				     "fewer at a time",
				     count, r->out->n, GENERATION_MAX_CHOICES));
	set_prompts(r, count);
	for (size_t i = 0; i < count; i++)
		TRY(read_one_prompt(r, &r->out->prompts[i],
				    is_list ? json_array_get(prompt, i) : prompt));
	return OK;
}

/* With an echo, and only then, nothing need be written. */
static enum err read_length(struct reading *r)
{
	struct generation *g = r->out;

	TRY(reading_flag(r, "echo", &g->echo));
	TRY(reading_count(r, "max_tokens", g->echo ? 0 : 1, GENERATION_MAX_TOKENS, &g->max_tokens));
	g->is_default_tokens = !reading_member(r, "max_tokens");
	g->is_only_read = g->max_tokens == 0;
	return OK;
}

enum err generation_read_completion(struct generation *out, struct generation_flaw *flaw,
				    struct arena *arena, const json_t *body)
{
	struct reading r = {out, flaw, arena, body};
	bool adds_special = true;

	*out = (struct generation){.max_tokens = 16};
	TRY(read_common(&r));
	TRY(read_prompts(&r));
	TRY(read_length(&r));
	TRY(reading_flag(&r, "add_special_tokens", &adds_special));
	out->is_bare = !adds_special;
	if (reading_member(&r, "logprobs")) {
		TRY(reading_count(&r, "logprobs", 0, GENERATION_MAX_LOGPROBS, &out->top_logprobs));
		out->logprobs = true;
	}
	return OK;
}

static void describe_lists(struct wire_engine_generate *out, const struct generation *g)
{
	out->stop_count = (uint16_t)g->stop_count;
	for (size_t i = 0; i < g->stop_count; i++)
		out->stops[i] = g->stops[i];
	out->stop_token_count = (uint16_t)g->stop_token_count;
	for (size_t i = 0; i < g->stop_token_count; i++)
		out->stop_tokens[i] = g->stop_tokens[i];
	out->bias_count = (uint16_t)g->bias_count;
	for (size_t i = 0; i < g->bias_count; i++)
		out->biases[i] = (struct wire_bias){g->biases[i].token, g->biases[i].bias};
}

void generation_describe(struct wire_engine_generate *out, const struct generation *g, size_t index)
{
	const struct generation_prompt *prompt = &g->prompts[index / g->n];

	*out = (struct wire_engine_generate){
		.max_tokens = g->max_tokens,
		.fits_context = g->is_default_tokens,
		.is_only_read = g->is_only_read,
		.temperature = g->temperature,
		.top_p = g->top_p,
		.top_k = g->top_k,
		.min_p = g->min_p,
		.presence_penalty = g->presence_penalty,
		.frequency_penalty = g->frequency_penalty,
		.repetition_penalty = g->repetition_penalty,
		.has_seed = g->has_seed,
		.seed = g->seed + index % g->n,
		.wants_logprobs = g->logprobs,
		.top_logprobs = (uint8_t)g->top_logprobs,
		.is_answer = g->chat,
		.grammar_kind = g->guided.kind,
		.grammar = g->guided.text,
		.is_fixed = g->deterministic,
		.is_bare = g->is_bare,
		.ignores_end = g->ignores_end,
		.shows_special = g->shows_special,
		.prompt_kind = prompt->kind,
		.prompt = prompt->text,
	};
	if (prompt->kind == WIRE_PROMPT_CHAT)
		out->max_prompt_tokens = most_tokens_of(prompt);
	if (g->echo)
		out->echo = g->logprobs ? WIRE_ECHO_TOKENS : WIRE_ECHO_TEXT;
	describe_lists(out, g);
}

uint64_t generation_most_tokens(const struct generation *g)
{
	uint64_t most = (uint64_t)g->n * g->prompt_count * g->max_tokens;

	for (size_t i = 0; i < g->prompt_count; i++)
		most += most_tokens_of(&g->prompts[i]);
	return most;
}
