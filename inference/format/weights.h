/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weights.h - all tensors of a model, whether in one model.safetensors, in shards listed by
 * model.safetensors.index.json, or, where there are neither, in one GGUF file. Values come out as
 * F32.
 */
#ifndef INFERENCE_FORMAT_WEIGHTS_H
#define INFERENCE_FORMAT_WEIGHTS_H

#include "inference/format/safetensors.h"

enum { WEIGHTS_MAX_SHARDS = 1024 };

struct weights;

/* Are the weights in a GGUF file: is there one, and no safetensors? Then the file describes the
 * model as well, and config.json is not read. */
RESULT weights_are_gguf(bool *out, struct model_files *files);

/* Opens every header, and checks that the index and the shards say the same. `files` and its
 * sources are borrowed until weights_free. */
RESULT weights_open(struct weights **out, struct model_files *files);
void weights_free(struct weights *w); /* NULL is fine */
AUTO_POINTER(weights)

/* May several threads read at once? */
bool weights_are_shared(const struct weights *w);

size_t weights_count(const struct weights *w);
const struct tensor *weights_at(const struct weights *w, size_t i);
const struct tensor *weights_find(const struct weights *w, const char *name); /* or NULL */

/* `size` bytes of the tensor as the file has them, from byte `offset` of it on. */
RESULT weights_read_bytes(const struct weights *w, const struct tensor *tensor, void *out,
			  size_t size, uint64_t offset);

/* The tensor's elements as F32 (blocks.h), into room for tensor->count of them. No copy is left
 * anywhere else. ERR_UNSUPPORTED for a type that blocks_can does not know. */
RESULT weights_read(const struct weights *w, const struct tensor *tensor, float *out);

#endif
