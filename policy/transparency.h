/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transparency.h - outcomes by group, so that nobody stands alone in a number that is published:
 * every number is 0 or at least k. What is too small is not left out, since a total minus the rest
 * would tell it, but merged into "other", together with further groups until that is large enough
 * in every outcome. Where even all groups together are too small, outcomes are merged, too.
 *
 * What this does not hide: that a whole group had the same outcome; and what changes from one
 * report to the next, which is why there is one a day and not more.
 */
#ifndef POLICY_TRANSPARENCY_H
#define POLICY_TRANSPARENCY_H

#include "crypto/base/slice.h"

enum { OUTCOME_APPROVED, OUTCOME_DENIED, OUTCOME_WAITING, OUTCOME_COUNT };

/* People, each counted once. */
struct outcome_group {
	struct slice name;
	int64_t people[OUTCOME_COUNT];
};

struct outcome_table {
	struct outcome_group *groups; /* the input, reordered: the first `count` may be shown */
	size_t count;
	bool has_outcomes; /* else only the sum over a group's outcomes may be shown */
	bool is_withheld;  /* not even that: fewer than k people in all, but not none */
};

/* In place; k > 0. The groups of one table are disjoint. What may be shown sums up to what came
 * in, unless it is withheld. A merged group is named "other" (and is the last). */
struct outcome_table outcomes_merge(struct outcome_group *groups, size_t count, int64_t k);

int64_t outcome_sum(const struct outcome_group *group);

#endif
