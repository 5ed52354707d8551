/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions of an approval: what is taken can be agreed on, and agreeing on it with itself changes
 * nothing. */
#include <assert.h>

#include "gateway/api/request/agreement.h"
#include "tests/fuzz/fuzz.h"

static const struct store_request request = {.rights = {(const uint8_t *)"weights:read", 12}};

static struct agreement agree(struct arena *arena, struct slice conditions, size_t count)
{
	struct store_vote votes[2] = {{.vote = S("approve"), .conditions = conditions}};
	struct agreement a;

	votes[1] = votes[0];
	assert(agreement_of(&a, arena, &request, votes, count) == OK);
	return a;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = slice_of(data, size);
	struct arena arena = {NULL};
	struct agreement one, two;

	if (agreement_check_conditions(text) != OK)
		return 0;
	one = agree(&arena, text, 1);
	two = agree(&arena, text, 2);
	assert(slice_equal(one.limits, two.limits));
	assert(slice_equal(one.regions, two.regions));
	assert(slice_equal(one.uses, two.uses));
	arena_free(&arena);
	return 0;
}
