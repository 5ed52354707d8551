/* SPDX-License-Identifier: Apache-2.0 */
/* bench_model.h - a model of 30 million parameters, made up in memory: as much work as a real one.
 */
#ifndef TESTS_BENCH_BENCH_MODEL_H
#define TESTS_BENCH_BENCH_MODEL_H

#include <assert.h>
#include <stdlib.h>

#include "inference/kernel/compute.h"
#include "inference/model/model.h"

static const struct config bench_shape = {
	.family = &family_llama,
	.head = CONFIG_HEAD_LANGUAGE,
	.activation = CONFIG_SILU,
	.gated = true,
	.hidden_size = 512,
	.intermediate_size = 1376,
	.layers = 6,
	.heads = 8,
	.kv_heads = 8,
	.head_size = 64,
	.vocabulary = 20000,
	.context = 1024,
	.norm_epsilon = 1e-5f,
	.tied = true,
	.rope_theta = 10000,
};

/* Small numbers without a pattern that a cache could know; never freed, the program ends. */
static inline const float *bench_matrix(size_t rows, size_t columns)
{
	float *values = calloc(rows * columns, sizeof *values);
	uint32_t x = 1;

	assert(values);
	for (size_t i = 0; i < rows * columns; i++) {
		x = x * 1664525 + 1013904223;
		values[i] = ((float)(x >> 8) / (1 << 24) - 0.5f) * 0.1f;
	}
	return values;
}

static enum packed_type bench_type = PACKED_F32; /* or PACKED_Q8_0: said before the model is made */

static inline void bench_put(struct packed *p, size_t row, const float *values)
{
	uint8_t block[PACKED_MAX_BLOCK_BYTES];

	if (p->type == PACKED_F32)
		packed_put(p, row, 0, p->columns, (const uint8_t *)values);
	for (size_t i = 0; p->type != PACKED_F32 && i < p->columns; i += PACKED_BLOCK) {
		packed_quantize(p->type, values + i, block);
		packed_put(p, row, i, PACKED_BLOCK, block);
	}
}

static inline struct packed bench_packed(size_t rows, size_t columns)
{
	struct packed p = {aligned_alloc(64, packed_bytes(bench_type, rows, columns)), bench_type,
			   rows, columns};
	const float *values = bench_matrix(rows, columns);

	assert(p.data);
	for (size_t i = 0; i < rows; i++)
		bench_put(&p, i, values + i * columns);
	return p;
}

static inline struct model bench_model(void)
{
	struct model m = {.config = bench_shape};

	m.embedding = bench_packed(bench_shape.vocabulary, bench_shape.hidden_size);
	m.head.weight = m.embedding;
	m.decoder.norm.weight = bench_matrix(1, bench_shape.hidden_size);
	m.decoder.layers = calloc(bench_shape.layers, sizeof *m.decoder.layers);
	assert(m.decoder.layers);
	for (size_t i = 0; i < bench_shape.layers; i++)
		m.decoder.layers[i] = (struct model_layer){
			.attention_norm.weight = bench_matrix(1, bench_shape.hidden_size),
			.q.weight = bench_packed(bench_shape.hidden_size, bench_shape.hidden_size),
			.k.weight = bench_packed(bench_shape.hidden_size, bench_shape.hidden_size),
			.v.weight = bench_packed(bench_shape.hidden_size, bench_shape.hidden_size),
			.o.weight = bench_packed(bench_shape.hidden_size, bench_shape.hidden_size),
			.mlp_norm.weight = bench_matrix(1, bench_shape.hidden_size),
			.gate.weight = bench_packed(bench_shape.intermediate_size,
						    bench_shape.hidden_size),
			.up.weight = bench_packed(bench_shape.intermediate_size,
						  bench_shape.hidden_size),
			.down.weight = bench_packed(bench_shape.hidden_size,
						    bench_shape.intermediate_size),
		};
	return m;
}

#endif
