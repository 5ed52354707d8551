/* SPDX-License-Identifier: Apache-2.0 */
/*
 * weights.h - all tensors of a model, whether in one model.safetensors or in shards listed by
 * model.safetensors.index.json. Values come out as F32.
 */
#ifndef INFERENCE_FORMAT_WEIGHTS_H
#define INFERENCE_FORMAT_WEIGHTS_H

#include "inference/format/safetensors.h"

enum { WEIGHTS_MAX_SHARDS = 1024 };

struct weights;

/* Opens every header, and checks that the index and the shards say the same. `files` and its
 * sources are borrowed until weights_free. */
RESULT weights_open(struct weights **out, struct model_files *files);
void weights_free(struct weights *w); /* NULL is fine */
AUTO_POINTER(weights)

size_t weights_count(const struct weights *w);
const struct tensor *weights_at(const struct weights *w, size_t i);
const struct tensor *weights_find(const struct weights *w, const char *name); /* or NULL */

/* The tensor's elements, widened from F16, BF16 or F32 into room for tensor->count floats. No
 * copy of them is left anywhere else. ERR_UNSUPPORTED for other types. */
RESULT weights_read(const struct weights *w, const struct tensor *tensor, float *out);

#endif
