/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/transparency.h"

#include <stdlib.h>

int64_t outcome_sum(const struct outcome_group *group)
{
	int64_t sum = 0;

	for (size_t i = 0; i < OUTCOME_COUNT; i++)
		sum += group->people[i];
	return sum;
}

static bool number_is_safe(int64_t number, int64_t k)
{
	return number == 0 || number >= k;
}

static bool group_is_safe(const struct outcome_group *group, bool has_outcomes, int64_t k)
{
	if (!has_outcomes)
		return number_is_safe(outcome_sum(group), k);
	for (size_t i = 0; i < OUTCOME_COUNT; i++)
		if (!number_is_safe(group->people[i], k))
			return false;
	return true;
}

/* The largest first, so that the smallest is merged first; then by name, so that it is the same
 * each time. */
static int compare(const void *a, const void *b)
{
	const struct outcome_group *x = a, *y = b;
	int64_t difference = outcome_sum(y) - outcome_sum(x);
	size_t common = x->name.size < y->name.size ? x->name.size : y->name.size;
	int order;

	if (difference)
		return difference < 0 ? -1 : 1;
	order = common ? memcmp(x->name.data, y->name.data, common) : 0;
	return order ? order : (x->name.size > y->name.size) - (x->name.size < y->name.size);
}

static void add(struct outcome_group *to, const struct outcome_group *from)
{
	for (size_t i = 0; i < OUTCOME_COUNT; i++)
		to->people[i] += from->people[i];
}

/* Those that are safe stay in front; the others, and as many of the safe ones from the end as it
 * takes, become one. False: all of them together are not safe either. */
static bool merge(struct outcome_table *t, size_t count, bool has_outcomes, int64_t k)
{
	struct outcome_group other = {.name = S("other")};
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		struct outcome_group one = t->groups[i];

		if (group_is_safe(&one, has_outcomes, k))
			t->groups[kept++] = one;
		else
			add(&other, &one);
	}
	while (!group_is_safe(&other, has_outcomes, k) && kept)
		add(&other, &t->groups[--kept]);
	t->has_outcomes = has_outcomes;
	if (outcome_sum(&other))
		t->groups[kept++] = other;
	t->count = kept;
	return group_is_safe(&other, has_outcomes, k);
}

struct outcome_table outcomes_merge(struct outcome_group *groups, size_t count, int64_t k)
{
	struct outcome_table t = {.groups = groups};

	if (!count)
		return t;
	qsort(groups, count, sizeof *groups, compare);
	/* A merge that fails leaves all in one group: outcomes are then no longer told apart, and
	 * it is safe, or nothing is. */
	if (!merge(&t, count, true, k))
		t.is_withheld = !merge(&t, t.count, false, k);
	return t;
}
