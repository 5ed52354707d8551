/* SPDX-License-Identifier: Apache-2.0 */
/*
 * criteria_relate.h - what one condition says about another, from their texts alone: a country in
 * {DE} is one in {DE, FR}, and none in {IR}. Never wrong, but it does not see everything.
 */
#ifndef POLICY_CRITERIA_RELATE_H
#define POLICY_CRITERIA_RELATE_H

#include "policy/criteria.h"

/* Of two that join no others. */
bool condition_equal(const struct condition *a, const struct condition *b);
bool condition_implies(const struct condition *a, const struct condition *b);
bool condition_excludes(const struct condition *a, const struct condition *b); /* never both */
bool condition_covers(const struct condition *a, const struct condition *b);   /* one or both */

#endif
