/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/reader.h"

struct reader reader_of(struct slice bytes)
{
	return (struct reader){.rest = bytes};
}

enum err reader_done(const struct reader *r)
{
	if (r->failed)
		return failure(ERR_FORMAT, "message: too short, or a field over its limit");
	if (r->rest.size)
		return failure(ERR_FORMAT, "message: %zu bytes too many", r->rest.size);
	return OK;
}

struct slice read_bytes(struct reader *r, size_t size)
{
	struct slice bytes;

	if (r->failed || size > r->rest.size) {
		r->failed = true;
		return (struct slice){0};
	}
	bytes = slice_part(r->rest, 0, size);
	r->rest = slice_part(r->rest, size, r->rest.size);
	return bytes;
}

uint8_t read_u8(struct reader *r)
{
	struct slice b = read_bytes(r, 1);

	return b.size ? b.data[0] : 0;
}

uint16_t read_u16(struct reader *r)
{
	unsigned high = read_u8(r);

	return (uint16_t)(high << 8 | read_u8(r));
}

uint32_t read_u32(struct reader *r)
{
	uint32_t high = read_u16(r);

	return high << 16 | read_u16(r);
}

uint64_t read_u64(struct reader *r)
{
	uint64_t high = read_u32(r);

	return high << 32 | read_u32(r);
}

struct slice read_block(struct reader *r, size_t limit)
{
	size_t size = read_u32(r);

	if (size > limit)
		r->failed = true;
	return read_bytes(r, size);
}

void read_array(struct reader *r, void *out, size_t size)
{
	struct slice b = read_bytes(r, size);

	if (b.size == size && size)
		memcpy(out, b.data, size);
	else
		memset(out, 0, size);
}
