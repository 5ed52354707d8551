/* SPDX-License-Identifier: Apache-2.0 */
/*
 * made.h - GGUF files of models with random weights, for the shapes and settings that trained ones
 * lack: rows of whole K-quant blocks, RoPE stretched, heads wider than their share, biases, norms.
 */
#ifndef TESTS_CONFORMANCE_LLAMA_CPP_MADE_H
#define TESTS_CONFORMANCE_LLAMA_CPP_MADE_H

#include "crypto/base/buf.h"

struct made {
	const char *name;
	const char *architecture; /* llama, qwen2 or qwen3 */
	uint32_t hidden, mlp, layers, heads, kv_heads, head_size, vocabulary;
	float theta;
	float linear;    /* positions are divided by it; 0: not */
	bool factors;    /* a tensor stretches each frequency, as LLaMA 3.1 has it */
	bool has_output; /* a head of its own */
};

extern const struct made made_models[];
extern const size_t made_count;

/* The file's bytes, the same each time. */
void made_write(struct buf *out, const struct made *m);

#endif
