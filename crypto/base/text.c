/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/base/text.h"

static const char hex_digits[] = "0123456789abcdef";

void text_write_hex(struct buf *out, struct slice bytes)
{
	uint8_t *room = buf_reserve(out, 2 * bytes.size);

	if (!room)
		return;
	for (size_t i = 0; i < bytes.size; i++) {
		*room++ = (uint8_t)hex_digits[bytes.data[i] >> 4];
		*room++ = (uint8_t)hex_digits[bytes.data[i] & 15];
	}
	buf_commit(out, 2 * bytes.size);
}

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum err text_read_hex(void *out, size_t size, struct slice text)
{
	uint8_t *bytes = out;

	if (text.size / 2 != size || text.size % 2)
		return failure(ERR_FORMAT, "hex: %zu digits, %zu expected", text.size, size * 2);
	for (size_t i = 0; i < size; i++) {
		int high = hex_value(text.data[2 * i]);
		int low = hex_value(text.data[2 * i + 1]);

		if (high < 0 || low < 0)
			return failure(ERR_FORMAT, "hex: not a lower-case digit");
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return OK;
}

static char base64_digit(unsigned value, enum text_base64 kind)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

	if (value < 62)
		return digits[value];
	if (kind == TEXT_BASE64_URL_RAW)
		return value == 62 ? '-' : '_';
	return value == 62 ? '+' : '/';
}

void text_write_base64(struct buf *out, struct slice bytes, enum text_base64 kind)
{
	for (size_t i = 0; i < bytes.size; i += 3) {
		size_t count = bytes.size - i < 3 ? bytes.size - i : 3;
		uint32_t group = (uint32_t)bytes.data[i] << 16;

		group |= count > 1 ? (uint32_t)bytes.data[i + 1] << 8 : 0;
		group |= count > 2 ? bytes.data[i + 2] : 0;
		for (size_t k = 0; k < 4; k++) {
			if (k <= count)
				buf_write_u8(out, (uint8_t)base64_digit(group >> (18 - 6 * k) & 63,
									kind));
			else if (kind == TEXT_BASE64)
				buf_write_u8(out, '=');
		}
	}
}

static int base64_value(uint8_t c, enum text_base64 kind)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (kind == TEXT_BASE64_URL_RAW)
		return c == '-' ? 62 : c == '_' ? 63 : -1;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

enum err text_read_base64(struct buf *out, struct slice text, enum text_base64 kind)
{
	uint32_t group = 0;
	unsigned bits = 0;

	if (kind == TEXT_BASE64) {
		if (text.size % 4)
			return failure(ERR_FORMAT, "base64: length %zu is not a multiple of 4",
				       text.size);
		for (int k = 0; k < 2 && text.size && text.data[text.size - 1] == '='; k++)
			text.size--;
	}
	if (text.size % 4 == 1)
		return failure(ERR_FORMAT, "base64: one digit too many");
	for (size_t i = 0; i < text.size; i++) {
		int value = base64_value(text.data[i], kind);

		if (value < 0)
			return failure(ERR_FORMAT, "base64: byte 0x%02x is not a digit",
				       text.data[i]);
		group = group << 6 | (uint32_t)value;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			buf_write_u8(out, (uint8_t)(group >> bits));
			group &= (1U << bits) - 1;
		}
	}
	if (group != 0)
		return failure(ERR_FORMAT, "base64: spare bits are not zero");
	return buf_done(out);
}

void text_uuid(char out[TEXT_UUID], const uint8_t bytes[16])
{
	size_t at = 0;

	for (size_t i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			out[at++] = '-';
		out[at++] = hex_digits[bytes[i] >> 4];
		out[at++] = hex_digits[bytes[i] & 15];
	}
	out[at] = '\0';
}

enum err text_read_uuid(uint8_t out[16], struct slice text)
{
	char again[TEXT_UUID];
	uint8_t digits[32];
	size_t count = 0;

	for (size_t i = 0; i < text.size && count < sizeof digits; i++)
		if (text.data[i] != '-')
			digits[count++] = text.data[i];
	if (count != sizeof digits || text_read_hex(out, 16, slice_of(digits, count)) != OK)
		return failure(ERR_FORMAT, "not a UUID");
	text_uuid(again, out);
	if (!slice_equal(text, slice_of_string(again)))
		return failure(ERR_FORMAT, "not a UUID");
	return OK;
}

void text_write_csv(struct buf *out, struct slice text)
{
	static const struct slice formula = {(const uint8_t *)"=+-@\t\r\n", 7};
	bool is_formula = text.size && slice_find(formula, text.data[0]) < formula.size;

	buf_write_u8(out, '"');
	if (is_formula)
		buf_write_u8(out, '\'');
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] == '"')
			buf_write_u8(out, '"');
		buf_write_u8(out, text.data[i]);
	}
	buf_write_u8(out, '"');
}
