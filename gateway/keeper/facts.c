/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/keeper/facts.h"

#include <assert.h>
#include <stdlib.h>

#include "crypto/base/buf.h"

/* Names are ours or were checked against smaller limits before they come here. */
enum { FACT_MAX_NAMES = 256 * 1024 };

struct fact fact_of(enum fact_kind kind, struct slice name, struct slice part, uint64_t value)
{
	AUTO(buf_free) struct buf text = buf_new(FACT_MAX_NAMES);

	buf_write_u8(&text, (uint8_t)kind);
	buf_write_block(&text, name);
	buf_write_block(&text, part);
	assert(!text.overflow);
	return (struct fact){kind, digest_of(buf_slice(&text)), value};
}

void facts_free(struct facts *f)
{
	free(f->rows);
	*f = (struct facts){0};
}

/* The row with that key, or the place where it belongs. Keys are no secrets. */
static size_t find_row(const struct facts *f, const struct digest *key, bool *found)
{
	size_t low = 0;
	size_t high = f->count;

	*found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = memcmp(f->rows[middle].key.bytes, key->bytes, DIGEST_SIZE);

		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint64_t facts_value(const struct facts *f, const struct fact *like)
{
	bool found;
	size_t at = find_row(f, &like->key, &found);

	return found ? f->rows[at].value : 0;
}

bool facts_have_room(const struct facts *f, size_t more)
{
	return more <= FACTS_MAX - f->count;
}

static void remove_row(struct facts *f, size_t at)
{
	f->count--;
	memmove(f->rows + at, f->rows + at + 1, (f->count - at) * sizeof *f->rows);
}

static void insert_row(struct facts *f, size_t at, const struct fact *fact)
{
	if (f->count == f->capacity) {
		size_t capacity = f->capacity ? f->capacity * 2 : 64;
		struct fact *grown = realloc(f->rows, capacity * sizeof *grown);

		assert(grown); /* within FACTS_MAX: our own size */
		f->rows = grown;
		f->capacity = capacity;
	}
	memmove(f->rows + at + 1, f->rows + at, (f->count - at) * sizeof *f->rows);
	f->rows[at] = *fact;
	f->count++;
}

void facts_set(struct facts *f, const struct fact *fact)
{
	bool found;
	size_t at = find_row(f, &fact->key, &found);

	if (found && fact->value)
		f->rows[at] = *fact;
	else if (found)
		remove_row(f, at);
	else if (fact->value)
		insert_row(f, at, fact);
}

void facts_forget_headers(struct facts *f, uint64_t before_seconds)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->count; i++) {
		bool header = f->rows[i].kind == FACT_FRESH || f->rows[i].kind == FACT_BOUND;

		if (!header || f->rows[i].value >= before_seconds)
			f->rows[kept++] = f->rows[i];
	}
	f->count = kept;
}

void facts_forget_statements(struct facts *f, uint64_t before_seconds)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->count; i++)
		if (f->rows[i].kind != FACT_STATEMENT || f->rows[i].value >= before_seconds)
			f->rows[kept++] = f->rows[i];
	f->count = kept;
}

static int compare_numbers(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

/* The numbers of the entries that today's lists come from, sorted; the caller frees them. */
static uint64_t *todays_lists(const struct facts *f, size_t *count)
{
	uint64_t *numbers = calloc(f->count + 1, sizeof *numbers);

	assert(numbers); /* within FACTS_MAX: our own size */
	*count = 0;
	for (size_t i = 0; i < f->count; i++)
		if (f->rows[i].kind == FACT_OPEN_LIST)
			numbers[(*count)++] = f->rows[i].value;
	qsort(numbers, *count, sizeof *numbers, compare_numbers);
	return numbers;
}

void facts_forget_paths(struct facts *f)
{
	size_t lists, kept = 0;
	uint64_t *numbers = todays_lists(f, &lists);

	for (size_t i = 0; i < f->count; i++) {
		const struct fact *row = &f->rows[i];

		if (row->kind != FACT_OPEN_PATH ||
		    bsearch(&row->value, numbers, lists, sizeof *numbers, compare_numbers))
			f->rows[kept++] = *row;
	}
	f->count = kept;
	free(numbers);
}
