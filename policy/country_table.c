/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/country_table.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>

#include "policy/countries.h"

enum { ADDRESS = 16, BITS = 128, MAX_LINE = 100 };

/* IPv4 stands at its place in IPv6, ::ffff:0:0/96, so there is one order of all addresses. */
struct network {
	uint8_t first[ADDRESS], last[ADDRESS];
	char code[2];
	unsigned line;
};

/* From here on, until the next one. No code: of no country. */
struct span {
	uint8_t first[ADDRESS];
	char code[2];
};

struct country_table {
	size_t count;
	struct span spans[];
};

/* --- lines -------------------------------------------------------------------------------- */

static bool read_address(uint8_t out[ADDRESS], struct slice text, unsigned *bits)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	char copy[INET6_ADDRSTRLEN];

	if (text.size == 0 || text.size >= sizeof copy)
		return false;
	memcpy(copy, text.data, text.size);
	copy[text.size] = 0;
	if (inet_pton(AF_INET6, copy, out) == 1) {
		*bits = BITS;
		return strlen(copy) == text.size;
	}
	memcpy(out, mapped, sizeof mapped);
	*bits = 32;
	return inet_pton(AF_INET, copy, out + sizeof mapped) == 1 && strlen(copy) == text.size;
}

/* All bits behind the prefix: 0 in first, 1 in last. False: first has one set. */
static bool set_last(struct network *n, unsigned prefix)
{
	bool is_clean = true;

	memcpy(n->last, n->first, ADDRESS);
	for (unsigned bit = prefix; bit < BITS; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);

		is_clean = is_clean && !(n->first[bit / 8] & mask);
		n->last[bit / 8] |= mask;
	}
	return is_clean;
}

static enum err read_line(struct network *out, struct slice line, unsigned number)
{
	struct slice network, code, address, prefix;
	unsigned bits = 0;
	uint64_t length = 0;

	*out = (struct network){.line = number};
	if (line.size > MAX_LINE || !slice_cut(line, ',', &network, &code) ||
	    !slice_cut(slice_trim(network), '/', &address, &prefix) ||
	    !read_address(out->first, address, &bits) || !slice_to_u64(prefix, bits, &length))
		return failure(ERR_FORMAT,
			       "line %u is no network with its country, as 192.0.2.0/24,DE",
			       number);
	code = slice_trim(code);
	if (!country_is_known(code))
		return failure(ERR_FORMAT, "line %u: no such country (ISO 3166-1, two capitals)",
			       number);
	memcpy(out->code, code.data, 2);
	if (!set_last(out, (unsigned)length + BITS - bits))
		return failure(ERR_FORMAT, "line %u: bits are set behind the prefix", number);
	return OK;
}

static size_t count_lines(struct slice text)
{
	size_t count = 1;

	for (size_t i = 0; i < text.size; i++)
		count += text.data[i] == '\n';
	return count;
}

static enum err read_lines(struct network *out, size_t *count, struct slice text)
{
	unsigned number = 0;
	bool more = true;

	while (more) {
		struct slice line;

		more = slice_cut(text, '\n', &line, &text);
		number++;
		if (slice_ends_with(line, S("\r")))
			line.size--;
		if (slice_trim(line).size == 0 || line.data[0] == '#')
			continue;
		TRY(read_line(&out[(*count)++], line, number));
	}
	return OK;
}

/* --- from networks to spans --------------------------------------------------------------- */

/* By where they begin; the wider first. */
static int compare(const void *a, const void *b)
{
	const struct network *x = a, *y = b;
	int order = memcmp(x->first, y->first, ADDRESS);

	return order ? order : memcmp(y->last, x->last, ADDRESS);
}

/* The address behind it; false: there is none. */
static bool next_address(uint8_t out[ADDRESS], const uint8_t address[ADDRESS])
{
	memcpy(out, address, ADDRESS);
	for (size_t i = ADDRESS; i-- > 0;)
		if (++out[i])
			return true;
	return false;
}

static void add_span(struct country_table *t, const uint8_t first[ADDRESS], const char code[2])
{
	if (t->count && memcmp(t->spans[t->count - 1].first, first, ADDRESS) == 0)
		t->count--;
	memcpy(t->spans[t->count].first, first, ADDRESS);
	memcpy(t->spans[t->count].code, code, 2);
	t->count++;
}

/* Networks that are open at the present address, the narrowest last. They lie within each other or
 * apart, so no more than their bits can be open. */
struct open_networks {
	const struct network *list[BITS + 1];
	size_t count;
};

static void close_before(struct open_networks *open, struct country_table *t,
			 const uint8_t *address /* NULL: all */)
{
	static const char none[2];
	uint8_t behind[ADDRESS];

	while (open->count &&
	       (!address || memcmp(open->list[open->count - 1]->last, address, ADDRESS) < 0)) {
		const struct network *over = open->list[--open->count];

		if (next_address(behind, over->last))
			add_span(t, behind, open->count ? open->list[open->count - 1]->code : none);
	}
}

static enum err make_spans(struct country_table *t, const struct network *networks, size_t count)
{
	struct open_networks open = {.count = 0};

	for (size_t i = 0; i < count; i++) {
		const struct network *n = &networks[i];
		bool is_same = i && compare(n, n - 1) == 0;

		if (is_same && memcmp(n->code, (n - 1)->code, 2) != 0)
			return failure(ERR_FORMAT,
				       "lines %u and %u name the same network, for two countries",
				       n->line < (n - 1)->line ? n->line : (n - 1)->line,
				       n->line < (n - 1)->line ? (n - 1)->line : n->line);
		if (is_same)
			continue;
		close_before(&open, t, n->first);
		add_span(t, n->first, n->code);
		open.list[open.count++] = n;
	}
	close_before(&open, t, NULL);
	return OK;
}

/* --- the table ---------------------------------------------------------------------------- */

static enum err build(struct country_table **out, struct network *networks, struct slice text)
{
	AUTO(country_table_auto) struct country_table *t = NULL;
	size_t count = 0;

	TRY(read_lines(networks, &count, text));
	if (count)
		qsort(networks, count, sizeof *networks, compare);
	t = malloc(sizeof *t + (2 * count + 1) * sizeof t->spans[0]);
	assert(t);
	t->count = 0;
	TRY(make_spans(t, networks, count));
	*out = t;
	t = NULL; /* given away */
	return OK;
}

enum err country_table_parse(struct country_table **out, struct slice text)
{
	size_t lines = count_lines(text);
	struct network *networks;
	enum err result;

	if (text.size > COUNTRY_TABLE_MAX_TEXT || lines > COUNTRY_TABLE_MAX_ROWS)
		return failure(ERR_LIMIT, "a table has at most %d lines, and %d bytes",
			       COUNTRY_TABLE_MAX_ROWS, COUNTRY_TABLE_MAX_TEXT);
	networks = malloc(lines * sizeof *networks);
	assert(networks);
	result = build(out, networks, text);
	free(networks);
	return result;
}

void country_table_free(struct country_table *t)
{
	free(t);
}

bool country_table_find(char out[3], const struct country_table *t, struct slice address)
{
	uint8_t wanted[ADDRESS];
	size_t low = 0, high = t ? t->count : 0;
	unsigned bits;

	if (!read_address(wanted, address, &bits))
		return false;
	while (low < high) { /* the first span that begins behind it */
		size_t middle = low + (high - low) / 2;

		if (memcmp(t->spans[middle].first, wanted, ADDRESS) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0 || !t->spans[low - 1].code[0])
		return false;
	memcpy(out, t->spans[low - 1].code, 2);
	out[2] = 0;
	return true;
}
