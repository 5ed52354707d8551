/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/batch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "inference/kernel/pool.h"
#include "inference/kvcache.h"
#include "inference/model/forward.h"

/* A sequence waits while its table is empty. Once it runs, `done` of its `count` tokens have been
 * through the model; the one behind the last makes the logits for the next. */
struct sequence {
	uint64_t id;
	uint32_t *tokens; /* the prompt, then what was written; room for prompt + max_tokens */
	size_t count;
	size_t done;
	size_t end;    /* the count at which it has all its tokens */
	size_t prompt; /* so many of them are the prompt's */
	size_t first;  /* `done` before this step */
	bool echo, is_fixed;
	struct kvcache_table table;
	uint32_t *source; /* for the encoder; wiped once it has read it */
	size_t source_count;
	bool is_source_read;
	struct kvcache_table source_table; /* what the encoder has left */
	struct sampler *sampler;
	const struct adapter *adapter;
};

struct batch {
	const struct model *model;
	struct compute *compute;
	struct kvcache *cache;
	struct forward *forward;
	struct batch_options options;
	size_t memory_bytes;
	/* First those that run, in the order in which they joined; behind them those that wait. */
	struct sequence *sequences[BATCH_MAX_SEQUENCES + BATCH_MAX_WAITING];
	size_t running;
	size_t count;
	bool is_held;
	struct forward_row rows[FORWARD_MAX_ROWS];
};

static void forget_source(struct sequence *s)
{
	if (s->source)
		explicit_bzero(s->source, s->source_count * sizeof *s->source);
	free(s->source);
	s->source = NULL;
}

static void sequence_free(struct batch *b, struct sequence *s)
{
	kvcache_release(b->cache, &s->table);
	kvcache_release(b->cache, &s->source_table);
	forget_source(s);
	sampler_free(s->sampler);
	explicit_bzero(s->tokens, s->end * sizeof *s->tokens);
	free(s->tokens);
	free(s);
}

static enum err check_options(const struct model *model, const struct batch_options *o)
{
	if (o->sequences == 0 || o->sequences > BATCH_MAX_SEQUENCES)
		return failure(ERR_FORMAT, "engine: %zu sequences at once, 1 to %d can be had",
			       o->sequences, BATCH_MAX_SEQUENCES);
	if (o->context == 0 || o->context > model->config.context)
		return failure(ERR_FORMAT, "engine: a context of %zu tokens, the model has %u",
			       o->context, model->config.context);
	return OK;
}

static bool has_both(const struct config *c)
{
	return c->encoder_layers > 0 && c->layers > 0;
}

/* An encoder reads a source in one pass. */
static size_t source_limit(const struct batch_options *o)
{
	return o->context < FORWARD_MAX_ROWS ? o->context : FORWARD_MAX_ROWS;
}

/* In one step: the next token of each, and some of prompts that are weighed. */
static size_t logit_rows(const struct batch_options *o)
{
	return o->sequences + BATCH_ECHO_ROWS;
}

/* For one sequence at full length. */
static size_t pages_of_one(const struct config *c, const struct batch_options *o)
{
	size_t source = has_both(c) ? source_limit(o) : 0;

	return kvcache_pages_for(o->context) + kvcache_pages_for(source);
}

/* As many pages as all sequences at full length could fill, or as the budget holds. */
static enum err plan_pages(size_t *out, const struct model *model, const struct batch_options *o,
			   size_t scratch)
{
	size_t one = pages_of_one(&model->config, o);
	size_t page_bytes = kvcache_page_bytes(&model->config);
	size_t left = o->budget_bytes > scratch ? o->budget_bytes - scratch : 0;
	size_t pages = left / page_bytes;

	if (pages < one)
		return failure(
			ERR_LIMIT,
			"memory: a context of %zu tokens needs %zu bytes beside the weights, "
			"%zu are left; allow more, or a smaller context",
			o->context, scratch + one * page_bytes, o->budget_bytes);
	*out = pages < one * o->sequences ? pages : one * o->sequences;
	return OK;
}

void batch_memory_needed(size_t *least, size_t *most, const struct config *config,
			 const struct batch_options *o, unsigned threads)
{
	size_t one = pages_of_one(config, o) * kvcache_page_bytes(config);
	size_t scratch = forward_memory_needed(config, logit_rows(o), o->context, threads);

	*least = scratch + one;
	*most = scratch + one * o->sequences;
}

enum err batch_new(struct batch **out, const struct model *model, struct compute *compute,
		   const struct batch_options *options)
{
	AUTO(batch_auto) struct batch *b = NULL;
	size_t scratch = 0;
	size_t pages = 0;

	TRY(check_options(model, options));
	scratch = forward_memory_needed(&model->config, logit_rows(options), options->context,
					pool_threads(compute_pool(compute)));
	TRY(plan_pages(&pages, model, options, scratch));
	b = calloc(1, sizeof *b);
	assert(b);
	b->model = model;
	b->compute = compute;
	b->options = *options;
	b->memory_bytes = scratch + pages * kvcache_page_bytes(&model->config);
	TRY(kvcache_new(&b->cache, &model->config, pages, options->strict));
	TRY(forward_new(&b->forward, model, b->cache, compute, logit_rows(options),
			options->context, options->strict));
	*out = b;
	b = NULL; /* given away */
	return OK;
}

void batch_free(struct batch *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->count; i++)
		sequence_free(b, b->sequences[i]);
	forward_free(b->forward);
	kvcache_free(b->cache);
	free(b);
}

static size_t find(const struct batch *b, uint64_t id)
{
	size_t i = 0;

	while (i < b->count && b->sequences[i]->id != id)
		i++;
	return i;
}

static enum err check_tokens(const struct batch *b, const uint32_t *tokens, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (tokens[i] >= b->model->config.vocabulary)
			return failure(ERR_FORMAT, "prompt: token %u is not one of the model's %u",
				       tokens[i], b->model->config.vocabulary);
	return OK;
}

static enum err check_source(const struct batch *b, const struct batch_request *r)
{
	if (r->source_count > source_limit(&b->options))
		return failure(ERR_LIMIT,
			       "prompt: its %zu tokens exceed the encoder's limit of %zu",
			       r->source_count, source_limit(&b->options));
	if (has_both(&b->model->config) != (r->source_count > 0))
		return failure(ERR_FORMAT, "prompt: %s",
			       r->source_count ? "the model has no encoder"
					       : "there is nothing to read");
	return check_tokens(b, r->source, r->source_count);
}

static enum err check_request(const struct batch *b, uint64_t id, const struct batch_request *r)
{
	if (r->token_count == 0 || (r->max_tokens == 0 && !r->echo))
		return failure(ERR_FORMAT, "prompt: there is nothing to go on from, or nothing to "
					   "write");
	if (r->token_count > b->options.context || r->max_tokens > b->options.context ||
	    r->token_count + r->max_tokens > b->options.context)
		return failure(ERR_LIMIT,
			       "This model's maximum context length is %zu tokens. However, you "
			       "requested %zu tokens (%zu in the prompt, %zu in the completion). "
			       "Please reduce the length of the prompt or of the completion.",
			       b->options.context, r->token_count + r->max_tokens, r->token_count,
			       r->max_tokens);
	TRY(check_tokens(b, r->tokens, r->token_count));
	TRY(check_source(b, r));
	if (find(b, id) < b->count)
		return failure(ERR_CONFLICT, "engine: sequence %llu is running already",
			       (unsigned long long)id);
	if (b->count - b->running >= BATCH_MAX_WAITING)
		return failure(ERR_UNAVAILABLE, "engine: %d sequences are waiting already",
			       BATCH_MAX_WAITING);
	return OK;
}

enum err batch_add(struct batch *b, uint64_t id, const struct batch_request *r)
{
	struct sampler *sampler;
	struct sequence *s;

	TRY(check_request(b, id, r));
	TRY(sampler_new(&sampler, &r->sampling, b->model->config.vocabulary));
	s = calloc(1, sizeof *s);
	assert(s);
	s->id = id;
	s->sampler = sampler;
	s->adapter = r->adapter;
	s->count = r->token_count;
	s->end = r->token_count + r->max_tokens;
	s->prompt = r->token_count;
	s->echo = r->echo;
	s->is_fixed = r->is_fixed;
	s->tokens = calloc(s->end, sizeof *s->tokens);
	assert(s->tokens);
	memcpy(s->tokens, r->tokens, r->token_count * sizeof *s->tokens);
	sampler_read(sampler, r->tokens, r->token_count);
	if (r->source_count) {
		s->source_count = r->source_count;
		s->source = calloc(s->source_count, sizeof *s->source);
		assert(s->source);
		memcpy(s->source, r->source, s->source_count * sizeof *s->source);
	}
	b->sequences[b->count++] = s;
	return OK;
}

static void take_out(struct batch *b, size_t i)
{
	sequence_free(b, b->sequences[i]);
	if (i < b->running)
		b->running--;
	b->count--;
	memmove(&b->sequences[i], &b->sequences[i + 1], (b->count - i) * sizeof *b->sequences);
}

enum err batch_remove(struct batch *b, uint64_t id)
{
	size_t i = find(b, id);

	if (i == b->count)
		return failure(ERR_NOT_FOUND, "engine: no sequence %llu", (unsigned long long)id);
	take_out(b, i);
	return OK;
}

static bool reserve(struct batch *b, struct sequence *s)
{
	if (!kvcache_reserve(b->cache, &s->table, s->end))
		return false;
	if (!s->source_count || kvcache_reserve(b->cache, &s->source_table, s->source_count))
		return true;
	kvcache_release(b->cache, &s->table);
	return false;
}

/* In order of arrival: a long one that waits for room is not overtaken for ever. */
static void admit(struct batch *b)
{
	while (!b->is_held && b->running < b->count && b->running < b->options.sequences) {
		if (!reserve(b, b->sequences[b->running]))
			return;
		b->running++;
	}
}

/* What the logits behind this position are for: the next token, or the likelihood of one of the
 * prompt. */
static bool wants_logits(const struct sequence *s, size_t position)
{
	if (position + 1 == s->count)
		return s->end > s->count;
	return s->echo && position + 1 < s->prompt;
}

static bool is_ready(const struct sequence *s)
{
	return !s->source_count || s->is_source_read;
}

/* Who shares a step with one that wants the same bits in any company gets them as well. */
static bool wants_fixed(const struct batch *b)
{
	for (size_t i = 0; i < b->running; i++)
		if (b->sequences[i]->is_fixed)
			return true;
	return false;
}

/* The next sources that fit into one pass, in order. */
static enum err read_sources(struct batch *b)
{
	size_t used = 0, first = 0, last;
	const float *hidden;
	enum err result;

	while (first < b->running && is_ready(b->sequences[first]))
		first++;
	for (last = first; last < b->running; last++) {
		const struct sequence *s = b->sequences[last];

		if (s->source_count > FORWARD_MAX_ROWS - used)
			break;
		for (size_t i = 0; i < s->source_count; i++)
			b->rows[used++] = (struct forward_row){.table = &s->source_table,
							       .position = (uint32_t)i,
							       .token = s->source[i],
							       .length = (uint32_t)s->source_count};
	}
	if (first == last)
		return OK;
	compute_fix(b->compute, wants_fixed(b));
	result = forward_encode(b->forward, b->rows, used, &hidden);
	compute_fix(b->compute, false);
	TRY(result);
	for (size_t i = first; i < last; i++) {
		b->sequences[i]->is_source_read = true;
		forget_source(b->sequences[i]);
	}
	return OK;
}

/* The next rows of one sequence, up to `room`, of which `*echoes` more than one may want logits. */
static size_t fill_rows(struct batch *b, struct sequence *s, size_t used, size_t room,
			size_t *echoes)
{
	size_t left = s->count - s->done;
	size_t taken = left < room ? left : room;

	if (s->echo && taken > *echoes + 1)
		taken = *echoes + 1;
	if (s->echo && taken > 0)
		*echoes -= taken - 1;
	for (size_t i = 0; i < taken; i++)
		b->rows[used + i] = (struct forward_row){
			.table = &s->table,
			.position = (uint32_t)(s->done + i),
			.token = s->tokens[s->done + i],
			.wants_logits = wants_logits(s, s->done + i),
			.adapter = s->adapter,
			.source = &s->source_table,
			.source_length = (uint32_t)s->source_count,
		};
	s->first = s->done;
	s->done += taken;
	return taken;
}

/* Every running sequence gets a row first, so that nobody stands still while long prompts are
 * read; what room is left goes to prompts in order of arrival. */
static size_t plan_rows(struct batch *b)
{
	size_t used = 0, echoes = BATCH_ECHO_ROWS;

	for (size_t i = 0; i < b->running; i++) {
		size_t behind = b->running - 1 - i;

		b->sequences[i]->first = b->sequences[i]->done;
		if (!is_ready(b->sequences[i]))
			continue; /* nor is any behind it ready */
		used += fill_rows(b, b->sequences[i], used, FORWARD_MAX_ROWS - used - behind,
				  &echoes);
	}
	return used;
}

static enum err run_rows(struct batch *b, float **logits)
{
	size_t rows = plan_rows(b);
	enum err result;

	compute_fix(b->compute, wants_fixed(b));
	result = forward_run(b->forward, b->rows, rows, logits);
	compute_fix(b->compute, false);
	return result;
}

static enum batch_verdict give_token(struct sequence *s, float *logits, batch_token_fn *on_token,
				     void *context)
{
	struct sample sample;

	sampler_take(s->sampler, logits, &sample);
	s->tokens[s->count++] = sample.chosen.token;
	if (on_token(context, s->id, &sample) == BATCH_DONE || s->count == s->end)
		return BATCH_DONE;
	return BATCH_GO_ON;
}

/* A token of the prompt; `logits` (NULL for the first) say what was to be expected there. */
static enum batch_verdict echo_token(struct sequence *s, size_t position, const float *logits,
				     batch_token_fn *on_token, void *context)
{
	struct sample sample = {.chosen = {.token = s->tokens[position]}, .is_first = !logits};

	if (logits)
		sampler_weigh(s->sampler, logits, s->tokens[position], &sample);
	sample.is_read = true;
	return on_token(context, s->id, &sample);
}

/* What this step has made known of one sequence; moves *logits behind its rows. */
static enum batch_verdict give_tokens(struct batch *b, struct sequence *s, float **logits,
				      batch_token_fn *on_token, void *context)
{
	enum batch_verdict verdict = BATCH_GO_ON;

	if (s->echo && s->first == 0 && s->done > 0)
		verdict = echo_token(s, 0, NULL, on_token, context);
	for (size_t at = s->first; at < s->done; at++) {
		if (!wants_logits(s, at))
			continue;
		verdict = at + 1 < s->prompt ? echo_token(s, at + 1, *logits, on_token, context)
					     : give_token(s, *logits, on_token, context);
		*logits += b->model->config.vocabulary;
	}
	return s->done == s->end ? BATCH_DONE : verdict;
}

enum err batch_step(struct batch *b, batch_token_fn *on_token, void *context)
{
	bool finished[BATCH_MAX_SEQUENCES] = {false};
	float *logits;

	admit(b);
	if (b->running == 0)
		return OK;
	TRY(read_sources(b));
	TRY(run_rows(b, &logits));
	for (size_t i = 0; i < b->running; i++)
		finished[i] = give_tokens(b, b->sequences[i], &logits, on_token, context) ==
			      BATCH_DONE;
	for (size_t i = b->running; i-- > 0;)
		if (finished[i])
			take_out(b, i);
	return OK;
}

void batch_hold(struct batch *b, bool held)
{
	b->is_held = held;
}

struct kvcache *batch_cache(struct batch *b)
{
	return b->cache;
}

struct forward *batch_forward(struct batch *b)
{
	return b->forward;
}

bool batch_is_idle(const struct batch *b)
{
	return b->count == 0;
}

size_t batch_context(const struct batch *b)
{
	return b->options.context;
}

size_t batch_memory_bytes(const struct batch *b)
{
	return b->memory_bytes;
}

bool batch_is_locked(const struct batch *b)
{
	return kvcache_is_locked(b->cache);
}
