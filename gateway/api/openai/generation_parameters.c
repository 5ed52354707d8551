/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parameters of /v1/chat/completions and /v1/completions. One that would change the answer and
 * is not understood is refused by its name: to ignore it would be to answer another question than
 * was asked. README.md shows this table to its users.
 */
#include "gateway/api/openai/generation_reading.h"

enum { CHAT = 1, PLAIN = 2, BOTH = CHAT | PLAIN };

enum use {
	READ,    /* understood */
	IGNORED, /* for OpenAI's own books: changes no answer */
	REFUSED, /* unless it has a value that means nothing */
};

struct parameter {
	const char *name;
	unsigned routes;
	enum use use;
	const char *nothing[2]; /* values of REFUSED that mean nothing, as JSON */
};

/* clang-format off */
static const struct parameter parameters[] = {
	{"model",                        BOTH,  READ,    {0}},
	{"messages",                     CHAT,  READ,    {0}},
	{"prompt",                       PLAIN, READ,    {0}},
	{"max_tokens",                   BOTH,  READ,    {0}},
	{"max_completion_tokens",        CHAT,  READ,    {0}},
	{"n",                            BOTH,  READ,    {0}},
	{"best_of",                      BOTH,  READ,    {0}}, /* as much as n, or refused */
	{"temperature",                  BOTH,  READ,    {0}},
	{"top_p",                        BOTH,  READ,    {0}},
	{"presence_penalty",             BOTH,  READ,    {0}},
	{"frequency_penalty",            BOTH,  READ,    {0}},
	{"logit_bias",                   BOTH,  READ,    {0}},
	{"logprobs",                     BOTH,  READ,    {0}},
	{"top_logprobs",                 CHAT,  READ,    {0}},
	{"echo",                         PLAIN, READ,    {0}},
	{"seed",                         BOTH,  READ,    {0}},
	{"stop",                         BOTH,  READ,    {0}},
	{"stream",                       BOTH,  READ,    {0}},
	{"stream_options",               BOTH,  READ,    {0}},
	{"tools",                        CHAT,  READ,    {0}},
	{"tool_choice",                  CHAT,  READ,    {0}},
	{"parallel_tool_calls",          CHAT,  READ,    {0}},
	{"response_format",              BOTH,  READ,    {0}},
	/* not OpenAI's: vLLM's, and one of ours */
	{"top_k",                        BOTH,  READ,    {0}},
	{"min_p",                        BOTH,  READ,    {0}},
	{"repetition_penalty",           BOTH,  READ,    {0}},
	{"stop_token_ids",               BOTH,  READ,    {0}},
	{"ignore_eos",                   BOTH,  READ,    {0}},
	{"skip_special_tokens",          BOTH,  READ,    {0}},
	{"add_special_tokens",           PLAIN, READ,    {0}},
	{"add_special_tokens",           CHAT,  REFUSED, {"false"}},
	{"guided_json",                  BOTH,  READ,    {0}},
	{"guided_choice",                BOTH,  READ,    {0}},
	{"guided_regex",                 BOTH,  READ,    {0}},
	{"structured_outputs",           BOTH,  READ,    {0}},
	{"deterministic",                BOTH,  READ,    {0}},
	{"chat_template_kwargs",         CHAT,  READ,    {0}},
	{"documents",                    CHAT,  READ,    {0}},
	{"add_generation_prompt",        CHAT,  READ,    {0}},

	{"user",                         BOTH,  IGNORED, {0}},
	{"metadata",                     BOTH,  IGNORED, {0}},
	{"store",                        BOTH,  IGNORED, {0}},
	{"service_tier",                 BOTH,  IGNORED, {0}},
	{"safety_identifier",            BOTH,  IGNORED, {0}},
	{"prompt_cache_key",             BOTH,  IGNORED, {0}},
	{"prompt_cache_options",         BOTH,  IGNORED, {0}},
	{"prompt_cache_retention",       BOTH,  IGNORED, {0}},

	{"functions",                    CHAT,  REFUSED, {"[]"}},
	{"function_call",                CHAT,  REFUSED, {"\"none\"", "\"auto\""}},
	{"modalities",                   CHAT,  REFUSED, {"[\"text\"]"}},
	{"audio",                        CHAT,  REFUSED, {0}},
	{"prediction",                   CHAT,  REFUSED, {0}},
	{"reasoning_effort",             CHAT,  REFUSED, {"\"none\""}},
	{"verbosity",                    CHAT,  REFUSED, {"\"medium\""}},
	{"web_search_options",           CHAT,  REFUSED, {0}},
	{"moderation",                   CHAT,  REFUSED, {0}},
	{"suffix",                       PLAIN, REFUSED, {"\"\""}},
	/* vLLM's */
	{"use_beam_search",              BOTH,  REFUSED, {"false"}},
	{"length_penalty",               BOTH,  REFUSED, {"1", "1.0"}},
	{"min_tokens",                   BOTH,  REFUSED, {"0"}},
	{"guided_grammar",               BOTH,  REFUSED, {0}},
	{"include_stop_str_in_output",   BOTH,  REFUSED, {"false"}},
	{"spaces_between_special_tokens", BOTH, REFUSED, {"true"}},
	{"prompt_logprobs",              BOTH,  REFUSED, {0}},
	{"truncate_prompt_tokens",       BOTH,  REFUSED, {0}},
	{"continue_final_message",       CHAT,  REFUSED, {"false"}},
};
/* clang-format on */

static const struct parameter *find(const char *name, unsigned route)
{
	for (size_t i = 0; i < sizeof parameters / sizeof parameters[0]; i++)
		if (parameters[i].routes & route && strcmp(parameters[i].name, name) == 0)
			return &parameters[i];
	return NULL;
}

static bool means_nothing(const struct parameter *p, const json_t *value)
{
	bool found = false;

	for (size_t i = 0; i < 2 && p->nothing[i] && !found; i++) {
		json_t *nothing = json_loads(p->nothing[i], JSON_DECODE_ANY, NULL);

		found = json_equal(nothing, value) == 1;
		json_decref(nothing);
	}
	return found;
}

enum err reading_check_parameters(struct reading *r, bool chat)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)r->body, name, value)
	{
		const struct parameter *p = find(name, chat ? CHAT : PLAIN);

		if (!p)
			return reading_refuse(
				r, ERR_FORMAT, arena_string(r->arena, slice_of_string(name)),
				arena_printf(r->arena, "Unknown parameter: '%.64s'.", name));
		if (p->use == REFUSED && !json_is_null(value) && !means_nothing(p, value))
			return reading_refuse(
				r, ERR_UNSUPPORTED, p->name,
				arena_printf(r->arena, "'%s' is not supported", p->name));
	}
	return OK;
}
