/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.h - a growing run of bytes with a ceiling. It remembers the first failure, so callers
 * write straight lines and ask once, with buf_done().
 */
#ifndef CRYPTO_BASE_BUF_H
#define CRYPTO_BASE_BUF_H

#include "crypto/base/err.h"
#include "crypto/base/slice.h"

struct buf {
	uint8_t *data;
	size_t size;
	size_t capacity;
	size_t limit;  /* the ceiling in bytes */
	bool overflow; /* the ceiling was hit; what came after it is lost */
};

struct buf buf_new(size_t limit);            /* allocates nothing yet */
void buf_free(struct buf *b);                /* fit for AUTO; wipes nothing */
void buf_reset(struct buf *b);               /* empty again, memory kept */
RESULT buf_done(const struct buf *b);        /* ERR_LIMIT if anything did not fit */
struct slice buf_slice(const struct buf *b); /* borrowed until the next write */

void buf_write(struct buf *b, struct slice bytes);
void buf_write_string(struct buf *b, const char *text);
void buf_write_u8(struct buf *b, uint8_t value);
void buf_write_u16(struct buf *b, uint16_t value); /* numbers are big endian */
void buf_write_u32(struct buf *b, uint32_t value);
void buf_write_u64(struct buf *b, uint64_t value);
void buf_write_block(struct buf *b, struct slice bytes); /* u32 length, then the bytes */
void buf_write_decimal(struct buf *b, uint64_t value);   /* as text */
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Room for `size` bytes that the caller fills and then counts with buf_commit(); NULL past
 * the ceiling. */
uint8_t *buf_reserve(struct buf *b, size_t size);
void buf_commit(struct buf *b, size_t size);

/* Drop the first `size` bytes. */
void buf_consume(struct buf *b, size_t size);

/* The text with a NUL behind it, for foreign libraries. Borrowed until the next write. */
const char *buf_string(struct buf *b);

#endif
