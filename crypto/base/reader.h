/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reader.h - reads big-endian binary from a slice. It remembers the first failure and from
 * then on returns zeros; reader_done() insists that every byte was used.
 */
#ifndef CRYPTO_BASE_READER_H
#define CRYPTO_BASE_READER_H

#include "crypto/base/err.h"
#include "crypto/base/slice.h"

struct reader {
	struct slice rest;
	bool failed;
};

struct reader reader_of(struct slice bytes);
RESULT reader_done(const struct reader *r); /* ERR_FORMAT: too short, too long, over a limit */

uint8_t read_u8(struct reader *r);
uint16_t read_u16(struct reader *r);
uint32_t read_u32(struct reader *r);
uint64_t read_u64(struct reader *r);
struct slice read_bytes(struct reader *r, size_t size);    /* borrowed from the input */
struct slice read_block(struct reader *r, size_t limit);   /* u32 length, then the bytes */
void read_array(struct reader *r, void *out, size_t size); /* copies exactly `size` bytes */

#endif
