/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/wire/engine.h"

static void visit_engine_check(struct codec *c, struct wire_engine_check *m)
{
	codec_block(c, &m->config, WIRE_MAX_CONFIG);
}
WIRE_DEFINE(engine_check)

static void visit_engine_load(struct codec *c, struct wire_engine_load *m)
{
	codec_text(c, &m->model, WIRE_MAX_MODEL);
	codec_text(c, &m->revision, WIRE_MAX_REVISION);
	codec_u64(c, &m->memory_bytes);
	codec_count(c, &m->count, WIRE_MAX_ENGINE_FILES);
	for (unsigned i = 0; i < m->count; i++) {
		codec_text(c, &m->files[i].path, WIRE_MAX_PATH);
		codec_u64(c, &m->files[i].size);
		codec_array(c, m->files[i].blob, sizeof m->files[i].blob);
		codec_u64(c, &m->files[i].handle);
	}
}
WIRE_DEFINE(engine_load)

static void visit_engine_need(struct codec *c, struct wire_engine_need *m)
{
	codec_u64(c, &m->least_bytes);
	codec_u64(c, &m->most_bytes);
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

static void visit_engine_generate(struct codec *c, struct wire_engine_generate *m)
{
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
	codec_bool(c, &m->echo);
	codec_bool(c, &m->is_answer);
	visit_stops_and_biases(c, m);
	codec_text(c, &m->prompt, WIRE_MAX_PROMPT);
}
WIRE_DEFINE(engine_generate)

static void visit_token(struct codec *c, struct wire_token *m)
{
	codec_u32(c, &m->token);
	codec_float(c, &m->logprob);
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
	codec_text(c, &m->text, WIRE_MAX_PROMPT);
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
	codec_u32(c, &m->completion_tokens);
}
WIRE_DEFINE(engine_done)

static void visit_engine_cancel(struct codec *c, struct wire_engine_cancel *m)
{
	codec_u32(c, &m->call);
}
WIRE_DEFINE(engine_cancel)
