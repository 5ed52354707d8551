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

enum {
	SAFETENSORS_MAX_HEADER = 100 * 1000 * 1000, /* bytes of JSON; the reference's ceiling */
	SAFETENSORS_MAX_TENSORS = 1 << 20,
	SAFETENSORS_MAX_RANK = 8,
};

/* type, its name in the file, bits of one element */
#define TENSOR_TYPES(X) \
	X(TENSOR_BOOL, "BOOL", 8) \
	X(TENSOR_U8, "U8", 8) \
	X(TENSOR_I8, "I8", 8) \
	X(TENSOR_F8_E5M2, "F8_E5M2", 8) \
	X(TENSOR_F8_E4M3, "F8_E4M3", 8) \
	X(TENSOR_I16, "I16", 16) \
	X(TENSOR_U16, "U16", 16) \
	X(TENSOR_F16, "F16", 16) \
	X(TENSOR_BF16, "BF16", 16) \
	X(TENSOR_I32, "I32", 32) \
	X(TENSOR_U32, "U32", 32) \
	X(TENSOR_F32, "F32", 32) \
	X(TENSOR_F64, "F64", 64) \
	X(TENSOR_I64, "I64", 64) \
	X(TENSOR_U64, "U64", 64)

#define TENSOR_ENUM(type, name, bits) type,
enum tensor_type { TENSOR_TYPES(TENSOR_ENUM) };
#undef TENSOR_ENUM

struct tensor {
	const char *name; /* borrowed from the file that holds it */
	enum tensor_type type;
	unsigned rank; /* 0: a scalar */
	uint64_t shape[SAFETENSORS_MAX_RANK];
	uint64_t count;  /* elements */
	uint64_t offset; /* in bytes, from the beginning of the file */
	uint64_t size;   /* in bytes */
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

const char *tensor_type_name(enum tensor_type type);
size_t tensor_type_size(enum tensor_type type); /* bytes of one element */

#endif
