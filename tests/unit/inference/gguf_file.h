/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gguf_file.h - GGUF files for tests, written piece by piece, well or badly.
 */
#ifndef TESTS_UNIT_INFERENCE_GGUF_FILE_H
#define TESTS_UNIT_INFERENCE_GGUF_FILE_H

#include <string.h>

#include "crypto/base/buf.h"
#include "inference/format/gguf.h"

static inline void put_little(struct buf *b, uint64_t value, int size)
{
	for (int i = 0; i < size; i++)
		buf_write_u8(b, (uint8_t)(value >> (8 * i)));
}

static inline void put_text(struct buf *b, const char *text)
{
	put_little(b, strlen(text), 8);
	buf_write_string(b, text);
}

static inline struct buf gguf_begin(uint32_t version, uint64_t tensors, uint64_t pairs)
{
	struct buf b = buf_new(1 << 22);

	buf_write_string(&b, "GGUF");
	put_little(&b, version, 4);
	put_little(&b, tensors, 8);
	put_little(&b, pairs, 8);
	return b;
}

static inline void put_key(struct buf *b, const char *key, uint32_t type)
{
	put_text(b, key);
	put_little(b, type, 4);
}

static inline void put_tensor(struct buf *b, const char *name, uint64_t columns, uint64_t rows,
			      uint32_t type, uint64_t offset)
{
	put_text(b, name);
	put_little(b, rows ? 2 : 1, 4);
	put_little(b, columns, 8);
	if (rows)
		put_little(b, rows, 8);
	put_little(b, type, 4);
	put_little(b, offset, 8);
}

static inline void put_zeros(struct buf *b, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_write_u8(b, 0);
}

static inline void put_padding(struct buf *b, size_t alignment)
{
	while (b->size % alignment != 0)
		buf_write_u8(b, 0);
}

#endif
