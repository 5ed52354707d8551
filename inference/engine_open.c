/* SPDX-License-Identifier: Apache-2.0 */
/* From files to an engine that is ready, and back to nothing. */
#include <assert.h>
#include <stdlib.h>

#include "inference/engine_parts.h"
#include "inference/format/json.h"

enum { DEFAULT_SEQUENCES = 8, PIECE_MAX = 4 * TOKENIZER_MAX_TOKEN };

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

static enum err read_config(struct config *out, struct model_files *files)
{
	AUTO(buf_free) struct buf text = buf_new(CONFIG_MAX_TEXT);
	enum err found;

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

	TRY(tokenizer_open_files(&t, files, NULL));
	if (tokenizer_vocabulary(t) > config->vocabulary)
		return failure(ERR_FORMAT, "the tokenizer has %zu tokens, config.json says %u",
			       tokenizer_vocabulary(t), config->vocabulary);
	*out = t;
	t = NULL; /* given away */
	return OK;
}

/* What is a model of another kind opens, but is not for this: it writes nothing. */
static enum err check_writes(const struct config *config)
{
	if (config->head == CONFIG_HEAD_LANGUAGE && config->encoder_layers == 0)
		return OK;
	if (config->head == CONFIG_HEAD_LANGUAGE)
		return failure(ERR_UNSUPPORTED,
			       "config.json: \"model_type\" is \"%s\": an encoder with a decoder, "
			       "which this engine does not serve",
			       config->family->name);
	return failure(ERR_UNSUPPORTED,
		       "config.json: \"architectures\" names a %s model that writes no text, which "
		       "this engine does not serve",
		       config->family->name);
}

enum err engine_check(struct model_files *files)
{
	AUTO(tokenizer_auto) struct tokenizer *t = NULL;
	struct config config;

	TRY(read_config(&config, files));
	TRY(check_writes(&config));
	TRY(read_tokenizer(&t, files, &config));
	return model_check(files, &config);
}

static enum err open_parts(struct engine *e, struct model_files *files,
			   const struct engine_options *o)
{
	const struct operators *row = o->operators ? o->operators : &operators_onednn;
	struct batch_options batch = {.strict = o->strict};

	TRY(read_config(&e->config, files));
	TRY(check_writes(&e->config));
	TRY(read_tokenizer(&e->tokenizer, files, &e->config));
	TRY(compute_new(&e->compute, row, o->threads ? o->threads : 1));
	TRY(model_open(&e->model, files, &e->config, o->memory_budget_bytes, o->strict));
	batch.sequences = o->sequences ? o->sequences : DEFAULT_SEQUENCES;
	batch.context = e->config.context;
	if (o->context > 0 && o->context < e->config.context)
		batch.context = o->context;
	batch.budget_bytes = o->memory_budget_bytes - e->model->memory_bytes;
	return batch_new(&e->batch, e->model, e->compute, &batch);
}

enum err engine_open(struct engine **out, struct model_files *files,
		     const struct engine_options *options)
{
	AUTO(engine_auto) struct engine *e = calloc(1, sizeof *e);

	assert(e);
	e->piece = buf_new(PIECE_MAX);
	TRY(open_parts(e, files, options));
	*out = e;
	e = NULL; /* given away */
	return OK;
}

void engine_answer_free(struct answer *a)
{
	textstream_free(a->stream);
	free(a);
}

void engine_close(struct engine *e)
{
	if (!e)
		return;
	for (size_t i = 0; i < e->answer_count; i++)
		engine_answer_free(e->answers[i]);
	batch_free(e->batch);
	model_free(e->model);
	compute_free(e->compute);
	tokenizer_free(e->tokenizer);
	buf_free(&e->piece);
	free(e);
}
