/* SPDX-License-Identifier: Apache-2.0 */
/* ours.h - what our own forward pass makes of a GGUF file. */
#ifndef TESTS_CONFORMANCE_LLAMA_CPP_OURS_H
#define TESTS_CONFORMANCE_LLAMA_CPP_OURS_H

#include "inference/format/tensor.h"
#include "inference/kernel/compute.h"
#include "inference/model/config.h"

struct ours {
	struct config config;
	size_t count;                      /* positions that were run */
	size_t width;                      /* numbers of each */
	float *out;                        /* [count][width]; the caller's to free() */
	size_t tensors[TENSOR_TYPE_COUNT]; /* of each type, in the file */
	int32_t ids[512];
};

/* As library_run: logits, states of an encoder, or logits of a decoder that has read the same ids.
 * At most `most` positions; `row` multiplies. */
RESULT ours_run(struct ours *out, const char *path, const struct operators *row, size_t most);

#endif
