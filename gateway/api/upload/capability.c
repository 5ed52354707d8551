/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/upload/capability.h"

#include "crypto/base/reader.h"
#include "crypto/base/text.h"
#include "crypto/digest.h"

enum { CAPABILITY_BYTES = 1 + 16 + 16 + 32 + 8 + 4 + 8, MIB = 1024 * 1024 };

static const char domain[] = "sallyport/upload/v2\n";

static void write_body(struct buf *out, const struct capability *c)
{
	buf_write_u8(out, (uint8_t)c->kind);
	buf_write(out, slice_of(c->person, sizeof c->person));
	buf_write(out, slice_of(c->model, sizeof c->model));
	buf_write(out, slice_of(c->sha256, sizeof c->sha256));
	buf_write_u64(out, c->size);
	buf_write_u32(out, c->part);
	buf_write_u64(out, (uint64_t)c->expires_seconds);
}

static struct digest mac_of(struct slice body, const uint8_t key[32])
{
	return digest_hmac(slice_of(key, 32), slice_of_string(domain), body);
}

void capability_write(struct buf *out, const struct capability *c, const uint8_t key[32])
{
	AUTO(buf_free) struct buf bytes = buf_new(CAPABILITY_BYTES + DIGEST_SIZE);
	struct digest mac;

	write_body(&bytes, c);
	mac = mac_of(buf_slice(&bytes), key);
	buf_write(&bytes, slice_of(mac.bytes, DIGEST_SIZE));
	text_write_base64(out, buf_slice(&bytes), TEXT_BASE64_URL_RAW);
}

enum err capability_read(struct capability *out, struct slice text, const uint8_t key[32],
			 int64_t now_seconds)
{
	AUTO(buf_free) struct buf bytes = buf_new(CAPABILITY_BYTES + DIGEST_SIZE);
	struct reader r;
	struct digest mac, expected;
	uint8_t kind;

	TRY(text_read_base64(&bytes, text, TEXT_BASE64_URL_RAW));
	expected = mac_of(slice_part(buf_slice(&bytes), 0, CAPABILITY_BYTES), key);
	r = reader_of(buf_slice(&bytes));
	kind = read_u8(&r);
	read_array(&r, out->person, sizeof out->person);
	read_array(&r, out->model, sizeof out->model);
	read_array(&r, out->sha256, sizeof out->sha256);
	out->size = read_u64(&r);
	out->part = read_u32(&r);
	out->expires_seconds = (int64_t)read_u64(&r);
	read_array(&r, mac.bytes, DIGEST_SIZE);
	TRY(reader_done(&r));
	if (!digest_equal(&mac, &expected))
		return failure(ERR_FORGED, "this upload address was not made here, or was altered");
	if (kind > CAPABILITY_COMPLETE)
		return failure(ERR_FORMAT, "this upload address is of no kind");
	out->kind = (enum capability_kind)kind;
	if (now_seconds >= out->expires_seconds)
		return failure(ERR_EXPIRED, "this upload address has expired; ask for a new one");
	return OK;
}

uint64_t capability_part_size(uint64_t size)
{
	uint64_t least = size / CAPABILITY_MAX_PARTS + (size % CAPABILITY_MAX_PARTS != 0);
	uint64_t rounded = (least + MIB - 1) / MIB * MIB;

	return rounded > CAPABILITY_LEAST_PART ? rounded : CAPABILITY_LEAST_PART;
}

uint32_t capability_part_count(uint64_t size)
{
	uint64_t part = capability_part_size(size);

	return size <= part ? 1 : (uint32_t)((size - 1) / part + 1);
}

enum err capability_part_bytes(uint64_t *out, const struct capability *c)
{
	uint64_t part = capability_part_size(c->size);
	uint32_t count = capability_part_count(c->size);

	if (c->part < 1 || c->part > count)
		return failure(ERR_FORMAT, "there is no part %u of %u", c->part, count);
	*out = c->part < count ? part : c->size - part * (count - 1);
	return OK;
}
