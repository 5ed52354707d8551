/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/criteria_relate.h"

#include "policy/claims.h"
#include "policy/wildcard.h"

static bool has(struct texts list, struct slice text)
{
	for (size_t i = 0; i < list.count; i++)
		if (slice_equal(list.list[i], text))
			return true;
	return false;
}

static bool is_part(struct texts a, struct texts b)
{
	for (size_t i = 0; i < a.count; i++)
		if (!has(b, a.list[i]))
			return false;
	return true;
}

static bool shares(struct texts a, struct texts b)
{
	for (size_t i = 0; i < a.count; i++)
		if (has(b, a.list[i]))
			return true;
	return false;
}

/* An empty list asks for nothing. */
static bool narrows(struct texts a, struct texts b)
{
	return !b.count || (a.count && is_part(a, b));
}

static bool narrows_age(int64_t a, int64_t b)
{
	return !b || (a && a <= b);
}

static bool values_match(struct texts values, struct slice pattern)
{
	size_t steps = 0;

	for (size_t i = 0; i < values.count; i++)
		if (!wildcard_matches(pattern, values.list[i], &steps))
			return false;
	return values.count > 0;
}

static bool narrows_pattern(const struct condition *a, const struct condition *b)
{
	return !b->pattern.size || slice_equal(a->pattern, b->pattern) ||
	       values_match(a->values, b->pattern);
}

static bool claim_implies(const struct condition *a, const struct condition *b)
{
	return slice_equal(a->type, b->type) && narrows(a->values, b->values) &&
	       narrows_pattern(a, b) && narrows(a->roles, b->roles) &&
	       narrows(a->sources, b->sources) && narrows(a->asserters, b->asserters) &&
	       narrows(a->issuers, b->issuers) && narrows_age(a->max_age_days, b->max_age_days) &&
	       (b->takes_subdomains || !a->takes_subdomains || !b->values.count);
}

static bool range_is_part(const struct condition *a, const struct condition *b)
{
	return a->from >= b->from && a->until <= b->until;
}

static bool set_implies(const struct condition *a, const struct condition *b, uint64_t of_a,
			uint64_t of_b)
{
	if (a->is_within != b->is_within)
		return false;
	return a->is_within ? !(of_a & ~of_b) : !(of_b & ~of_a);
}

static bool is_claim(const struct condition *c)
{
	return c->kind == CONDITION_CLAIM || c->kind == CONDITION_TRAINING;
}

/* Whoever's country or institution is this or that, has one that is known. */
static bool makes_known(const struct condition *a, const struct condition *b)
{
	return b->kind == CONDITION_KNOWN &&
	       a->kind == (b->is_institution ? CONDITION_INSTITUTION : CONDITION_COUNTRY);
}

static bool same_kind_implies(const struct condition *a, const struct condition *b)
{
	switch (a->kind) {
	case CONDITION_CLAIM:
	case CONDITION_TRAINING:
	case CONDITION_AFFILIATION:
		return claim_implies(a, b);
	case CONDITION_INSTITUTION:
		return narrows(a->values, b->values) && narrows(a->countries, b->countries);
	case CONDITION_COUNTRY:
		return is_part(a->values, b->values) && !(a->country_sources & ~b->country_sources);
	case CONDITION_KNOWN:
		return a->is_institution == b->is_institution;
	case CONDITION_USES:
		return set_implies(a, b, a->uses, b->uses);
	case CONDITION_RIGHTS:
		return set_implies(a, b, a->rights, b->rights);
	case CONDITION_REFERENCES:
		return range_is_part(a, b) &&
		       (a->max_age_days == b->max_age_days ||
			(b->until == INT64_MAX && narrows_age(a->max_age_days, b->max_age_days)));
	case CONDITION_ACCESSORS:
	case CONDITION_TIME:
		return range_is_part(a, b);
	case CONDITION_BLOCKED:
	case CONDITION_LIBRARY_CARD:
	case CONDITION_TERMS_SIGNED:
		return true;
	case CONDITION_ALL:
	case CONDITION_ANY:
	case CONDITION_NOT:
	case CONDITION_COUNT:
		return false;
	}
	return false;
}

bool condition_implies(const struct condition *a, const struct condition *b)
{
	if (makes_known(a, b))
		return true;
	if (a->kind != b->kind && !(is_claim(a) && is_claim(b)))
		return false;
	return same_kind_implies(a, b);
}

bool condition_equal(const struct condition *a, const struct condition *b)
{
	return a->kind == b->kind && condition_implies(a, b) && condition_implies(b, a);
}

static bool sets_exclude(const struct condition *a, const struct condition *b, uint64_t of_a,
			 uint64_t of_b)
{
	if (a->is_within && b->is_within)
		return !(of_a & of_b);
	if (a->is_within == b->is_within)
		return false;
	return a->is_within ? of_b & ~of_a : of_a & ~of_b;
}

/* A "within" speaks of permissions only: a duty that is declared besides says nothing to it. */
static use_set permissions(const struct condition *c)
{
	use_set all = 0;

	for (int i = 0; i < USE_COUNT; i++)
		if (use_kind_of((enum use)i) == USE_PERMISSION)
			all |= c->uses & use_bit((enum use)i);
	return all;
}

bool condition_excludes(const struct condition *a, const struct condition *b)
{
	if (a->kind != b->kind)
		return false;
	switch ((int)a->kind) {
	case CONDITION_COUNTRY: /* a person has one country, from one source */
		return !shares(a->values, b->values) || !(a->country_sources & b->country_sources);
	case CONDITION_USES:
		return sets_exclude(a, b, permissions(a), permissions(b));
	case CONDITION_RIGHTS:
		return sets_exclude(a, b, a->rights, b->rights);
	case CONDITION_TIME:
		return a->until <= b->from || b->until <= a->from;
	case CONDITION_ACCESSORS:
		return a->until < b->from || b->until < a->from;
	case CONDITION_REFERENCES:
		return a->max_age_days == b->max_age_days &&
		       (a->until < b->from || b->until < a->from);
	default:
		return false;
	}
}

/* Of numbers: no gap between them, and nothing below or above both. */
static bool ranges_cover(const struct condition *a, const struct condition *b, int64_t least,
			 int64_t gap)
{
	const struct condition *low = a->from <= b->from ? a : b, *high = low == a ? b : a;

	return low->from <= least && high->until == INT64_MAX &&
	       (low->until == INT64_MAX || high->from <= low->until + gap);
}

bool condition_covers(const struct condition *a, const struct condition *b)
{
	if (a->kind != b->kind)
		return false;
	switch ((int)a->kind) {
	case CONDITION_TIME:
		return ranges_cover(a, b, INT64_MIN, 0);
	case CONDITION_ACCESSORS:
		return ranges_cover(a, b, 1, 1);
	case CONDITION_REFERENCES:
		return a->max_age_days == b->max_age_days && ranges_cover(a, b, 0, 1);
	default:
		return false;
	}
}
