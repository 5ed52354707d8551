/* SPDX-License-Identifier: Apache-2.0 */
/* gguf_parts.h - what the files of the GGUF reader share: gguf.c reads, gguf_values.c answers. */
#ifndef INFERENCE_FORMAT_GGUF_PARTS_H
#define INFERENCE_FORMAT_GGUF_PARTS_H

#include "crypto/base/arena.h"
#include "crypto/base/buf.h"
#include "inference/format/gguf.h"

/* One pair of the metadata. Places are those in the file, which begins in memory as it does on
 * disk. Of an array `at` is where its elements begin, and `type` is theirs. */
struct gguf_pair {
	const char *key;
	size_t at;
	size_t size; /* bytes of the value; of a text without its length */
	uint64_t count;
	enum gguf_type type;
	bool is_array;
};

struct gguf {
	char file[GGUF_FILE_NAME + 1];
	struct buf header;       /* the file's first bytes */
	struct gguf_pair *pairs; /* by key */
	size_t pair_count;
	struct tensor *tensors; /* by offset */
	const struct tensor **by_name;
	size_t tensor_count;
	struct arena names; /* of keys and tensors */
};

int gguf_compare_keys(const void *a, const void *b); /* of two pairs */
size_t gguf_type_size(enum gguf_type type);          /* 0: of no fixed size */
uint64_t gguf_little(const uint8_t *bytes, size_t size);

#endif
