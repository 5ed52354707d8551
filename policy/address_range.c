/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/address_range.h"

#include <arpa/inet.h>

/* All are kept as IPv6; IPv4 is what stands under ::ffff:0:0/96. */
enum { BITS = 128, MAPPED = 96, BYTES = BITS / 8 };

struct range {
	uint8_t bytes[BYTES];
	unsigned prefix;
};

static const uint8_t mapped[MAPPED / 8] = {[10] = 0xff, [11] = 0xff};

static bool is_v4(const struct range *r)
{
	return r->prefix >= MAPPED && memcmp(r->bytes, mapped, sizeof mapped) == 0;
}

static bool read_address(struct range *out, struct slice text)
{
	char copy[INET6_ADDRSTRLEN];

	if (text.size == 0 || text.size >= sizeof copy)
		return false;
	memcpy(copy, text.data, text.size);
	copy[text.size] = '\0';
	out->prefix = BITS;
	memcpy(out->bytes, mapped, sizeof mapped);
	return inet_pton(AF_INET, copy, out->bytes + sizeof mapped) == 1 ||
	       inet_pton(AF_INET6, copy, out->bytes) == 1;
}

static void clear_behind(struct range *r)
{
	for (unsigned bit = r->prefix; bit < BITS; bit++)
		r->bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
}

static bool read_range(struct range *out, struct slice text)
{
	struct slice address, length;
	bool has_length = slice_cut(text, '/', &address, &length);
	uint64_t bits;
	bool written_as_v4 = slice_find(address, ':') == address.size;

	if (!read_address(out, address))
		return false;
	if (!has_length)
		return true;
	if (!slice_to_u64(length, written_as_v4 ? BITS - MAPPED : BITS, &bits))
		return false;
	out->prefix = (unsigned)bits + (written_as_v4 ? MAPPED : 0);
	clear_behind(out);
	return true;
}

enum err address_range_write(struct buf *out, struct slice text)
{
	char address[INET6_ADDRSTRLEN];
	struct range r;

	if (!read_range(&r, text))
		return failure(ERR_FORMAT,
			       "\"%.*s\" is no range of addresses; write 192.0.2.0/24 or "
			       "2001:db8::/32",
			       SLICE_PRINT(slice_part(text, 0, ADDRESS_RANGE_MAX)));
	if (is_v4(&r))
		inet_ntop(AF_INET, r.bytes + sizeof mapped, address, sizeof address);
	else
		inet_ntop(AF_INET6, r.bytes, address, sizeof address);
	buf_printf(out, "%s/%u", address, is_v4(&r) ? r.prefix - MAPPED : r.prefix);
	return OK;
}

static bool covers(const struct range *outer, const struct range *inner)
{
	struct range cut = *inner;

	if (inner->prefix < outer->prefix || is_v4(outer) != is_v4(inner))
		return false;
	cut.prefix = outer->prefix;
	clear_behind(&cut);
	return memcmp(cut.bytes, outer->bytes, BYTES) == 0;
}

static bool one_covers(struct slice ranges, const struct range *what)
{
	bool more = ranges.size > 0;

	while (more) {
		struct slice one;
		struct range r;

		more = slice_cut(ranges, ',', &one, &ranges);
		if (read_range(&r, one) && covers(&r, what))
			return true;
	}
	return false;
}

bool address_ranges_cover(struct slice ranges, struct slice address)
{
	struct range r;

	return ranges.size == 0 || (read_address(&r, address) && one_covers(ranges, &r));
}

bool address_ranges_contain(struct slice outer, struct slice inner)
{
	bool more = inner.size > 0;

	if (outer.size == 0 || !more)
		return outer.size == 0;
	while (more) {
		struct slice one;
		struct range r;

		more = slice_cut(inner, ',', &one, &inner);
		if (!read_range(&r, one) || !one_covers(outer, &r))
			return false;
	}
	return true;
}
