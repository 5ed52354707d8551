/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/wire/engine.h"

static void visit_engine_check(struct codec *c, struct wire_engine_check *m)
{
	codec_block(c, &m->config, WIRE_MAX_CONFIG);
}
WIRE_DEFINE(engine_check)

static void visit_quantize(struct codec *c, enum wire_quantize *m)
{
	uint8_t quantize = (uint8_t)*m;

	codec_below(c, &quantize, WIRE_QUANTIZE_COUNT);
	*m = (enum wire_quantize)quantize;
}

static void visit_engine_size(struct codec *c, struct wire_engine_size *m)
{
	codec_block(c, &m->config, WIRE_MAX_CONFIG);
	codec_u64(c, &m->stored_bytes);
	visit_quantize(c, &m->quantize);
}
WIRE_DEFINE(engine_size)

static void visit_file(struct codec *c, struct wire_engine_file *m)
{
	codec_text(c, &m->path, WIRE_MAX_PATH);
	codec_u64(c, &m->size);
	codec_array(c, m->blob, sizeof m->blob);
	codec_u64(c, &m->handle);
}

static void visit_engine_load(struct codec *c, struct wire_engine_load *m)
{
	codec_text(c, &m->model, WIRE_MAX_MODEL);
	codec_text(c, &m->revision, WIRE_MAX_REVISION);
	codec_u64(c, &m->memory_bytes);
	visit_quantize(c, &m->quantize);
	codec_count(c, &m->count, WIRE_MAX_ENGINE_FILES);
	for (unsigned i = 0; i < m->count; i++)
		visit_file(c, &m->files[i]);
}
WIRE_DEFINE(engine_load)

static void visit_engine_adapt(struct codec *c, struct wire_engine_adapt *m)
{
	codec_array(c, m->adapter, sizeof m->adapter);
	codec_count(c, &m->count, WIRE_MAX_ADAPTER_FILES);
	for (unsigned i = 0; i < m->count; i++)
		visit_file(c, &m->files[i]);
}
WIRE_DEFINE(engine_adapt)

static void visit_engine_adapted(struct codec *c, struct wire_engine_adapted *m)
{
	codec_u64(c, &m->memory_bytes);
	codec_u32(c, &m->rank);
	codec_u32(c, &m->products);
}
WIRE_DEFINE(engine_adapted)

static void visit_engine_adapt_drop(struct codec *c, struct wire_engine_adapt_drop *m)
{
	codec_array(c, m->adapter, sizeof m->adapter);
}
WIRE_DEFINE(engine_adapt_drop)

static void visit_engine_need(struct codec *c, struct wire_engine_need *m)
{
	codec_u64(c, &m->least_bytes);
	codec_u64(c, &m->most_bytes);
	codec_text(c, &m->tasks, WIRE_MAX_TASKS);
	codec_text(c, &m->chat, WIRE_MAX_TEXT);
}
WIRE_DEFINE(engine_need)

static void visit_engine_loading(struct codec *c, struct wire_engine_loading *m)
{
	codec_u64(c, &m->done_bytes);
	codec_u64(c, &m->total_bytes);
}
WIRE_DEFINE(engine_loading)

static void visit_engine_loaded(struct codec *c, struct wire_engine_loaded *m)
{
	codec_u64(c, &m->memory_bytes);
	codec_u32(c, &m->context);
}
WIRE_DEFINE(engine_loaded)

static void visit_stops_and_biases(struct codec *c, struct wire_engine_generate *m)
{
	codec_count(c, &m->stop_count, WIRE_MAX_STOPS);
	for (unsigned i = 0; i < m->stop_count; i++)
		codec_text(c, &m->stops[i], WIRE_MAX_STOP);
	codec_count(c, &m->bias_count, WIRE_MAX_BIASES);
	for (unsigned i = 0; i < m->bias_count; i++) {
		codec_u32(c, &m->biases[i].token);
		codec_float(c, &m->biases[i].bias);
	}
}

static void visit_more_wishes(struct codec *c, struct wire_engine_generate *m)
{
	uint8_t kind = (uint8_t)m->prompt_kind;

	codec_float(c, &m->min_p);
	codec_float(c, &m->repetition_penalty);
	codec_bool(c, &m->is_fixed);
	codec_bool(c, &m->is_bare);
	codec_bool(c, &m->fits_context);
	codec_bool(c, &m->is_only_read);
	codec_bool(c, &m->ignores_end);
	codec_bool(c, &m->shows_special);
	codec_count(c, &m->stop_token_count, WIRE_MAX_STOP_TOKENS);
	for (unsigned i = 0; i < m->stop_token_count; i++)
		codec_u32(c, &m->stop_tokens[i]);
	codec_below(c, &kind, WIRE_PROMPT_COUNT);
	m->prompt_kind = (enum wire_prompt)kind;
	codec_u32(c, &m->max_prompt_tokens);
}

/* Ids are bytes; everything else is UTF-8. */
static void visit_prompt(struct codec *c, enum wire_prompt kind, struct slice *prompt)
{
	if (kind == WIRE_PROMPT_TOKENS)
		codec_block(c, prompt, WIRE_MAX_PROMPT);
	else
		codec_text(c, prompt, WIRE_MAX_PROMPT);
}

static void visit_grammar(struct codec *c, struct wire_engine_generate *m)
{
	uint8_t kind = (uint8_t)m->grammar_kind;

	codec_below(c, &kind, WIRE_GRAMMAR_COUNT);
	m->grammar_kind = (enum wire_grammar)kind;
	codec_text(c, &m->grammar, WIRE_MAX_GRAMMAR);
}

static void visit_engine_generate(struct codec *c, struct wire_engine_generate *m)
{
	uint8_t echo = (uint8_t)m->echo;

	codec_u64(c, &m->pass);
	codec_u32(c, &m->max_tokens);
	codec_float(c, &m->temperature);
	codec_float(c, &m->top_p);
	codec_u32(c, &m->top_k);
	codec_float(c, &m->presence_penalty);
	codec_float(c, &m->frequency_penalty);
	codec_bool(c, &m->has_seed);
	codec_u64(c, &m->seed);
	codec_bool(c, &m->wants_logprobs);
	codec_below(c, &m->top_logprobs, WIRE_MAX_TOP + 1);
	codec_below(c, &echo, WIRE_ECHO_COUNT);
	m->echo = (enum wire_echo)echo;
	codec_bool(c, &m->is_answer);
	visit_more_wishes(c, m);
	codec_array(c, m->adapter, sizeof m->adapter);
	visit_grammar(c, m);
	visit_stops_and_biases(c, m);
	visit_prompt(c, m->prompt_kind, &m->prompt);
}
WIRE_DEFINE(engine_generate)

static void visit_token(struct codec *c, struct wire_token *m)
{
	codec_u32(c, &m->token);
	codec_bool(c, &m->is_first);
	codec_float(c, &m->logprob);
	codec_u16(c, &m->characters);
	codec_block(c, &m->piece, WIRE_MAX_PIECE);
	codec_count(c, &m->top_count, WIRE_MAX_TOP);
	for (unsigned i = 0; i < m->top_count; i++) {
		codec_u32(c, &m->tops[i].token);
		codec_float(c, &m->tops[i].logprob);
		codec_block(c, &m->tops[i].piece, WIRE_MAX_PIECE);
	}
}

static void visit_engine_delta(struct codec *c, struct wire_engine_delta *m)
{
	uint8_t part = (uint8_t)m->part;

	codec_text(c, &m->text, WIRE_MAX_PROMPT);
	codec_below(c, &part, WIRE_PART_COUNT);
	m->part = (enum wire_part)part;
	codec_u32(c, &m->call);
	codec_count(c, &m->token_count, WIRE_MAX_TOKENS);
	for (unsigned i = 0; i < m->token_count; i++)
		visit_token(c, &m->tokens[i]);
}
WIRE_DEFINE(engine_delta)

static void visit_engine_done(struct codec *c, struct wire_engine_done *m)
{
	uint8_t finish = (uint8_t)m->finish;

	codec_below(c, &finish, WIRE_FINISH_COUNT);
	m->finish = (enum wire_finish)finish;
	codec_u32(c, &m->prompt_tokens);
	codec_u32(c, &m->cached_tokens);
	codec_u32(c, &m->completion_tokens);
}
WIRE_DEFINE(engine_done)

static void visit_engine_cancel(struct codec *c, struct wire_engine_cancel *m)
{
	codec_u32(c, &m->call);
}
WIRE_DEFINE(engine_cancel)

static void visit_engine_tokenize(struct codec *c, struct wire_engine_tokenize *m)
{
	uint8_t kind = (uint8_t)m->kind;

	codec_u64(c, &m->pass);
	codec_below(c, &kind, WIRE_PROMPT_COUNT);
	m->kind = (enum wire_prompt)kind;
	codec_bool(c, &m->is_bare);
	codec_bool(c, &m->wants_pieces);
	codec_u32(c, &m->first);
	visit_prompt(c, m->kind, &m->prompt);
}
WIRE_DEFINE(engine_tokenize)

static void visit_engine_tokens(struct codec *c, struct wire_engine_tokens *m)
{
	codec_u32(c, &m->total);
	codec_u32(c, &m->context);
	codec_count(c, &m->count, WIRE_MAX_PIECES);
	for (unsigned i = 0; i < m->count; i++) {
		codec_u32(c, &m->tokens[i].token);
		codec_block(c, &m->tokens[i].name, WIRE_MAX_PIECE);
	}
}
WIRE_DEFINE(engine_tokens)

static void visit_engine_detokenize(struct codec *c, struct wire_engine_detokenize *m)
{
	codec_u64(c, &m->pass);
	codec_block(c, &m->tokens, WIRE_MAX_PROMPT);
}
WIRE_DEFINE(engine_detokenize)

static void visit_engine_text(struct codec *c, struct wire_engine_text *m)
{
	codec_text(c, &m->text, WIRE_MAX_PROMPT);
}
WIRE_DEFINE(engine_text)
