/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/lookup.h"

#include <string.h>

enum {
	LONGEST = 4,  /* tokens that have to be found again: the longer the better a guess */
	SHORTEST = 2, /* one alone says nothing */
	WINDOW = 8192,
	LONGEST_REST = 256,
};

/* Where the last `size` tokens stood before, most recently: the place behind them; 0: nowhere. */
static size_t find_again(const uint32_t *tokens, size_t count, size_t size)
{
	const uint32_t *last = tokens + count - size;
	size_t first = count > WINDOW ? count - WINDOW : 0;

	for (size_t at = count - size; at-- > first;)
		if (tokens[at] == last[0] && memcmp(tokens + at, last, size * sizeof *last) == 0)
			return at + size;
	return 0;
}

size_t lookup_guess(struct lookup *l, uint32_t *out, const uint32_t *tokens, size_t count,
		    size_t most)
{
	size_t found = 0, taken = 0;

	if (l->rest > 0) {
		l->rest--;
		return 0;
	}
	for (size_t size = LONGEST; size >= SHORTEST && !found; size--)
		if (count > size)
			found = find_again(tokens, count, size);
	if (l->most > 0 && most > l->most)
		most = l->most;
	while (found && taken < most && taken < LOOKUP_MOST && found + taken < count) {
		out[taken] = tokens[found + taken];
		taken++;
	}
	return taken;
}

/* What a wrong guess costs is its row: where they go wrong, few are made at a time. */
static uint32_t most_after(size_t guesses, size_t right)
{
	if (right == guesses)
		return 2 * right < LOOKUP_MOST ? (uint32_t)(2 * right) : LOOKUP_MOST;
	return right > 0 ? (uint32_t)right : 1;
}

void lookup_learn(struct lookup *l, size_t guesses, size_t right)
{
	l->most = most_after(guesses, right);
	if (2 * right >= guesses) {
		l->penalty /= 2;
		return;
	}
	l->penalty = l->penalty ? 2 * l->penalty : 2;
	if (l->penalty > LONGEST_REST)
		l->penalty = LONGEST_REST;
	l->rest = l->penalty;
}
