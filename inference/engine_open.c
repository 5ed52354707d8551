/* SPDX-License-Identifier: Apache-2.0 */
/* From files to an engine that is ready, and back to nothing. */
#include <assert.h>
#include <stdlib.h>

#include "inference/engine_parts.h"
#include "inference/format/json.h"
#include "inference/format/weights.h"
#include "inference/model/config_gguf.h"

enum {
	DEFAULT_SEQUENCES = 64,
	FULL_SEQUENCES = 8, /* pages for so many; the others are shorter, or wait */
	PIECE_MAX = 4 * TOKENIZER_MAX_TOKEN
};

static enum err read_file(struct buf *out, struct model_files *files, const char *name,
			  size_t limit)
{
	struct weight_source *source;
	uint8_t *room;

	TRY(files->find(files, name, &source));
	if (source->size > limit)
		return failure(ERR_LIMIT, "%s: %llu bytes, at most %zu", name,
			       (unsigned long long)source->size, limit);
	room = buf_reserve(out, (size_t)source->size);
	TRY(source->read(source, room, (size_t)source->size, 0));
	buf_commit(out, (size_t)source->size);
	return OK;
}

static enum err read_config_gguf(struct config *out, struct model_files *files)
{
	AUTO(gguf_auto) struct gguf *g = NULL;

	TRY(gguf_find(&g, NULL, files));
	return config_of_gguf(out, g);
}

static enum err read_config(struct config *out, struct model_files *files)
{
	AUTO(buf_free) struct buf text = buf_new(CONFIG_MAX_TEXT);
	enum err found;
	bool is_gguf;

	TRY(weights_are_gguf(&is_gguf, files));
	if (is_gguf)
		return read_config_gguf(out, files);
	TRY(read_file(&text, files, "config.json", CONFIG_MAX_TEXT));
	TRY(config_parse(out, buf_slice(&text)));
	buf_reset(&text);
	found = read_file(&text, files, "generation_config.json", CONFIG_MAX_TEXT);
	if (found == ERR_NOT_FOUND)
		return OK;
	if (found != OK)
		return found;
	return config_apply_generation(out, buf_slice(&text));
}

static enum err read_tokenizer(struct tokenizer **out, struct model_files *files,
			       const struct config *config)
{
	AUTO(tokenizer_auto) struct tokenizer *t = NULL;
	AUTO(gguf_auto) struct gguf *g = NULL;
	bool is_gguf;

	TRY(weights_are_gguf(&is_gguf, files));
	if (is_gguf)
		TRY(gguf_find(&g, NULL, files));
	TRY(tokenizer_open_files(&t, files, g));
	if (tokenizer_vocabulary(t) > config->vocabulary)
		return failure(ERR_FORMAT, "the tokenizer has %zu tokens, config.json says %u",
			       tokenizer_vocabulary(t), config->vocabulary);
	*out = t;
	t = NULL; /* given away */
	return OK;
}

static enum err check(uint32_t *tasks, struct model_files *files)
{
	AUTO(tokenizer_auto) struct tokenizer *t = NULL;
	struct config config;

	TRY(read_config(&config, files));
	TRY(read_tokenizer(&t, files, &config));
	TRY(engine_read_check(tasks, files, &config));
	return model_check(files, &config);
}

enum err engine_check(struct model_files *files)
{
	uint32_t tasks;

	return check(&tasks, files);
}

static struct batch_options batch_options_of(const struct config *config,
					     const struct engine_options *o)
{
	struct batch_options batch = {.strict = o->strict,
				      .context = config->context,
				      .full = FULL_SEQUENCES,
				      .chunk = o->chunk,
				      .secret = o->secret,
				      .is_guessing = !o->is_plain};

	batch.sequences = o->sequences ? o->sequences : DEFAULT_SEQUENCES;
	if (o->context > 0 && o->context < config->context)
		batch.context = o->context;
	return batch;
}

/* How keys and values are kept. What an encoder leaves is looked at by all that comes after: those
 * stay as they are. */
static void choose_cache(struct config *config, const struct engine_options *o)
{
	config->cache = config->encoder_layers ? ATTEND_F32 : o->cache;
}

/* Room for a piece of a file is where cache and scratch are later. */
static void add_up(struct engine_need *out, const struct config *config, size_t weights,
		   size_t beside, const struct engine_options *o)
{
	const struct batch_options batch = batch_options_of(config, o);
	size_t least, most;

	batch_memory_needed(&least, &most, config, &batch, o->threads ? o->threads : 1);
	out->least_bytes = weights + (least > beside ? least : beside);
	out->most_bytes = weights + (most > beside ? most : beside);
}

/* Weights are kept as they are stored, halves or F32. If all are halves, the files hold no more
 * than those (and headers); what they hold more can make no more of them wider. Files that are
 * smaller than that hold something that becomes wider than it was. Rows of both are filled up. */
static size_t weights_size(const struct config *config, uint64_t stored,
			   enum model_quantize quantize)
{
	uint64_t halves = model_memory_most(config, PACKED_F32, MODEL_AS_STORED) / 2;
	size_t most = model_memory_most(config, PACKED_F32, quantize);
	size_t least = model_memory_most(config, PACKED_BF16, quantize);
	uint64_t more = stored > halves ? stored - halves : 0;

	if (stored < halves / 20 * 18 || stored > halves / 20 * 36)
		return most;
	least += (size_t)(more + least / 64);
	return least < most ? least : most;
}

enum err engine_size(struct engine_need *out, struct slice text, uint64_t stored_bytes,
		     const struct engine_options *o)
{
	struct config config;

	TRY(config_parse(&config, text));
	choose_cache(&config, o);
	out->tasks = tasks_of(&config);
	add_up(out, &config, weights_size(&config, stored_bytes, o->quantize), 0, o);
	return OK;
}

enum err engine_measure(struct engine_need *out, struct model_files *files,
			const struct engine_options *o)
{
	struct config config;
	size_t weights, beside;

	TRY(check(&out->tasks, files));
	TRY(read_config(&config, files));
	choose_cache(&config, o);
	TRY(model_memory_needed(&weights, &beside, files, &config, o->quantize,
				o->threads ? o->threads : 1));
	add_up(out, &config, weights, beside, o);
	return OK;
}

/* A special token is no text, and never part of an answer that must look like something. */
static void write_guided(void *context, uint32_t id, bool is_first, struct buf *out)
{
	const struct tokenizer *t = context;

	if (!tokenizer_is_special(t, id))
		tokenizer_write_piece(t, id, is_first, out);
}

static void open_guides(struct engine *e)
{
	e->guides = guides_new(&(struct grammar_tokens){.context = e->tokenizer,
							.count = e->config.vocabulary,
							.write = write_guided,
							.ends = e->config.eos,
							.end_count = e->config.eos_count});
}

static enum err open_parts(struct engine *e, struct model_files *files,
			   const struct engine_options *o)
{
	const struct operators *row = o->operators ? o->operators : &operators_onednn;
	struct model_options model = {.budget_bytes = o->memory_budget_bytes,
				      .strict = o->strict,
				      .quantize = o->quantize,
				      .is_quick = o->is_quick,
				      .lent = o->lent};
	struct batch_options batch;

	TRY(read_config(&e->config, files));
	choose_cache(&e->config, o);
	TRY(read_tokenizer(&e->tokenizer, files, &e->config));
	TRY(chat_open(&e->chat, files));
	TRY(compute_new(&e->compute, row, o->threads ? o->threads : 1));
	model.pool = compute_pool(e->compute);
	TRY(model_open(&e->model, files, &e->config, &model));
	batch = batch_options_of(&e->config, o);
	batch.budget_bytes = o->memory_budget_bytes - e->model->memory_bytes;
	TRY(batch_new(&e->batch, e->model, e->compute, &batch));
	open_guides(e);
	return engine_read_open(e, files);
}

enum err engine_open(struct engine **out, struct model_files *files,
		     const struct engine_options *options)
{
	AUTO(engine_auto) struct engine *e = calloc(1, sizeof *e);

	assert(e);
	e->piece = buf_new(PIECE_MAX);
	e->adapters.budget_bytes = options->adapter_budget_bytes;
	e->strict = options->strict;
	TRY(open_parts(e, files, options));
	*out = e;
	e = NULL; /* given away */
	return OK;
}

bool engine_settle(struct engine *e)
{
	return model_settle(e->model);
}

void engine_answer_free(struct answer *a)
{
	if (a->adapter)
		a->adapter->users--;
	guide_free(a->guide);
	textstream_free(a->stream);
	toolcall_free(a->calls);
	buf_free(&a->prompt_text);
	free(a);
}

void engine_close(struct engine *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->answer_count; i++)
		engine_answer_free(e->answers[i]);
	engine_read_close(e);
	batch_free(e->batch);
	guides_free(e->guides);
	places_clear(&e->adapters);
	model_free(e->model);
	compute_free(e->compute);
	chat_free(e->chat);
	tokenizer_free(e->tokenizer);
	buf_free(&e->piece);
	free(e);
}
