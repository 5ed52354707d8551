/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/wire/codec.h"

#include <math.h>

/* Refuse the value that was just visited, in the direction that is under way. */
static void refuse(struct codec *c)
{
	if (c->writer)
		c->writer->overflow = true;
	else
		c->reader->failed = true;
}

void codec_u8(struct codec *c, uint8_t *value)
{
	if (c->writer)
		buf_write_u8(c->writer, *value);
	else
		*value = read_u8(c->reader);
}

void codec_u16(struct codec *c, uint16_t *value)
{
	if (c->writer)
		buf_write_u16(c->writer, *value);
	else
		*value = read_u16(c->reader);
}

void codec_u32(struct codec *c, uint32_t *value)
{
	if (c->writer)
		buf_write_u32(c->writer, *value);
	else
		*value = read_u32(c->reader);
}

void codec_u64(struct codec *c, uint64_t *value)
{
	if (c->writer)
		buf_write_u64(c->writer, *value);
	else
		*value = read_u64(c->reader);
}

void codec_bool(struct codec *c, bool *value)
{
	uint8_t byte = *value;

	codec_below(c, &byte, 2);
	*value = byte == 1;
}

void codec_float(struct codec *c, float *value)
{
	uint32_t bits;

	memcpy(&bits, value, sizeof bits);
	codec_u32(c, &bits);
	memcpy(value, &bits, sizeof bits);
	if (isfinite(*value))
		return;
	*value = 0;
	refuse(c);
}

void codec_array(struct codec *c, uint8_t *bytes, size_t size)
{
	if (c->writer)
		buf_write(c->writer, slice_of(bytes, size));
	else
		read_array(c->reader, bytes, size);
}

void codec_block(struct codec *c, struct slice *bytes, size_t limit)
{
	if (!c->writer)
		*bytes = read_block(c->reader, limit);
	else if (bytes->size > limit)
		refuse(c);
	else
		buf_write_block(c->writer, *bytes);
}

void codec_text(struct codec *c, struct slice *text, size_t limit)
{
	codec_block(c, text, limit);
	if (slice_is_utf8(*text))
		return;
	*text = (struct slice){0};
	refuse(c);
}

void codec_count(struct codec *c, uint16_t *count, uint16_t limit)
{
	codec_u16(c, count);
	if (*count <= limit)
		return;
	*count = 0; /* the loop that follows must not run past its array */
	refuse(c);
}

void codec_below(struct codec *c, uint8_t *value, uint8_t limit)
{
	codec_u8(c, value);
	if (*value < limit)
		return;
	*value = 0;
	refuse(c);
}
