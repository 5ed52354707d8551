/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/criteria_eval.h"

#include "policy/wildcard.h"

enum { DAY_SECONDS = 86400, CLAIM_LEEWAY_SECONDS = 60 /* of another's clock */ };

/* An evaluation under way. */
struct weighing {
	const struct criteria_facts *facts;
	size_t steps;
};

static bool has(struct texts list, struct slice text)
{
	for (size_t i = 0; i < list.count; i++)
		if (slice_equal(list.list[i], text))
			return true;
	return false;
}

/* --- claims ------------------------------------------------------------------------------- */

static bool is_current(const struct claim *claim, int64_t max_age_days, int64_t now_seconds)
{
	if (now_seconds >= claim->expires_seconds ||
	    now_seconds + CLAIM_LEEWAY_SECONDS < claim->asserted_seconds)
		return false;
	return !max_age_days || now_seconds - claim->asserted_seconds <= max_age_days * DAY_SECONDS;
}

static bool is_domain(struct slice domain, struct slice listed, bool takes_subdomains)
{
	size_t longer = domain.size - listed.size;

	if (slice_equal_ignoring_case(domain, listed))
		return true;
	return takes_subdomains && domain.size > listed.size && domain.data[longer - 1] == '.' &&
	       slice_equal_ignoring_case(slice_part(domain, longer, listed.size), listed);
}

/* "faculty@example.org" */
static bool affiliation_fits(const struct condition *c, struct slice value)
{
	struct slice role, domain;

	if (!slice_cut(value, '@', &role, &domain) || (c->roles.count && !has(c->roles, role)))
		return false;
	for (size_t i = 0; i < c->values.count; i++)
		if (is_domain(domain, c->values.list[i], c->takes_subdomains))
			return true;
	return !c->values.count;
}

static bool value_fits(const struct condition *c, struct slice value, size_t *steps)
{
	if (c->kind == CONDITION_AFFILIATION)
		return affiliation_fits(c, value);
	if (c->pattern.size)
		return wildcard_matches(c->pattern, value, steps);
	return !c->values.count || has(c->values, value);
}

static bool claim_fits(const struct condition *c, const struct claim *claim, int64_t now_seconds,
		       size_t *steps)
{
	*steps += 1 + (c->values.count + c->sources.count + c->issuers.count) / 4;
	return slice_equal(c->type, claim->type) &&
	       (!c->sources.count || has(c->sources, claim->source)) &&
	       (!c->asserters.count || has(c->asserters, claim->by)) &&
	       (!c->issuers.count || has(c->issuers, claim->iss)) &&
	       is_current(claim, c->max_age_days, now_seconds) &&
	       value_fits(c, claim->value, steps);
}

static const struct claim *find_claim(const struct condition *c, const struct claims *claims,
				      int64_t now_seconds, size_t *steps)
{
	for (size_t i = 0; i < claims->count && *steps < CRITERIA_MAX_STEPS; i++)
		if (claim_fits(c, &claims->list[i], now_seconds, steps))
			return &claims->list[i];
	return NULL;
}

const struct claim *condition_claim(const struct condition *c, const struct claims *claims,
				    int64_t now_seconds)
{
	size_t steps = 0;

	return find_claim(c, claims, now_seconds, &steps);
}

/* Different referees; who confirmed twice counts once. */
static int64_t count_references(const struct condition *c, struct weighing *w)
{
	const struct claims *claims = &w->facts->claims;
	int64_t count = 0;

	for (size_t i = 0; i < claims->count; i++) {
		const struct claim *one = &claims->list[i];
		size_t k = 0;

		w->steps++;
		if (!slice_equal(one->type, S(CLAIM_REFERENCE)) ||
		    !is_current(one, c->max_age_days, w->facts->now_seconds))
			continue;
		while (k < i &&
		       !(slice_equal(claims->list[k].type, one->type) &&
			 slice_equal_ignoring_case(claims->list[k].value, one->value) &&
			 is_current(&claims->list[k], c->max_age_days, w->facts->now_seconds)))
			k++;
		w->steps += k;
		count += k == i;
	}
	return count;
}

/* --- the other facts ---------------------------------------------------------------------- */

static enum truth truth_of(bool holds)
{
	return holds ? TRUTH_YES : TRUTH_NO;
}

static enum truth country_holds(const struct condition *c, const struct country *country)
{
	if (!(c->country_sources & 1u << country->source))
		return TRUTH_UNKNOWN;
	return truth_of(has(c->values, slice_of_string(country->code)));
}

static enum truth institution_holds(const struct condition *c, const struct criteria_facts *f)
{
	enum truth result = f->institution_count ? TRUTH_NO : TRUTH_UNKNOWN;

	for (size_t i = 0; i < f->institution_count; i++) {
		const struct institution_fact *one = &f->institutions[i];
		bool is_kind = !c->values.count || has(c->values, one->kind);

		if (is_kind && c->countries.count && !one->country[0])
			result = TRUTH_UNKNOWN;
		else if (is_kind &&
			 (!c->countries.count || has(c->countries, slice_of_string(one->country))))
			return TRUTH_YES;
	}
	return result;
}

static use_set permissions_of(use_set uses)
{
	use_set all = 0;

	for (int i = 0; i < USE_COUNT; i++)
		if (use_kind_of((enum use)i) == USE_PERMISSION)
			all |= uses & use_bit((enum use)i);
	return all;
}

static bool uses_hold(const struct condition *c, use_set declared)
{
	use_set permissions = permissions_of(declared);

	if (c->is_within)
		return permissions && !(permissions & ~c->uses);
	return !(c->uses & ~declared);
}

static bool rights_hold(const struct condition *c, right_set asked)
{
	return c->is_within ? !(asked & ~c->rights) : !(c->rights & ~asked);
}

static enum truth known_holds(const struct condition *c, const struct criteria_facts *f)
{
	return truth_of(c->is_institution ? f->institution_count > 0
					  : f->claims.country.source != COUNTRY_NONE);
}

static enum truth atom_holds(const struct condition *c, struct weighing *w)
{
	const struct criteria_facts *f = w->facts;
	int64_t count;

	switch (c->kind) {
	case CONDITION_CLAIM:
	case CONDITION_AFFILIATION:
	case CONDITION_TRAINING:
		return truth_of(find_claim(c, &f->claims, f->now_seconds, &w->steps));
	case CONDITION_INSTITUTION:
		return institution_holds(c, f);
	case CONDITION_COUNTRY:
		return country_holds(c, &f->claims.country);
	case CONDITION_KNOWN:
		return known_holds(c, f);
	case CONDITION_USES:
		return truth_of(uses_hold(c, f->uses));
	case CONDITION_RIGHTS:
		return truth_of(rights_hold(c, f->rights));
	case CONDITION_ACCESSORS:
		return truth_of(f->accessors >= c->from && f->accessors <= c->until);
	case CONDITION_REFERENCES:
		count = count_references(c, w);
		return truth_of(count >= c->from && count <= c->until);
	case CONDITION_TIME:
		return truth_of(f->now_seconds >= c->from && f->now_seconds < c->until);
	case CONDITION_BLOCKED:
		return truth_of(f->is_blocked);
	case CONDITION_LIBRARY_CARD:
		return truth_of(f->has_library_card);
	case CONDITION_TERMS_SIGNED:
		return truth_of(f->terms_are_signed);
	case CONDITION_ALL:
	case CONDITION_ANY:
	case CONDITION_NOT:
	case CONDITION_COUNT:
		break;
	}
	return TRUTH_UNKNOWN;
}

/* "all" is as true as its least true part, "any" as its most true one. */
static enum truth condition_holds(const struct condition *c, struct weighing *w)
{
	enum truth result = c->kind == CONDITION_ALL ? TRUTH_YES : TRUTH_NO;

	w->steps++;
	if (c->kind == CONDITION_NOT)
		return (enum truth)(TRUTH_YES - condition_holds(&c->parts[0], w));
	if (!c->part_count)
		return atom_holds(c, w);
	for (size_t i = 0; i < c->part_count; i++) {
		enum truth one = condition_holds(&c->parts[i], w);

		if (c->kind == CONDITION_ALL ? one < result : one > result)
			result = one;
	}
	return result;
}

/* --- what is missing ---------------------------------------------------------------------- */

/* How many facts stand in the way of it being `wanted`; they are listed in *out, if there is one,
 * as far as they fit. Of "any" (or a negated "all") the cheapest part is taken. */
static size_t find_missing(struct criteria_verdict *out, const struct condition *c, bool wanted,
			   struct weighing *w)
{
	bool needs_every = (c->kind == CONDITION_ALL) == wanted;
	size_t sum = 0, least = SIZE_MAX, best = 0;

	if (c->kind == CONDITION_NOT)
		return find_missing(out, &c->parts[0], !wanted, w);
	if (!c->part_count) {
		if (atom_holds(c, w) == truth_of(wanted))
			return 0;
		if (out && out->missing_count < CRITERIA_MAX_MISSING)
			out->missing[out->missing_count++] = (struct missing_fact){c, !wanted};
		return 1;
	}
	for (size_t i = 0; i < c->part_count; i++) {
		size_t one = find_missing(needs_every ? out : NULL, &c->parts[i], wanted, w);

		sum += one;
		if (one < least) {
			least = one;
			best = i;
		}
	}
	if (needs_every)
		return sum;
	return out ? find_missing(out, &c->parts[best], wanted, w) : least;
}

static void find_nearest(struct criteria_verdict *v, const struct criteria *c, struct weighing *w)
{
	size_t least = SIZE_MAX;

	for (size_t i = 0; i < c->rule_count; i++) {
		size_t count;

		if (c->rules[i].effect != EFFECT_APPROVE)
			continue;
		count = find_missing(NULL, &c->rules[i].when, true, w);
		if (count < least) {
			least = count;
			v->has_nearest = true;
			v->nearest = i;
		}
	}
	if (v->has_nearest)
		(void)find_missing(v, &c->rules[v->nearest].when, true, w);
}

/* --- the outcome -------------------------------------------------------------------------- */

/* An external rule counts as what was answered; as what it says for failures, if nobody did; as
 * refer, if it was not asked. */
static enum effect external_effect(const struct criteria_rule *rule,
				   const struct criteria_facts *facts)
{
	for (size_t i = 0; i < facts->answer_count; i++)
		if (slice_equal(facts->answers[i].rule, rule->id))
			return facts->answers[i].is_answered ? facts->answers[i].effect
							     : rule->on_failure;
	return EFFECT_REFER;
}

/* Rules that speak, by what they count as; what is unknown refers, unless it could only approve. */
static void weigh_rule(struct criteria_verdict *v, const struct criteria *c, size_t i,
		       struct weighing *w, bool spoke[EFFECT_EXTERNAL])
{
	const struct criteria_rule *rule = &c->rules[i];
	enum effect effect = rule->effect;

	v->holds[i] = condition_holds(&rule->when, w);
	if (v->holds[i] == TRUTH_NO)
		return;
	if (effect == EFFECT_EXTERNAL)
		effect = v->holds[i] == TRUTH_YES ? external_effect(rule, w->facts) : EFFECT_REFER;
	if (v->holds[i] == TRUTH_UNKNOWN && rule->effect != EFFECT_APPROVE)
		effect = EFFECT_REFER;
	v->counts_as[i] = effect;
	if (v->holds[i] == TRUTH_YES || effect != EFFECT_APPROVE)
		spoke[effect] = true;
}

static enum effect strongest(const bool spoke[EFFECT_EXTERNAL], enum effect fallback,
			     bool *is_default)
{
	*is_default = false;
	for (int e = EFFECT_DENY; e >= EFFECT_APPROVE; e--)
		if (spoke[e])
			return (enum effect)e;
	*is_default = true;
	return fallback;
}

struct criteria_verdict criteria_evaluate(const struct criteria *c,
					  const struct criteria_facts *facts)
{
	struct weighing w = {.facts = facts};
	struct criteria_verdict v = {.outcome = EFFECT_REFER};
	bool spoke[EFFECT_EXTERNAL] = {false};

	for (size_t i = 0; i < c->rule_count && w.steps <= CRITERIA_MAX_STEPS; i++)
		weigh_rule(&v, c, i, &w, spoke);
	v.is_cut_short = w.steps > CRITERIA_MAX_STEPS;
	if (v.is_cut_short)
		return v;
	v.outcome = strongest(spoke, c->fallback, &v.is_default);
	if (v.outcome != EFFECT_APPROVE)
		find_nearest(&v, c, &w);
	return v;
}

size_t criteria_to_ask(size_t out[CRITERIA_MAX_EXTERNAL], const struct criteria *c,
		       const struct criteria_facts *facts)
{
	struct criteria_verdict v = criteria_evaluate(c, facts);
	size_t count = 0;

	if (v.outcome == EFFECT_DENY && !v.is_default)
		return 0;
	for (size_t i = 0; i < c->rule_count && count < CRITERIA_MAX_EXTERNAL; i++)
		if (c->rules[i].effect == EFFECT_EXTERNAL && v.holds[i] == TRUTH_YES &&
		    !v.is_cut_short)
			out[count++] = i;
	return count;
}
