/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct buf buf_new(size_t limit)
{
	return (struct buf){.limit = limit};
}

void buf_free(struct buf *b)
{
	free(b->data);
	*b = (struct buf){.limit = b->limit};
}

void buf_reset(struct buf *b)
{
	b->size = 0;
	b->overflow = false;
}

enum err buf_done(const struct buf *b)
{
	if (b->overflow)
		return failure(ERR_LIMIT, "buffer: more than %zu bytes", b->limit);
	return OK;
}

struct slice buf_slice(const struct buf *b)
{
	return slice_of(b->data, b->size);
}

uint8_t *buf_reserve(struct buf *b, size_t size)
{
	size_t capacity = b->capacity ? b->capacity : 64;

	if (b->overflow || size > b->limit - b->size) {
		b->overflow = true;
		return NULL;
	}
	while (capacity - b->size < size + 1) /* one spare, for buf_string */
		capacity *= 2;
	if (capacity != b->capacity || !b->data) {
		uint8_t *grown = realloc(b->data, capacity);

		assert(grown); /* within a named ceiling: our own size */
		b->data = grown;
		b->capacity = capacity;
	}
	return b->data + b->size;
}

void buf_commit(struct buf *b, size_t size)
{
	assert(size < b->capacity - b->size);
	b->size += size;
}

void buf_write(struct buf *b, struct slice bytes)
{
	uint8_t *room = buf_reserve(b, bytes.size);

	if (!room || bytes.size == 0)
		return;
	memcpy(room, bytes.data, bytes.size);
	b->size += bytes.size;
}

void buf_write_string(struct buf *b, const char *text)
{
	buf_write(b, slice_of_string(text));
}

void buf_write_u8(struct buf *b, uint8_t value)
{
	buf_write(b, slice_of(&value, 1));
}

void buf_write_u16(struct buf *b, uint16_t value)
{
	uint8_t bytes[2] = {(uint8_t)(value >> 8), (uint8_t)value};

	buf_write(b, slice_of(bytes, sizeof bytes));
}

void buf_write_u32(struct buf *b, uint32_t value)
{
	buf_write_u16(b, (uint16_t)(value >> 16));
	buf_write_u16(b, (uint16_t)value);
}

void buf_write_u64(struct buf *b, uint64_t value)
{
	buf_write_u32(b, (uint32_t)(value >> 32));
	buf_write_u32(b, (uint32_t)value);
}

void buf_write_block(struct buf *b, struct slice bytes)
{
	if (bytes.size > UINT32_MAX) {
		b->overflow = true;
		return;
	}
	buf_write_u32(b, (uint32_t)bytes.size);
	buf_write(b, bytes);
}

/* Into the room there is; most texts fit. Their size, or what it would be; negative: no. */
__attribute__((format(printf, 2, 0))) static int print(struct buf *b, const char *format,
						       va_list args)
{
	size_t room = b->data ? b->capacity - b->size : 0;

	return vsnprintf(room ? (char *)b->data + b->size : NULL, room, format, args);
}

void buf_printf(struct buf *b, const char *format, ...)
{
	bool fits;
	va_list args;
	int size;

	va_start(args, format);
	size = print(b, format, args);
	va_end(args);
	assert(size >= 0);
	fits = b->data && (size_t)size < b->capacity - b->size;
	if (!buf_reserve(b, (size_t)size))
		return;
	if (!fits) {
		va_start(args, format);
		print(b, format, args);
		va_end(args);
	}
	b->size += (size_t)size;
}

void buf_write_decimal(struct buf *b, uint64_t value)
{
	uint8_t digits[20];
	size_t at = sizeof digits;

	do
		digits[--at] = (uint8_t)('0' + value % 10);
	while (value /= 10);
	buf_write(b, slice_of(digits + at, sizeof digits - at));
}

void buf_consume(struct buf *b, size_t size)
{
	assert(size <= b->size);
	if (size == 0)
		return;
	memmove(b->data, b->data + size, b->size - size);
	b->size -= size;
}

const char *buf_string(struct buf *b)
{
	if (!b->data && !buf_reserve(b, 0))
		return "";
	b->data[b->size] = '\0';
	return (const char *)b->data;
}
