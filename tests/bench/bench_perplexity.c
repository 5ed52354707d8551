/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_perplexity.c - how much a text surprises a GGUF model, for weighing what its weights lose
 *by being stored in fewer bits.
 *
 *	bench_perplexity MODEL.gguf TEXT [TOKENS [WEIGHTS [CACHE]]]
 *
 * The text's tokens are cut into windows of the model's context; each token but the first of its
 * window counts, at most TOKENS of them (0: all). WEIGHTS: "stored", or "w8a8"; CACHE, of keys and
 * values: "f32", "f16" or "q8". One line of JSON.
 */
#include <assert.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/clock.h"
#include "inference/model/config_gguf.h"
#include "inference/model/forward.h"
#include "inference/tokenizer/tokenizer.h"
#include "tests/unit/inference/files.h"

enum { BUDGET = 1 << 30, TEXT_MAX = 2 << 20, FILE_MAX = 256 << 20 };

struct bench {
	struct folder folder;
	struct config config;
	struct tokenizer *tokenizer;
	struct model *model;
	struct compute *compute;
	struct kvcache *cache;
	struct forward *forward;
	struct kvcache_table table;
	uint32_t window;
	enum model_quantize quantize;
	enum attend_type cache_type;
};

static enum err open_model(struct bench *b, const char *path)
{
	AUTO(buf_free) struct buf bytes = buf_new(FILE_MAX);
	AUTO(gguf_auto) struct gguf *g = NULL;

	TRY(file_read(&bytes, AT_FDCWD, path));
	folder_init(&b->folder, "/nowhere");
	folder_set(&b->folder, "model.gguf", buf_slice(&bytes));
	TRY(gguf_find(&g, NULL, &b->folder.files));
	TRY(config_of_gguf(&b->config, g));
	b->config.cache = b->cache_type;
	TRY(tokenizer_open_files(&b->tokenizer, &b->folder.files, g));
	TRY(model_open(&b->model, &b->folder.files, &b->config,
		       &(struct model_options){.budget_bytes = BUDGET, .quantize = b->quantize}));
	b->window = b->config.context < FORWARD_MAX_ROWS ? b->config.context : FORWARD_MAX_ROWS;
	TRY(compute_new(&b->compute, &operators_onednn, 2));
	TRY(kvcache_new(&b->cache, &b->config, kvcache_pages_for(b->window), false));
	TRY(forward_new(&b->forward, b->model, b->cache, b->compute, b->window, b->window, false));
	return kvcache_reserve(b->cache, &b->table, b->window)
		       ? OK
		       : failure(ERR_LIMIT, "too few pages");
}

/* -log of the token's probability. */
static double surprise(const float *logits, size_t count, uint32_t token)
{
	double sum = 0, largest = logits[0];

	for (size_t i = 1; i < count; i++)
		largest = fmax(largest, logits[i]);
	for (size_t i = 0; i < count; i++)
		sum += exp(logits[i] - largest);
	return log(sum) + largest - logits[token];
}

static enum err read_window(double *sum, struct bench *b, const uint32_t *ids, size_t count)
{
	struct forward_row rows[FORWARD_MAX_ROWS] = {0};
	size_t width = b->config.vocabulary;
	float *logits;

	for (size_t i = 0; i + 1 < count; i++)
		rows[i] = (struct forward_row){.table = &b->table,
					       .position = (uint32_t)i,
					       .token = ids[i],
					       .wants_logits = true};
	TRY(forward_run(b->forward, rows, count - 1, &logits));
	for (size_t i = 0; i + 1 < count; i++)
		*sum += surprise(logits + i * width, width, ids[i + 1]);
	return OK;
}

static enum err measure(struct bench *b, const char *path, size_t most, double *sum,
			size_t *counted)
{
	AUTO(buf_free) struct buf text = buf_new(TEXT_MAX);
	AUTO(token_list_free) struct token_list ids = {0};

	TRY(file_read(&text, AT_FDCWD, path));
	TRY(tokenizer_encode_plain(b->tokenizer, &ids, buf_slice(&text)));
	for (size_t at = 0; at + 1 < ids.count && *counted < most; at += b->window) {
		size_t count = ids.count - at < b->window ? ids.count - at : b->window;

		TRY(read_window(sum, b, ids.ids + at, count));
		*counted += count - 1;
	}
	return OK;
}

int main(int count, char **words)
{
	static struct bench b;
	int64_t begun = clock_monotonic_ms();
	size_t most = count > 3 ? strtoul(words[3], NULL, 10) : 0, counted = 0;
	double sum = 0;

	if (count > 4 && strcmp(words[4], "w8a8") == 0)
		b.quantize = MODEL_W8A8;
	while (count > 5 && b.cache_type < ATTEND_Q8 &&
	       strcmp(words[5], attend_type_name(b.cache_type)) != 0)
		b.cache_type++;
	if (count < 3) {
		fprintf(stderr, "usage: bench_perplexity MODEL.gguf TEXT "
				"[TOKENS [WEIGHTS [CACHE]]]\n");
		return 2;
	}
	if (open_model(&b, words[1]) != OK ||
	    measure(&b, words[2], most ? most : SIZE_MAX, &sum, &counted) != OK) {
		fprintf(stderr, "bench_perplexity: %s\n", failure_text());
		return 1;
	}
	printf("{\"bench\":\"perplexity\",\"model\":\"%s\",\"weights\":\"%s\",\"cache\":\"%s\","
	       "\"window\":%u,\"tokens\":%zu,\"perplexity\":%.6g,\"milliseconds\":%lld}\n",
	       words[1], b.quantize == MODEL_W8A8 ? "w8a8" : "stored",
	       attend_type_name(b.cache_type), b.window, counted, exp(sum / (double)counted),
	       (long long)(clock_monotonic_ms() - begun));
	return 0;
}
