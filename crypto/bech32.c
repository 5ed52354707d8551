/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/bech32.h"

#include <assert.h>

#include <sodium/utils.h>

static const char digits_lower[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
static const char digits_upper[] = "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L";

static uint32_t step(uint32_t sum, uint8_t value)
{
	static const uint32_t generator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd,
					     0x2a1462b3};
	uint32_t top = sum >> 25;

	sum = (sum & 0x1ffffff) << 5 ^ value;
	for (int i = 0; i < 5; i++)
		if (top >> i & 1)
			sum ^= generator[i];
	return sum;
}

/* The prefix counts in lower case: high bits, a zero, low bits. */
static uint32_t begin(struct slice prefix)
{
	uint32_t sum = 1;

	assert(prefix.size <= BECH32_PREFIX_MAX);
	for (int low = 0; low < 2; low++) {
		for (size_t i = 0; i < prefix.size; i++) {
			uint8_t c = prefix.data[i];

			c = c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
			sum = step(sum, low ? c & 31 : c >> 5);
		}
		if (!low)
			sum = step(sum, 0);
	}
	return sum;
}

/* 256 bits in 52 digits: the last digit has one bit, and four of padding. */
static void to_digits(uint8_t out[BECH32_DIGITS], const uint8_t bytes[BECH32_BYTES])
{
	for (size_t d = 0; d < BECH32_DIGITS; d++) {
		size_t bit = d * 5;
		unsigned pair = (unsigned)bytes[bit / 8] << 8;

		if (bit / 8 + 1 < BECH32_BYTES)
			pair |= bytes[bit / 8 + 1];
		out[d] = (uint8_t)(pair >> (11 - bit % 8) & 31);
	}
}

static void to_bytes(uint8_t out[BECH32_BYTES], const uint8_t digits[BECH32_DIGITS])
{
	unsigned group = 0, bits = 0;
	size_t at = 0;

	for (size_t d = 0; d < BECH32_DIGITS; d++) {
		group = (group << 5 | digits[d]) & 0xfff;
		bits += 5;
		if (bits >= 8) {
			bits -= 8;
			out[at++] = (uint8_t)(group >> bits);
		}
	}
	assert(at == BECH32_BYTES);
}

void bech32_write(char *out, struct slice prefix, const uint8_t bytes[BECH32_BYTES],
		  enum bech32_case letters)
{
	const char *alphabet = letters == BECH32_UPPER ? digits_upper : digits_lower;
	uint8_t digits[BECH32_DIGITS];
	uint32_t sum = begin(prefix);

	to_digits(digits, bytes);
	memcpy(out, prefix.data, prefix.size);
	out += prefix.size;
	*out++ = '1';
	for (size_t d = 0; d < BECH32_DIGITS; d++) {
		sum = step(sum, digits[d]);
		*out++ = alphabet[digits[d]];
	}
	for (int i = 0; i < BECH32_CHECKSUM; i++)
		sum = step(sum, 0);
	sum ^= 1;
	for (int i = 0; i < BECH32_CHECKSUM; i++)
		*out++ = alphabet[sum >> (25 - 5 * i) & 31];
	sodium_memzero(digits, sizeof digits);
}

static enum err read_digits(uint8_t out[BECH32_DIGITS], uint32_t sum, struct slice text,
			    const char *alphabet)
{
	for (size_t i = 0; i < text.size; i++) {
		const char *found = text.data[i] ? strchr(alphabet, text.data[i]) : NULL;

		if (!found)
			return failure(ERR_FORMAT, "bech32: character %zu is not a digit", i + 1);
		sum = step(sum, (uint8_t)(found - alphabet));
		if (i < BECH32_DIGITS)
			out[i] = (uint8_t)(found - alphabet);
	}
	if (sum != 1)
		return failure(ERR_FORMAT, "bech32: the checksum does not match; mistyped?");
	if (out[BECH32_DIGITS - 1] & 15)
		return failure(ERR_FORMAT, "bech32: spare bits are not zero");
	return OK;
}

enum err bech32_read(uint8_t out[BECH32_BYTES], struct slice prefix, struct slice text,
		     enum bech32_case letters)
{
	uint8_t digits[BECH32_DIGITS];
	enum err result;

	if (text.size != prefix.size + 1 + BECH32_DIGITS + BECH32_CHECKSUM ||
	    !slice_starts_with(text, prefix) || text.data[prefix.size] != '1')
		return failure(ERR_FORMAT, "bech32: not \"%.*s1\" and %d characters",
			       SLICE_PRINT(prefix), BECH32_DIGITS + BECH32_CHECKSUM);
	result = read_digits(digits, begin(prefix), slice_part(text, prefix.size + 1, text.size),
			     letters == BECH32_UPPER ? digits_upper : digits_lower);
	if (result == OK)
		to_bytes(out, digits);
	sodium_memzero(digits, sizeof digits);
	return result;
}
