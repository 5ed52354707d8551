/* SPDX-License-Identifier: Apache-2.0 */
/*
 * textstream.h - from the bytes of tokens to text that may be shown: never half a character,
 * never the beginning of what may become a stop string, nothing from a stop string on. Bytes
 * that are not UTF-8 come out as U+FFFD.
 */
#ifndef INFERENCE_TEXTSTREAM_H
#define INFERENCE_TEXTSTREAM_H

#include "crypto/base/buf.h"

enum {
	TEXTSTREAM_MAX_STOPS = 16,
	TEXTSTREAM_MAX_STOP = 1024, /* bytes of one stop string */
};

struct textstream;

/* Copies the stop strings. ERR_LIMIT for too many or too long, ERR_FORMAT for an empty one. */
RESULT textstream_new(struct textstream **out, const struct slice *stops, size_t count);
void textstream_free(struct textstream *t); /* NULL is fine */
AUTO_POINTER(textstream)

/* Ignored once a stop string was seen. */
void textstream_write(struct textstream *t, struct slice bytes);

/* No more bytes will come: what was held back is text now. */
void textstream_finish(struct textstream *t);

/* The text that became safe since the last call; borrowed until the next call. */
struct slice textstream_take(struct textstream *t);

bool textstream_is_stopped(const struct textstream *t);

#endif
