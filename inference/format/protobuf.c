/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/format/protobuf.h"

#include <string.h>

struct protobuf protobuf_of(struct slice message)
{
	return (struct protobuf){.rest = message};
}

static struct slice take(struct protobuf *p, uint64_t size)
{
	struct slice taken;

	if (size > p->rest.size) {
		p->is_broken = true;
		return (struct slice){0};
	}
	taken = slice_part(p->rest, 0, (size_t)size);
	p->rest = slice_of(p->rest.data + size, p->rest.size - (size_t)size);
	p->at += (size_t)size;
	return taken;
}

/* Seven bits a byte, the lowest first; at most ten bytes. */
static uint64_t take_varint(struct protobuf *p)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 70; shift += 7) {
		struct slice byte = take(p, 1);

		if (byte.size == 0)
			return 0;
		if (shift < 64)
			value |= (uint64_t)(byte.data[0] & 0x7f) << shift;
		if (byte.data[0] < 0x80)
			return value;
	}
	p->is_broken = true;
	return 0;
}

static uint64_t take_fixed(struct protobuf *p, size_t size)
{
	struct slice bytes = take(p, size);
	uint64_t value = 0;

	for (size_t i = bytes.size; i > 0; i--)
		value = value << 8 | bytes.data[i - 1];
	return value;
}

bool protobuf_next(struct protobuf *p, struct protobuf_field *out)
{
	uint64_t key;

	if (p->is_broken || p->rest.size == 0)
		return false;
	key = take_varint(p);
	*out = (struct protobuf_field){.number = (uint32_t)(key >> 3)};
	if (key >> 3 == 0 || key >> 3 > 0x1fffffff) {
		p->is_broken = true;
		return false;
	}
	switch (key & 7) {
	case PROTOBUF_VARINT:
		out->value = take_varint(p);
		break;
	case PROTOBUF_FIXED64:
		out->value = take_fixed(p, 8);
		break;
	case PROTOBUF_BYTES:
		out->bytes = take(p, take_varint(p));
		break;
	case PROTOBUF_FIXED32:
		out->value = take_fixed(p, 4);
		break;
	default:
		p->is_broken = true;
	}
	out->wire = (enum protobuf_wire)(key & 7);
	return !p->is_broken;
}

float protobuf_float(const struct protobuf_field *f)
{
	uint32_t bits = (uint32_t)f->value;
	float value;

	memcpy(&value, &bits, sizeof value);
	return value;
}
