/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base62.h"

#include <assert.h>

enum { BASE62_DIGITS_MAX = 2 * BASE62_MAX };

static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static int digit_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'z' ? c - 'a' + 36 : -1;
}

/* Long division by 62, digit by digit from the low end. */
void base62_write(struct buf *out, struct slice bytes, size_t digits)
{
	uint8_t number[BASE62_MAX];
	uint8_t text[BASE62_DIGITS_MAX];

	assert(bytes.size <= BASE62_MAX && digits <= BASE62_DIGITS_MAX);
	memcpy(number, bytes.data, bytes.size);
	for (size_t d = digits; d-- > 0;) {
		unsigned rest = 0;

		for (size_t i = 0; i < bytes.size; i++) {
			rest = rest << 8 | number[i];
			number[i] = (uint8_t)(rest / 62);
			rest %= 62;
		}
		text[d] = (uint8_t)alphabet[rest];
	}
	buf_write(out, slice_of(text, digits));
}

/* number = number * 62 + digit, digit by digit from the high end. */
enum err base62_read(uint8_t *out, size_t size, struct slice text)
{
	memset(out, 0, size);
	for (size_t d = 0; d < text.size; d++) {
		int value = digit_value(text.data[d]);
		unsigned carry = (unsigned)value;

		if (value < 0)
			return failure(ERR_FORMAT, "base62: character %zu is not a letter or digit",
				       d + 1);
		for (size_t i = size; i-- > 0;) {
			carry += out[i] * 62U;
			out[i] = (uint8_t)carry;
			carry >>= 8;
		}
		if (carry)
			return failure(ERR_FORMAT, "base62: the number is too large");
	}
	return OK;
}
