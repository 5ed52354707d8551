/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/conformance/llama_cpp/ours.h"

#include <assert.h>
#include <stdlib.h>

#include "inference/model/config_gguf.h"
#include "inference/model/forward.h"
#include "tests/unit/inference/files.h"

enum { FILE_MAX = 64 << 20, BUDGET = 1 << 30 };

struct pass {
	struct model *model;
	struct compute *compute;
	struct kvcache *cache;
	struct forward *forward;
	struct kvcache_table table, source;
};

static void pass_clear(struct pass *p)
{
	if (p->cache) {
		kvcache_release(p->cache, &p->table);
		kvcache_release(p->cache, &p->source);
	}
	forward_free(p->forward);
	kvcache_free(p->cache);
	compute_free(p->compute);
	model_free(p->model);
}

static enum err open_pass(struct pass *p, struct model_files *files, const struct config *c,
			  const struct operators *row, size_t count)
{
	TRY(model_open(&p->model, files, c, &(struct model_options){.budget_bytes = BUDGET}));
	TRY(compute_new(&p->compute, row, 1));
	TRY(kvcache_new(&p->cache, c, 2 * kvcache_pages_for(count), false));
	TRY(forward_new(&p->forward, p->model, p->cache, p->compute, count, count, false));
	if (!kvcache_reserve(p->cache, &p->table, count) ||
	    !kvcache_reserve(p->cache, &p->source, count))
		return failure(ERR_LIMIT, "too few pages");
	return OK;
}

static enum err read_all(struct ours *o, const struct pass *p)
{
	struct forward_row rows[FORWARD_MAX_ROWS] = {0};
	const float *hidden;

	for (size_t i = 0; i < o->count; i++)
		rows[i] = (struct forward_row){.table = &p->source,
					       .position = (uint32_t)i,
					       .token = (uint32_t)o->ids[i],
					       .length = (uint32_t)o->count};
	TRY(forward_encode(p->forward, rows, o->count, &hidden));
	memcpy(o->out, hidden, o->count * o->config.hidden_size * sizeof *o->out);
	return OK;
}

static enum err write_all(struct ours *o, const struct pass *p)
{
	struct forward_row rows[FORWARD_MAX_ROWS] = {0};
	float *logits;

	for (size_t i = 0; i < o->count; i++)
		rows[i] = (struct forward_row){
			.table = &p->table,
			.position = (uint32_t)i,
			.token = (uint32_t)o->ids[i],
			.wants_logits = true,
			.source = o->config.encoder_layers ? &p->source : NULL,
			.source_length = o->config.encoder_layers ? (uint32_t)o->count : 0};
	TRY(forward_run(p->forward, rows, o->count, &logits));
	memcpy(o->out, logits, o->count * o->width * sizeof *o->out);
	return OK;
}

static enum err run(struct ours *o, struct model_files *files, const struct operators *row)
{
	AUTO(pass_clear) struct pass pass = {0};
	const struct config *c = &o->config;

	TRY(open_pass(&pass, files, c, row, o->count));
	o->width = c->layers ? c->vocabulary : c->hidden_size;
	o->out = calloc(o->count * (o->width > c->hidden_size ? o->width : c->hidden_size),
			sizeof *o->out);
	assert(o->out);
	if (c->encoder_layers)
		TRY(read_all(o, &pass));
	return c->layers ? write_all(o, &pass) : OK;
}

enum err ours_run(struct ours *out, const char *path, const struct operators *row, size_t most)
{
	AUTO(buf_free) struct buf bytes = buf_new(FILE_MAX);
	AUTO(gguf_auto) struct gguf *g = NULL;
	AUTO(folder_free) struct folder folder;

	*out = (struct ours){.count = most};
	folder_init(&folder, "/nowhere");
	TRY(file_read(&bytes, AT_FDCWD, path));
	folder_set(&folder, "model.gguf", buf_slice(&bytes));
	TRY(gguf_find(&g, NULL, &folder.files));
	TRY(config_of_gguf(&out->config, g));
	for (size_t i = 0; i < gguf_tensor_count(g); i++)
		out->tensors[gguf_tensor_at(g, i)->type]++;
	if (out->config.context < most)
		out->count = out->config.context;
	if (out->config.activation == CONFIG_GELU) /* llama.cpp knows the approximation only */
		out->config.activation = CONFIG_GELU_TANH;
	for (size_t i = 0; i < out->count; i++)
		out->ids[i] = (int32_t)((i * 7 + 3) % out->config.vocabulary);
	return run(out, &folder.files, row);
}
