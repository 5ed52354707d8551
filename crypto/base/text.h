/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text.h - bytes as text and back: hex, base64 in both alphabets, UUIDs, cells of CSV. Decoders are
 * strict: wrong length, padding, alphabet or spare bits are ERR_FORMAT (RFC 4648 section 3.5).
 */
#ifndef CRYPTO_BASE_TEXT_H
#define CRYPTO_BASE_TEXT_H

#include "crypto/base/buf.h"

enum text_base64 {
	TEXT_BASE64,         /* RFC 4648 section 4, padded */
	TEXT_BASE64_RAW,     /* section 4, unpadded (age) */
	TEXT_BASE64_URL_RAW, /* section 5, unpadded (JOSE) */
};

void text_write_hex(struct buf *out, struct slice bytes);        /* lower case */
RESULT text_read_hex(void *out, size_t size, struct slice text); /* exactly 2 * size digits */

void text_write_base64(struct buf *out, struct slice bytes, enum text_base64 kind);
RESULT text_read_base64(struct buf *out, struct slice text, enum text_base64 kind);

enum { TEXT_UUID = 37 }; /* 36 characters and a NUL */
void text_uuid(char out[TEXT_UUID], const uint8_t bytes[16]);
RESULT text_read_uuid(uint8_t out[16], struct slice text); /* lower case only */

/* One cell, quoted (RFC 4180). What a spreadsheet would take for a formula has an apostrophe first
 * (OWASP, "CSV Injection"). */
void text_write_csv(struct buf *out, struct slice text);

#endif
