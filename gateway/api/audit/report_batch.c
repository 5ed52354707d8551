/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/audit/report_batch.h"

#include <assert.h>
#include <stdlib.h>

#include "schema/audit/batch.h"

enum { LEVELS = 13 }; /* of a tree of AUDIT_BATCH_MAX leaves */

struct report_batch {
	struct arena arena;
	bool is_loaded;
	uint64_t index;
	struct store_event event;
	size_t count;
	/* Roots of the full subtrees: those of 2^k leaves begin at levels[k]. */
	struct digest *levels[LEVELS];
	struct digest nodes[2 * AUDIT_BATCH_MAX];
};

struct report_batch *report_batch_new(void)
{
	struct report_batch *b = calloc(1, sizeof *b);

	assert(b);
	return b;
}

void report_batch_free(struct report_batch *b)
{
	if (!b)
		return;
	arena_free(&b->arena);
	free(b);
}

bool report_batch_is(const struct report_batch *b, uint64_t index)
{
	return b->is_loaded && b->index == index;
}

const struct store_event *report_batch_event(const struct report_batch *b)
{
	return &b->event;
}

static void make_levels(struct report_batch *b)
{
	struct digest *next = b->nodes + b->count;

	b->levels[0] = b->nodes;
	for (unsigned k = 1; k < LEVELS; k++) {
		b->levels[k] = next;
		for (size_t i = 0; i < b->count >> k; i++)
			*next++ = merkle_node(&b->levels[k - 1][2 * i],
					      &b->levels[k - 1][2 * i + 1]);
	}
}

enum err report_batch_set(struct report_batch *b, const struct store_batch_entry *entry,
			  uint64_t index)
{
	b->is_loaded = false;
	b->count = entry->hashes.size / DIGEST_SIZE;
	if (b->count == 0 || b->count > AUDIT_BATCH_MAX || entry->hashes.size % DIGEST_SIZE)
		return failure(ERR_INTERNAL, "the rows of batch %llu are not whole",
			       (unsigned long long)index);
	memcpy(b->nodes, entry->hashes.data, entry->hashes.size);
	b->event = entry->event;
	make_levels(b);
	b->index = index;
	b->is_loaded = true;
	return OK;
}

enum err report_batch_load(struct report_batch *b, struct store *auditor, uint64_t index)
{
	struct store_batch_entry entry;

	b->is_loaded = false;
	arena_reset(&b->arena);
	TRY(store_audit_batch(auditor, &b->arena, &entry, index));
	return report_batch_set(b, &entry, index);
}

/* Where RFC 6962 splits a range of two or more leaves. */
static size_t split_of(size_t size)
{
	return (size_t)1 << (63U - (unsigned)__builtin_clzll(size - 1));
}

/* MTH of leaves [from, to), a range that splitting the whole comes to. */
static struct digest root_of(const struct report_batch *b, size_t from, size_t to)
{
	size_t size = to - from, middle;
	struct digest left, right;

	if ((size & (size - 1)) == 0) {
		unsigned level = (unsigned)__builtin_ctzll(size);

		return b->levels[level][from >> level];
	}
	middle = from + split_of(size);
	left = root_of(b, from, middle); /* full */
	right = root_of(b, middle, to);  /* at most half as large: LEVELS deep */
	return merkle_node(&left, &right);
}

/* PATH(row, D[count]), collected from the root down and turned around. */
enum err report_batch_path(struct merkle_proof *out, const struct report_batch *b, size_t row)
{
	struct digest found[LEVELS];
	size_t from = 0, to = b->count, count = 0;

	if (row >= b->count)
		return failure(ERR_INTERNAL, "batch %llu has no row %zu",
			       (unsigned long long)b->index, row);
	while (to - from > 1) {
		size_t middle = from + split_of(to - from);

		found[count++] = row < middle ? root_of(b, middle, to) : root_of(b, from, middle);
		if (row < middle)
			to = middle;
		else
			from = middle;
	}
	out->count = count;
	for (size_t i = 0; i < count; i++)
		out->nodes[i] = found[count - 1 - i];
	return OK;
}
