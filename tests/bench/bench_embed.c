/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_embed.c - how fast the engine reads texts: an encoder of BERT-base's shape (12 layers of
 * 768 values, 12 heads), made up in memory. Each line of its input, "length texts", is a list of
 * texts that it reads once; it answers with a line of JSON. Arguments: threads, and the folder into
 * which the same weights are written as raw floats for bench_embed.mjs, which asks.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "inference/kernel/compute.h"
#include "inference/reading/readings.h"

enum { BUDGET = 64 << 20 };

static const struct config shape = {
	.family = &family_bert,
	.activation = CONFIG_GELU,
	.hidden_size = 768,
	.intermediate_size = 3072,
	.encoder_layers = 12,
	.heads = 12,
	.kv_heads = 12,
	.head_size = 64,
	.vocabulary = 1000, /* its size costs nothing here */
	.context = 512,
	.segments = 2,
	.norm_epsilon = 1e-12f,
	.attention_bias = true,
	.mlp_bias = true,
};

static FILE *copy; /* of every matrix, in the order in which they are made */

static const float *matrix(size_t rows, size_t columns)
{
	float *values = calloc(rows * columns, sizeof *values);
	static uint32_t x = 1;

	assert(values);
	for (size_t i = 0; i < rows * columns; i++) {
		x = x * 1664525 + 1013904223;
		values[i] = ((float)(x >> 8) / (1 << 24) - 0.5f) * 0.1f;
	}
	if (copy)
		fwrite(values, sizeof *values, rows * columns, copy);
	return values;
}

static struct affine affine(size_t outputs, size_t inputs)
{
	const float *weight = matrix(outputs, inputs);

	return (struct affine){weight, matrix(1, outputs)};
}

static struct packed packed(size_t rows, size_t columns)
{
	struct packed p = {aligned_alloc(64, packed_bytes(PACKED_F32, rows, columns)), PACKED_F32,
			   rows, columns};
	const float *values = matrix(rows, columns);

	assert(p.data);
	for (size_t i = 0; i < rows; i++)
		packed_put(&p, i, 0, columns, (const uint8_t *)(values + i * columns));
	return p;
}

static struct dense dense(size_t outputs, size_t inputs)
{
	struct packed weight = packed(outputs, inputs);

	return (struct dense){weight, matrix(1, outputs)};
}

static struct model make_model(void)
{
	const size_t hidden = shape.hidden_size, wide = shape.intermediate_size;
	struct model m = {.config = shape};

	m.embedding = packed(shape.vocabulary, hidden);
	m.positions = matrix(shape.context, hidden);
	m.segments = matrix(shape.segments, hidden);
	m.embedding_norm = affine(hidden, 1);
	m.encoder.layers = calloc(shape.encoder_layers, sizeof *m.encoder.layers);
	assert(m.encoder.layers);
	for (size_t i = 0; i < shape.encoder_layers; i++) {
		struct model_layer *l = &m.encoder.layers[i];

		l->q = dense(hidden, hidden);
		l->k = dense(hidden, hidden);
		l->v = dense(hidden, hidden);
		l->o = dense(hidden, hidden);
		l->attention_norm = affine(hidden, 1);
		l->up = dense(wide, hidden);
		l->down = dense(hidden, wide);
		l->mlp_norm = affine(hidden, 1);
	}
	return m;
}

static void must(enum err result)
{
	if (result == OK)
		return;
	fprintf(stderr, "%s\n", failure_text());
	exit(1);
}

static void count(void *context, const struct reading_result *result)
{
	double *sum = context;

	for (size_t i = 0; i < result->value_count; i++)
		*sum += (double)result->values[i];
}

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* All texts of one length, once. */
static void measure(const struct model *model, struct readings *r, size_t length, size_t texts)
{
	uint32_t tokens[512];
	double sum = 0, clock = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);

	for (size_t i = 0; i < length; i++)
		tokens[i] = (uint32_t)(i * 7 % model->config.vocabulary);
	for (size_t i = 0; i < texts; i++)
		must(readings_add(
			r, &(struct reading){.index = i, .tokens = tokens, .token_count = length}));
	while (!readings_are_idle(r))
		must(readings_step(r, count, &sum));
	printf("{\"seconds\":%.6f,\"cpu\":%.6f,\"sum\":%.6g}\n", seconds(CLOCK_MONOTONIC) - clock,
	       seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu, sum / (double)texts);
	fflush(stdout);
}

/* "length texts", a line each time we are to read. */
static void serve(const struct model *model, struct readings *r)
{
	char line[64], *rest;

	while (fgets(line, sizeof line, stdin)) {
		size_t length = strtoul(line, &rest, 10), texts = strtoul(rest, NULL, 10);

		if (length == 0 || length > 512 || texts == 0 || texts > READINGS_MAX_WAITING)
			exit(2);
		measure(model, r, length, texts);
	}
}

int main(int argc, char **argv)
{
	unsigned threads = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1;
	AUTO(compute_auto) struct compute *compute = NULL;
	AUTO(kvcache_auto) struct kvcache *cache = NULL;
	AUTO(forward_auto) struct forward *forward = NULL;
	AUTO(readings_auto) struct readings *readings = NULL;
	struct pooling pooling = {.mode = POOLING_MEAN};
	struct model model;

	if (argc > 2) {
		char path[512];

		snprintf(path, sizeof path, "%s/weights.f32", argv[2]);
		copy = fopen(path, "wb");
		assert(copy);
	}
	model = make_model();
	if (copy)
		fclose(copy);
	must(compute_new(&compute, &operators_onednn, threads));
	must(kvcache_new(&cache, &shape, BUDGET / kvcache_page_bytes(&shape), false));
	must(forward_new(&forward, &model, cache, compute, 1, shape.context, false));
	must(readings_new(&readings, &model, cache, forward, &pooling, shape.context));
	puts("{}"); /* ready */
	fflush(stdout);
	serve(&model, readings);
	return 0;
}
