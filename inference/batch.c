/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/batch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "inference/batch_parts.h"
#include "inference/kernel/pool.h"

void batch_forget_source(struct sequence *s)
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
	batch_forget_source(s);
	fair_leave(&b->fair, s->payer);
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

/* In one step: the next token of each, and some of prompts that are weighed, or guesses. */
static size_t logit_rows(const struct batch_options *o)
{
	return o->sequences + BATCH_EXTRA_ROWS;
}

static size_t full_sequences(const struct batch_options *o)
{
	return o->full && o->full < o->sequences ? o->full : o->sequences;
}

/* For one sequence at full length. */
static size_t pages_of_one(const struct config *c, const struct batch_options *o)
{
	size_t source = has_both(c) ? source_limit(o) : 0;

	return kvcache_pages_for(o->context) + kvcache_pages_for(source);
}

/* As many pages as sequences at full length could fill, or as the budget holds. */
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
	*out = pages < one * full_sequences(o) ? pages : one * full_sequences(o);
	return OK;
}

void batch_memory_needed(size_t *least, size_t *most, const struct config *config,
			 const struct batch_options *o, unsigned threads)
{
	size_t one = pages_of_one(config, o) * kvcache_page_bytes(config);
	size_t scratch = forward_memory_needed(config, logit_rows(o), o->context, threads);

	*least = scratch + one;
	*most = scratch + one * full_sequences(o);
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
	if (b->options.chunk == 0)
		b->options.chunk = BATCH_CHUNK;
	fair_init(&b->fair, BATCH_MAX_SEQUENCES + BATCH_MAX_WAITING);
	b->memory_bytes = scratch + pages * kvcache_page_bytes(&model->config);
	TRY(kvcache_new(&b->cache, &model->config, pages, options->strict));
	b->prefixes = prefixes_new(b->cache, options->secret);
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
	prefixes_free(b->prefixes);
	kvcache_free(b->cache);
	fair_clear(&b->fair);
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

static bool is_anybody(const uint8_t payer[FAIR_ID])
{
	static const uint8_t nobody[FAIR_ID];

	return memcmp(payer, nobody, FAIR_ID) != 0;
}

/* Whose it is, and which pages it may share. */
static void own(struct batch *b, struct sequence *s, const struct batch_request *r)
{
	s->payer = fair_enter(&b->fair, r->owner.payer);
	s->priority = r->owner.priority;
	s->is_kept = is_anybody(r->owner.payer) && !r->source_count &&
		     (!r->adapter || r->adapter_id);
	s->branch = PREFIXES_NONE;
	s->scope.is_fixed = r->is_fixed;
	memcpy(s->scope.payer, r->owner.payer, FAIR_ID);
	if (r->adapter && r->adapter_id)
		memcpy(s->scope.adapter, r->adapter_id, PREFIXES_ADAPTER);
}

static uint32_t *copy_tokens(const uint32_t *tokens, size_t count, size_t room)
{
	uint32_t *copy = calloc(room + 1, sizeof *copy);

	assert(copy);
	if (count)
		memcpy(copy, tokens, count * sizeof *copy);
	return copy;
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
	s->tokens = copy_tokens(r->tokens, r->token_count, s->end);
	sampler_read(sampler, r->tokens, r->token_count);
	s->source_count = r->source_count;
	if (r->source_count)
		s->source = copy_tokens(r->source, r->source_count, r->source_count);
	own(b, s, r);
	b->sequences[b->count++] = s;
	return OK;
}

void batch_take_out(struct batch *b, size_t i)
{
	if (i < b->running) {
		b->sequences[i]->payer->running--;
		b->running--;
	}
	sequence_free(b, b->sequences[i]);
	b->count--;
	memmove(&b->sequences[i], &b->sequences[i + 1], (b->count - i) * sizeof *b->sequences);
}

enum err batch_remove(struct batch *b, uint64_t id)
{
	size_t i = find(b, id);

	if (i == b->count)
		return failure(ERR_NOT_FOUND, "engine: no sequence %llu", (unsigned long long)id);
	batch_take_out(b, i);
	return OK;
}

static void stop_keeping(struct batch *b, const void *id, size_t offset)
{
	for (size_t i = 0; i < b->count; i++) {
		struct sequence *s = b->sequences[i];

		if (memcmp((const uint8_t *)&s->scope + offset, id, FAIR_ID) == 0)
			s->is_kept = false;
	}
}

void batch_forget_payer(struct batch *b, const uint8_t payer[FAIR_ID])
{
	stop_keeping(b, payer, offsetof(struct prefix_scope, payer));
	prefixes_forget_payer(b->prefixes, payer);
}

void batch_forget_adapter(struct batch *b, const uint8_t adapter[FAIR_ID])
{
	stop_keeping(b, adapter, offsetof(struct prefix_scope, adapter));
	prefixes_forget_adapter(b->prefixes, adapter);
}

size_t batch_sequences_of(const struct batch *b, const uint8_t payer[FAIR_ID])
{
	return fair_sequences(&b->fair, payer);
}

void batch_count(const struct batch *b, struct batch_counts *out)
{
	*out = b->counts;
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
