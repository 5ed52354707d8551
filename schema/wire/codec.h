/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codec.h - one description of a body serves both directions.
 *
 * Each message has one function that visits its fields in wire order. With a writer in the
 * codec the visit encodes, with a reader it decodes, so the two cannot differ. Limits hold both
 * ways. What decodes encodes to the same bytes: numbers have one form, booleans are 0 or 1,
 * floats are finite, and counts are bounded by the arrays they fill.
 *
 *     static void visit_key_create(struct codec *c, struct wire_key_create *m)
 *     {
 *             codec_array(c, m->event, sizeof m->event);
 *             codec_u64(c, &m->handle);
 *     }
 *     WIRE_DEFINE(key_create)
 */
#ifndef SCHEMA_WIRE_CODEC_H
#define SCHEMA_WIRE_CODEC_H

#include "crypto/base/buf.h"
#include "crypto/base/reader.h"
#include "schema/wire/message.h"

struct codec {
	struct buf *writer;    /* NULL when decoding */
	struct reader *reader; /* NULL when encoding */
};

void codec_u8(struct codec *c, uint8_t *value);
void codec_u16(struct codec *c, uint16_t *value);
void codec_u32(struct codec *c, uint32_t *value);
void codec_u64(struct codec *c, uint64_t *value);
void codec_bool(struct codec *c, bool *value);
void codec_float(struct codec *c, float *value); /* IEEE 754 bits; finite only */
void codec_array(struct codec *c, uint8_t *bytes, size_t size);
void codec_block(struct codec *c, struct slice *bytes, size_t limit);
void codec_text(struct codec *c, struct slice *text, size_t limit); /* a block of UTF-8 */
void codec_count(struct codec *c, uint16_t *count, uint16_t limit);
void codec_below(struct codec *c, uint8_t *value, uint8_t limit); /* a closed list: < limit */

/* Declares the pair of a message whose struct is wire_NAME. Decoded slices are borrowed from
 * the body. Encoding past a limit makes the buf overflow: ask buf_done(). */
#define WIRE_DECLARE(name) \
	void wire_write_##name(struct buf *out, const struct wire_##name *message); \
	RESULT wire_read_##name(struct wire_##name *out, struct slice body)

#define WIRE_DEFINE(name) \
	void wire_write_##name(struct buf *out, const struct wire_##name *message) \
	{ \
		struct wire_##name copy = *message; /* a visit may not promise const */ \
		struct codec c = {.writer = out}; \
\
		visit_##name(&c, &copy); \
	} \
	enum err wire_read_##name(struct wire_##name *out, struct slice body) \
	{ \
		struct reader r = reader_of(body); \
		struct codec c = {.reader = &r}; \
\
		*out = (struct wire_##name){0}; \
		visit_##name(&c, out); \
		return reader_done(&r); \
	}

#endif
