/* SPDX-License-Identifier: Apache-2.0 */
/*
 * safetensors.h - the strict reader of one safetensors header: an 8-byte little-endian length, a
 * JSON object, then the data. Every byte of the data belongs to exactly one tensor: overlaps,
 * holes, sizes that do not match shape and type, and offsets out of range are refused, as the
 * format's own reference does. Source: the format's README and its list of abuse attempts.
 */
#ifndef INFERENCE_FORMAT_SAFETENSORS_H
#define INFERENCE_FORMAT_SAFETENSORS_H

#include "inference/format/source.h"
#include "inference/format/tensor.h"

enum {
	SAFETENSORS_MAX_HEADER = 100 * 1000 * 1000, /* bytes of JSON; the reference's ceiling */
	SAFETENSORS_MAX_TENSORS = 1 << 20,
};

struct safetensors;

/* Reads and checks the header. The source is borrowed and must outlive *out, which the caller
 * frees. ERR_FORMAT, ERR_LIMIT, or whatever the source fails with. */
RESULT safetensors_open(struct safetensors **out, struct weight_source *source);
void safetensors_free(struct safetensors *s); /* NULL is fine */
AUTO_POINTER(safetensors)

size_t safetensors_count(const struct safetensors *s);
const struct tensor *safetensors_at(const struct safetensors *s, size_t i); /* by offset */
const struct tensor *safetensors_find(const struct safetensors *s, const char *name); /* or NULL */

#endif
