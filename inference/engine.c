/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/engine.h"

#include <assert.h>
#include <stdlib.h>

#include "inference/engine_parts.h"
#include "inference/kernel/pool.h"

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

/* An encoder reads the prompt, and a decoder begins a text of its own. */
static bool reads_first(const struct engine *e)
{
	return e->config.encoder_layers > 0;
}

/* A continuation keeps the space that its first word begins with; a text that stands by itself,
 * or follows a prompt without any, loses what the normalizer had put there. */
static bool begins_text(const struct engine *e, const struct engine_request *r,
			const struct token_list *prompt)
{
	for (size_t i = 0; i < prompt->count && !r->is_answer && !reads_first(e); i++)
		if (!tokenizer_is_special(e->tokenizer, prompt->ids[i]))
			return false;
	return true;
}

static size_t tokens_to_write(const struct engine *e, const struct engine_request *r,
			      size_t prompt_tokens)
{
	size_t context = batch_context(e->batch);
	size_t read = reads_first(e) ? 1 : prompt_tokens; /* of the context that is written into */
	size_t left = read < context ? context - read : 1;

	if (r->is_only_read)
		return 0;
	if (r->max_tokens > 0 && (!r->fits_context || r->max_tokens < left))
		return r->max_tokens;
	return left;
}

/* What the prompt looks like where it is shown again. */
static enum err write_prompt(const struct engine *e, struct buf *out,
			     const struct engine_request *r, const struct token_list *prompt)
{
	if (r->echo == ENGINE_ECHO_NONE)
		return OK;
	if (r->prompt_kind == ENGINE_PROMPT_TEXT)
		buf_write(out, r->prompt);
	else
		TRY(tokenizer_decode(e->tokenizer, out, prompt->ids, prompt->count));
	if (out->overflow)
		return failure(ERR_LIMIT, "prompt: its tokens stand for more than %d bytes",
			       ENGINE_MAX_ECHO);
	return OK;
}

static enum err check_wishes(const struct engine *e, const struct engine_request *r)
{
	if (r->stop_token_count > ENGINE_MAX_STOP_TOKENS)
		return failure(ERR_LIMIT, "prompt: %zu tokens to stop at, at most %d",
			       r->stop_token_count, ENGINE_MAX_STOP_TOKENS);
	if (r->is_only_read && r->echo == ENGINE_ECHO_NONE)
		return failure(ERR_FORMAT, "prompt: nothing to write, and nothing to show");
	if (reads_first(e) && (r->echo == ENGINE_ECHO_TOKENS || r->is_only_read))
		return failure(ERR_UNSUPPORTED, "echo: an encoder reads the prompt of this model, "
						"so that its tokens have no likelihood");
	return OK;
}

static enum err read_prompt(const struct engine *e, struct chat_prompt *out,
			    const struct engine_request *r)
{
	if (r->prompt_kind == ENGINE_PROMPT_CHAT)
		TRY(chat_encode(e->chat, e->tokenizer, out, r->prompt));
	else
		TRY(engine_tokenize(e, &out->tokens, r->prompt_kind, r->prompt, r->is_bare));
	if (r->max_prompt_tokens && out->tokens.count > r->max_prompt_tokens)
		return failure(ERR_LIMIT,
			       "prompt: the chat template makes %zu tokens of it, %u were reserved",
			       out->tokens.count, r->max_prompt_tokens);
	return OK;
}

static struct answer *answer_new(const struct engine *e, uint64_t id,
				 const struct engine_request *r, const struct chat_prompt *given)
{
	const struct token_list *prompt = &given->tokens;
	struct answer *a = calloc(1, sizeof *a);

	assert(a);
	*a = (struct answer){
		.id = id,
		.is_first = begins_text(e, r, prompt),
		.prompt_tokens = prompt->count,
		.max_tokens = tokens_to_write(e, r, prompt->count),
		.prompt_text = buf_new(ENGINE_MAX_ECHO),
		.echo = r->echo,
		.is_only_read = r->is_only_read,
		.ignores_end = r->ignores_end,
		.shows_special = r->shows_special,
		.stop_token_count = r->stop_token_count,
		.calls = given->calls ? toolcall_new(given->calls, given->is_open, given->tools)
				      : NULL,
		.is_one_call = given->is_one_call,
	};
	for (size_t i = 0; i < r->stop_token_count; i++)
		a->stop_tokens[i] = r->stop_tokens[i];
	if (given->has_end && !r->ignores_end && a->stop_token_count < ENGINE_MAX_STOP_TOKENS)
		a->stop_tokens[a->stop_token_count++] = given->end;
	return a;
}

static enum err add_answer(struct engine *e, const struct engine_request *r,
			   const struct token_list *prompt, struct answer *a)
{
	struct batch_request request = {
		.tokens = prompt->ids,
		.token_count = prompt->count,
		.max_tokens = a->max_tokens,
		.echo = r->echo == ENGINE_ECHO_TOKENS || r->is_only_read,
		.is_fixed = r->is_fixed,
		.sampling = r->sampling,
		.owner = r->owner,
	};

	if (reads_first(e)) {
		request.source = prompt->ids;
		request.source_count = prompt->count;
		request.tokens = &e->config.decoder_start;
		request.token_count = 1;
	}
	TRY(engine_adapter_enter(e, &a->adapter, r->adapter));
	if (a->adapter)
		a->adapter->users++; /* until the answer is freed */
	request.adapter = a->adapter ? a->adapter->adapter : NULL;
	request.adapter_id = a->adapter ? a->adapter->id : NULL;
	TRY(guide_new(&a->guide, e->guides, &r->guide, a->is_first));
	request.sampling.guide = guide_sampler(a->guide, &a->is_first);
	TRY(write_prompt(e, &a->prompt_text, r, prompt));
	TRY(textstream_new(&a->stream, r->stops, r->stop_count));
	TRY(batch_add(e->batch, a->id, &request));
	e->answers[e->answer_count++] = a;
	return OK;
}

enum err engine_submit(struct engine *e, uint64_t id, const struct engine_request *request)
{
	AUTO(chat_prompt_free) struct chat_prompt prompt = {0};
	struct engine_request wanted = *request;
	struct answer *a;
	enum err result;

	TRY(engine_check_task(e, TASK_GENERATE));
	TRY(check_wishes(e, request));
	TRY(read_prompt(e, &prompt, request));
	if (prompt.grammar.size > 0) /* a call that has to come, whatever else was wished for */
		wanted.guide = (struct guide_request){GRAMMAR_CALLS, buf_slice(&prompt.grammar)};
	a = answer_new(e, id, &wanted, &prompt);
	result = add_answer(e, &wanted, &prompt.tokens, a);
	if (result != OK)
		engine_answer_free(a);
	return result;
}

struct step {
	struct engine *engine;
	engine_event_fn *on_event;
	void *context;
};

static bool is_end_token(const struct engine *e, const struct answer *a, uint32_t token)
{
	for (size_t i = 0; i < a->stop_token_count; i++)
		if (a->stop_tokens[i] == token)
			return true;
	for (size_t i = 0; i < e->config.eos_count && !a->ignores_end; i++)
		if (e->config.eos[i] == token)
			return true;
	return false;
}

/* Into e->piece: what of the text is this token's. */
static void read_piece(struct engine *e, const struct answer *a, uint32_t token, bool is_first)
{
	struct slice name = tokenizer_token(e->tokenizer, token);
	bool is_shown = a->shows_special || (a->calls && toolcall_is_marker(a->calls, name));

	buf_reset(&e->piece);
	if (is_shown && tokenizer_is_special(e->tokenizer, token))
		buf_write(&e->piece, name);
	else
		tokenizer_write_piece(e->tokenizer, token, is_first, &e->piece);
}

static size_t characters_of(struct slice bytes)
{
	size_t count = 0;

	for (size_t i = 0; i < bytes.size; i++)
		count += (bytes.data[i] & 0xc0) != 0x80;
	return count;
}

/* False where nothing may come any more: no token of the model's fits what is asked for. */
static bool write_token(struct engine *e, struct answer *a, uint32_t token)
{
	read_piece(e, a, token, a->is_first);
	if (a->guide && !guide_take(a->guide, buf_slice(&e->piece)))
		return false;
	if (!tokenizer_is_special(e->tokenizer, token))
		a->is_first = false;
	textstream_write(a->stream, buf_slice(&e->piece));
	return true;
}

static enum engine_finish judge(const struct engine *e, const struct answer *a, uint32_t token)
{
	if (is_end_token(e, a, token) || textstream_is_stopped(a->stream) ||
	    engine_calls_are_done(a))
		return ENGINE_STOP;
	if (a->guide && guide_is_over(a->guide)) /* whole: no end token has to say so */
		return ENGINE_STOP;
	return a->completion_tokens == a->max_tokens ? ENGINE_LENGTH : ENGINE_RUNNING;
}

static struct engine_event event_of(const struct answer *a, const struct sample *sample,
				    enum engine_finish finish)
{
	return (struct engine_event){
		.id = a->id,
		.sample = sample,
		.finish = finish,
		.prompt_tokens = a->prompt_tokens,
		.cached_tokens = a->cached_tokens,
		.completion_tokens = a->completion_tokens,
	};
}

static void send_event(struct step *s, struct answer *a, const struct sample *sample,
		       size_t characters, enum engine_finish finish)
{
	struct engine_event event = event_of(a, sample, finish);

	if (finish != ENGINE_RUNNING)
		textstream_finish(a->stream);
	event.characters = characters;
	event.text = textstream_take(a->stream);
	if (a->calls)
		engine_tell_calls(a, &event, s->on_event, s->context);
	else
		s->on_event(s->context, &event);
}

/* A prompt is shown as it is: no stop string ends it. */
static void show_prompt(struct step *s, struct answer *a)
{
	struct engine_event event = event_of(a, NULL, ENGINE_RUNNING);

	event.text = buf_slice(&a->prompt_text);
	s->on_event(s->context, &event);
	buf_free(&a->prompt_text);
}

/* A token of the prompt came back. */
static enum engine_finish take_read(struct step *s, struct answer *a, const struct sample *sample)
{
	struct engine *e = s->engine;
	bool is_last = ++a->echoed == a->prompt_tokens && a->is_only_read;
	enum engine_finish finish = is_last ? ENGINE_LENGTH : ENGINE_RUNNING;

	read_piece(e, a, sample->chosen.token, !a->is_text_begun);
	if (!tokenizer_is_special(e->tokenizer, sample->chosen.token))
		a->is_text_begun = true;
	if (a->echo == ENGINE_ECHO_TOKENS)
		send_event(s, a, sample, characters_of(buf_slice(&e->piece)), finish);
	else if (is_last)
		send_event(s, a, NULL, 0, finish);
	return finish;
}

static enum engine_finish take_written(struct step *s, struct answer *a,
				       const struct sample *sample)
{
	struct engine *e = s->engine;
	uint32_t token = sample->chosen.token;
	enum engine_finish finish;

	a->completion_tokens++;
	buf_reset(&e->piece);
	finish = ENGINE_LENGTH;
	if (is_end_token(e, a, token) || write_token(e, a, token))
		finish = judge(e, a, token);
	send_event(s, a, sample, characters_of(buf_slice(&e->piece)), finish);
	return finish;
}

static enum batch_verdict on_token(void *context, uint64_t id, const struct sample *sample,
				   size_t cached)
{
	struct step *s = context;
	struct answer *a = find_answer(s->engine, id);
	enum engine_finish finish;

	assert(a);
	a->cached_tokens = cached;
	if (a->prompt_text.size > 0)
		show_prompt(s, a);
	finish = sample->is_read ? take_read(s, a, sample) : take_written(s, a, sample);
	if (finish == ENGINE_RUNNING)
		return BATCH_GO_ON;
	drop_answer(s->engine, a);
	return BATCH_DONE;
}

enum err engine_step(struct engine *e, engine_event_fn *on_event, void *context)
{
	struct step s = {e, on_event, context};

	batch_hold(e->batch, readings_are_held_up(e->readings));
	TRY(batch_step(e->batch, on_token, &s));
	return engine_read_step(e);
}

enum err engine_cancel(struct engine *e, uint64_t id, engine_event_fn *on_event, void *context)
{
	struct step s = {e, on_event, context};
	struct answer *a = find_answer(e, id);

	if (!a)
		return failure(ERR_NOT_FOUND, "engine: no sequence %llu", (unsigned long long)id);
	TRY(batch_remove(e->batch, id));
	send_event(&s, a, NULL, 0, ENGINE_CANCELLED);
	drop_answer(e, a);
	return OK;
}

void engine_forget_payer(struct engine *e, const uint8_t payer[FAIR_ID])
{
	batch_forget_payer(e->batch, payer);
}

size_t engine_sequences_of(const struct engine *e, const uint8_t payer[FAIR_ID])
{
	return batch_sequences_of(e->batch, payer);
}

void engine_counts(const struct engine *e, struct batch_counts *out)
{
	batch_count(e->batch, out);
}

void engine_lend(struct engine *e, unsigned first, unsigned threads)
{
	struct pool *pool = compute_pool(e->compute);
	unsigned most = pool_threads(pool);

	if (threads > 0)
		pool_lend(pool, first, threads < most ? threads : most);
}

bool engine_is_idle(const struct engine *e)
{
	return batch_is_idle(e->batch) && readings_are_idle(e->readings);
}

void engine_write_token(const struct engine *e, uint32_t token, struct buf *out)
{
	if (tokenizer_is_special(e->tokenizer, token))
		buf_write(out, tokenizer_token(e->tokenizer, token));
	else
		tokenizer_write_piece(e->tokenizer, token, false, out);
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
		.chat_refusal = chat_refusal(e->chat),
	};
}
