/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/grammar/mask.h"

#include <assert.h>
#include <stdlib.h>

#include "inference/grammar/vocabulary_parts.h"

#define NOT_UNIFORM STATES_UNKNOWN

static void walk(uint64_t *mask, struct states *s, uint32_t state, const struct token_tree *tree)
{
	const struct states_table *table = states_table(s);
	uint32_t *path = calloc(tree->depth + 1, sizeof *path); /* the state at each depth */
	size_t i = 0;

	assert(path);
	path[0] = state;
	while (i < tree->count) {
		const struct token_node *node = &tree->nodes[i];
		uint32_t next = states_next(s, table, path[node->depth - 1], node->byte);

		if (next == STATE_DEAD) {
			i = node->behind;
			continue;
		}
		path[node->depth] = next;
		for (unsigned t = 0; t < node->count; t++) {
			uint32_t id = tree->ids[node->tokens + t];

			mask[id / 64] |= 1ull << id % 64;
		}
		i++;
	}
	free(path);
}

/* One kind of plain character: the first byte, the second, and how many follow. */
static const struct plain {
	uint8_t low, high, second_low, second_high, more;
} PLAIN[] = {
	{0x20, 0x21, 0, 0, 0},       {0x23, 0x5b, 0, 0, 0},       {0x5d, 0x7f, 0, 0, 0},
	{0xc2, 0xdf, 0x80, 0xbf, 0}, {0xe0, 0xe0, 0xa0, 0xbf, 1}, {0xe1, 0xec, 0x80, 0xbf, 1},
	{0xed, 0xed, 0x80, 0x9f, 1}, {0xee, 0xef, 0x80, 0xbf, 1}, {0xf0, 0xf0, 0x90, 0xbf, 2},
	{0xf1, 0xf3, 0x80, 0xbf, 2}, {0xf4, 0xf4, 0x80, 0x8f, 2},
};

/* Where all bytes low..high lead to from here: to one state, or NOT_UNIFORM. */
static uint32_t common_step(struct states *s, const struct automaton *a, uint32_t state,
			    uint8_t low, uint8_t high)
{
	uint32_t found = states_next(s, states_table(s), state, low);

	for (unsigned b = low + 1u; b <= high; b++)
		if (a->class_of[b] != a->class_of[b - 1] &&
		    states_next(s, states_table(s), state, (uint8_t)b) != found)
			return NOT_UNIFORM;
	return found;
}

/* The same for all characters of a kind. Bytes of one kind that lead to different states could
 * still meet again behind the character; then it is walked, which is never wrong. */
static uint32_t common_character(struct states *s, const struct automaton *a, uint32_t state,
				 const struct plain *p)
{
	uint32_t at = common_step(s, a, state, p->low, p->high);

	if (p->second_low > 0 && at != NOT_UNIFORM)
		at = common_step(s, a, at, p->second_low, p->second_high);
	for (unsigned i = 0; i < p->more && at != NOT_UNIFORM; i++)
		at = common_step(s, a, at, 0x80, 0xbf);
	return at;
}

static uint32_t common_plain(struct states *s, const struct automaton *a, uint32_t state)
{
	uint32_t found = common_character(s, a, state, &PLAIN[0]);

	for (size_t i = 1; i < sizeof PLAIN / sizeof *PLAIN && found != NOT_UNIFORM; i++)
		if (common_character(s, a, state, &PLAIN[i]) != found)
			return NOT_UNIFORM;
	return found;
}

/* How many plain characters may come, whichever they are; false if that depends on them. */
static bool count_plain(size_t *out, struct states *s, const struct automaton *a, uint32_t state,
			size_t most)
{
	for (*out = 0; *out < most; (*out)++) {
		uint32_t next = common_plain(s, a, state);

		if (next == NOT_UNIFORM)
			return false;
		if (next == STATE_DEAD)
			return true;
		if (next == state) {
			*out = most;
			return true;
		}
		state = next;
	}
	return true;
}

void mask_fill(uint64_t *mask, struct states *s, const struct automaton *a, uint32_t state,
	       const struct grammar_vocabulary *v, bool is_first)
{
	size_t plain = 0;

	if (states_may_end(s, state))
		for (size_t i = 0; i < v->words; i++)
			mask[i] |= v->ends[i];
	if (is_first && v->first.count > 0) {
		walk(mask, s, state, &v->first);
		return;
	}
	if (!count_plain(&plain, s, a, state, v->plain_lengths)) {
		walk(mask, s, state, &v->all);
		return;
	}
	for (size_t i = 0; i < v->words && plain > 0; i++)
		mask[i] |= v->plain[plain - 1][i];
	walk(mask, s, state, &v->special);
}
