/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/audit/chain.h"

void audit_place_write(struct buf *out, uint64_t place)
{
	uint64_t row = place % AUDIT_PLACES;

	if (row)
		buf_write_u8(out, '[');
	buf_write_decimal(out, place / AUDIT_PLACES);
	if (!row)
		return;
	buf_write_u8(out, ',');
	buf_write_decimal(out, row - 1);
	buf_write_u8(out, ']');
}

static void write_link(struct buf *out, const char *subject, const struct audit_link *link)
{
	buf_printf(out, "\"%s\":{\"n\":%llu,\"prev\":", subject, (unsigned long long)link->number);
	if (link->number == 1)
		buf_write_string(out, "null");
	else
		audit_place_write(out, link->previous);
	buf_write_u8(out, '}');
}

void audit_chain_write(struct buf *out, const struct audit_chain *chain)
{
	if (!chain->actor.number && !chain->license.number)
		return;
	buf_write_u8(out, '{');
	if (chain->actor.number)
		write_link(out, "actor", &chain->actor);
	if (chain->actor.number && chain->license.number)
		buf_write_u8(out, ',');
	if (chain->license.number)
		write_link(out, "license", &chain->license);
	buf_write_u8(out, '}');
}

/* Behind the string that begins at `at`; text.size if it does not end. */
static size_t skip_string(struct slice text, size_t at)
{
	for (at++; at < text.size; at++) {
		if (text.data[at] == '"')
			return at + 1;
		at += text.data[at] == '\\';
	}
	return text.size;
}

/* Behind the member's value: at the comma or the brace that ends it. */
static size_t skip_value(struct slice text, size_t at)
{
	unsigned depth = 0;

	while (at < text.size) {
		uint8_t c = text.data[at];

		if (depth == 0 && (c == ',' || c == '}'))
			return at;
		depth += c == '{' || c == '[';
		depth -= c == '}' || c == ']';
		at = c == '"' ? skip_string(text, at) : at + 1;
	}
	return text.size;
}

/* Names of ours are ASCII, so the order of canonical JSON is that of their bytes. */
static int compare_names(struct slice a, struct slice b)
{
	int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);

	return order ? order : (a.size > b.size) - (a.size < b.size);
}

/* Where the member belongs: at the name of the first one behind it, or at the closing brace. */
static enum err find_place(size_t *out, struct slice payload)
{
	size_t at = 1;

	while (at < payload.size && payload.data[at] == '"') {
		size_t end = skip_string(payload, at);
		int order;

		if (end >= payload.size || payload.data[end] != ':')
			break;
		order = compare_names(slice_part(payload, at + 1, end - at - 2), S("chain"));
		if (order == 0)
			return failure(ERR_FORMAT, "the payload has a chain already");
		*out = at;
		if (order > 0)
			return OK;
		at = skip_value(payload, end + 1);
		if (at < payload.size && payload.data[at] == ',')
			at++;
	}
	*out = payload.size - 1;
	if (at + 1 == payload.size && payload.data[at] == '}')
		return OK;
	return failure(ERR_FORMAT, "the payload is not an object of canonical JSON");
}

enum err audit_chain_join(struct buf *out, struct slice payload, struct slice chain)
{
	size_t place = 0;
	bool is_last;

	if (!chain.size) {
		buf_write(out, payload);
		return buf_done(out);
	}
	if (payload.size < 2 || payload.data[0] != '{')
		return failure(ERR_FORMAT, "the payload is not a JSON object");
	TRY(find_place(&place, payload));
	is_last = place == payload.size - 1;
	buf_write(out, slice_part(payload, 0, place));
	if (is_last && payload.size > 2)
		buf_write_u8(out, ',');
	buf_write_string(out, "\"chain\":");
	buf_write(out, chain);
	if (!is_last)
		buf_write_u8(out, ',');
	buf_write(out, slice_part(payload, place, SIZE_MAX));
	return buf_done(out);
}
