/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/engine.h"

#include <assert.h>
#include <stdlib.h>

#include "inference/engine_parts.h"

static struct answer *find_answer(const struct engine *e, uint64_t id)
{
	for (size_t i = 0; i < e->answer_count; i++)
		if (e->answers[i]->id == id)
			return e->answers[i];
	return NULL;
}

static void drop_answer(struct engine *e, struct answer *a)
{
	size_t i = 0;

	while (e->answers[i] != a)
		i++;
	e->answers[i] = e->answers[--e->answer_count];
	engine_answer_free(a);
}

/* A continuation keeps the space that its first word begins with; a text that stands by itself,
 * or follows a prompt without any, loses what the normalizer had put there. */
static bool begins_text(const struct engine *e, const struct engine_request *r,
			const struct token_list *prompt)
{
	for (size_t i = 0; i < prompt->count && !r->is_answer; i++)
		if (!tokenizer_is_special(e->tokenizer, prompt->ids[i]))
			return false;
	return true;
}

static size_t tokens_to_write(const struct engine *e, const struct engine_request *r,
			      size_t prompt_tokens)
{
	if (r->max_tokens > 0)
		return r->max_tokens;
	return prompt_tokens < batch_context(e->batch) ? batch_context(e->batch) - prompt_tokens
						       : 1;
}

static enum err add_answer(struct engine *e, uint64_t id, const struct engine_request *r,
			   const struct token_list *prompt)
{
	AUTO(textstream_auto) struct textstream *stream = NULL;
	struct batch_request request = {
		.tokens = prompt->ids,
		.token_count = prompt->count,
		.max_tokens = tokens_to_write(e, r, prompt->count),
		.sampling = r->sampling,
	};
	struct place *adapter;
	struct answer *a;

	TRY(engine_adapter_enter(e, &adapter, r->adapter));
	request.adapter = adapter ? adapter->adapter : NULL;
	TRY(textstream_new(&stream, r->stops, r->stop_count));
	TRY(batch_add(e->batch, id, &request));
	a = calloc(1, sizeof *a);
	assert(a);
	*a = (struct answer){
		.id = id,
		.stream = stream,
		.is_first = begins_text(e, r, prompt),
		.prompt_tokens = prompt->count,
		.max_tokens = request.max_tokens,
	};
	stream = NULL; /* given away */
	a->adapter = adapter;
	if (adapter)
		adapter->users++;
	e->answers[e->answer_count++] = a;
	return OK;
}

enum err engine_submit(struct engine *e, uint64_t id, const struct engine_request *request)
{
	AUTO(token_list_free) struct token_list prompt = {0};

	TRY(tokenizer_encode_plain(e->tokenizer, &prompt, request->prompt));
	return add_answer(e, id, request, &prompt);
}

struct step {
	struct engine *engine;
	engine_event_fn *on_event;
	void *context;
};

static bool is_end_token(const struct config *c, uint32_t token)
{
	for (size_t i = 0; i < c->eos_count; i++)
		if (c->eos[i] == token)
			return true;
	return false;
}

static void write_token(struct engine *e, struct answer *a, uint32_t token)
{
	buf_reset(&e->piece);
	tokenizer_write_piece(e->tokenizer, token, a->is_first, &e->piece);
	if (!tokenizer_is_special(e->tokenizer, token))
		a->is_first = false;
	textstream_write(a->stream, buf_slice(&e->piece));
}

static enum engine_finish judge(struct engine *e, const struct answer *a, uint32_t token)
{
	if (is_end_token(&e->config, token) || textstream_is_stopped(a->stream))
		return ENGINE_STOP;
	return a->completion_tokens == a->max_tokens ? ENGINE_LENGTH : ENGINE_RUNNING;
}

static void send_event(struct step *s, struct answer *a, const struct sample *sample,
		       enum engine_finish finish)
{
	struct engine_event event = {
		.id = a->id,
		.sample = sample,
		.finish = finish,
		.prompt_tokens = a->prompt_tokens,
		.completion_tokens = a->completion_tokens,
	};

	if (finish != ENGINE_RUNNING)
		textstream_finish(a->stream);
	event.text = textstream_take(a->stream);
	s->on_event(s->context, &event);
}

static enum batch_verdict on_token(void *context, uint64_t id, const struct sample *sample)
{
	struct step *s = context;
	struct engine *e = s->engine;
	struct answer *a = find_answer(e, id);
	enum engine_finish finish;

	assert(a);
	a->completion_tokens++;
	if (!is_end_token(&e->config, sample->chosen.token))
		write_token(e, a, sample->chosen.token);
	finish = judge(e, a, sample->chosen.token);
	send_event(s, a, sample, finish);
	if (finish == ENGINE_RUNNING)
		return BATCH_GO_ON;
	drop_answer(e, a);
	return BATCH_DONE;
}

enum err engine_step(struct engine *e, engine_event_fn *on_event, void *context)
{
	struct step s = {e, on_event, context};

	return batch_step(e->batch, on_token, &s);
}

enum err engine_cancel(struct engine *e, uint64_t id, engine_event_fn *on_event, void *context)
{
	struct step s = {e, on_event, context};
	struct answer *a = find_answer(e, id);

	if (!a)
		return failure(ERR_NOT_FOUND, "engine: no sequence %llu", (unsigned long long)id);
	TRY(batch_remove(e->batch, id));
	send_event(&s, a, NULL, ENGINE_CANCELLED);
	drop_answer(e, a);
	return OK;
}

bool engine_is_idle(const struct engine *e)
{
	return batch_is_idle(e->batch);
}

void engine_write_token(const struct engine *e, uint32_t token, struct buf *out)
{
	if (tokenizer_is_special(e->tokenizer, token))
		buf_write(out, tokenizer_token(e->tokenizer, token));
	else
		tokenizer_write_piece(e->tokenizer, token, false, out);
}

enum err engine_count_tokens(const struct engine *e, size_t *out, struct slice prompt)
{
	AUTO(token_list_free) struct token_list list = {0};

	TRY(tokenizer_encode_plain(e->tokenizer, &list, prompt));
	*out = list.count;
	return OK;
}

void engine_facts(const struct engine *e, struct engine_facts *out)
{
	*out = (struct engine_facts){
		.vocabulary = e->config.vocabulary,
		.context = batch_context(e->batch),
		.layers = e->config.layers,
		.memory_bytes = e->model->memory_bytes + batch_memory_bytes(e->batch),
		.locked = e->model->locked && batch_is_locked(e->batch),
		.matmul_primitives = compute_matmul_primitives(e->compute),
		.operators = compute_operators(e->compute)->name,
	};
}
