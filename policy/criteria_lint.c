/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can never matter, or always does. Conditions that join no others are the variables of a
 * formula; a search for values that make it true (Davis, Putnam, Logemann, Loveland, 1962; without
 * learning) prunes by what one condition says about another. It finds a contradiction only where
 * there is one. That facts may be unknown makes no difference: what no known facts can make true,
 * unknown ones cannot either. The search has a budget: criteria that exceed it are refused, too,
 * since their author will not see through them either.
 */
#include "policy/criteria_read.h"
#include "policy/criteria_relate.h"

enum { LINT_MAX_VISITS = 3000000 };

enum { FALSE_NOW, TRUE_NOW, OPEN_NOW };

struct lint {
	const struct condition *atoms[CRITERIA_MAX_CONDITIONS];
	uint8_t values[CRITERIA_MAX_CONDITIONS]; /* OPEN_NOW: not chosen */
	unsigned chosen[CRITERIA_MAX_CONDITIONS];
	unsigned atom_count, chosen_count;
	size_t visits;
	/* The formula: the first must hold, and none of the others. NULL: nothing must. */
	const struct condition *wanted;
	const struct condition *unwanted[CRITERIA_MAX_RULES];
	size_t unwanted_count;
};

/* --- atoms -------------------------------------------------------------------------------- */

/* What it costs to compare two: their longest lists, name by name. */
static size_t cost_of(const struct condition *a, const struct condition *b)
{
	return a->kind == b->kind ? 1 + a->values.count * b->values.count / 4 : 1;
}

static void number_atoms(struct lint *l, struct condition *c)
{
	unsigned i = 0;

	for (size_t k = 0; k < c->part_count; k++)
		number_atoms(l, (struct condition *)(uintptr_t)&c->parts[k]);
	if (c->part_count)
		return;
	while (i < l->atom_count && !condition_equal(l->atoms[i], c))
		l->visits += cost_of(l->atoms[i++], c);
	c->atom = i;
	if (i == l->atom_count)
		l->atoms[l->atom_count++] = c;
}

/* --- the search --------------------------------------------------------------------------- */

static uint8_t opposite(uint8_t value)
{
	return value == OPEN_NOW ? OPEN_NOW : value == TRUE_NOW ? FALSE_NOW : TRUE_NOW;
}

/* *open becomes the last atom met that is not chosen yet, if the value depends on one. Of "all", a
 * false part decides; of "any", a true one. */
static uint8_t value_of(struct lint *l, const struct condition *c, unsigned *open)
{
	uint8_t decisive = c->kind == CONDITION_ALL ? FALSE_NOW : TRUE_NOW;
	uint8_t result = opposite(decisive);

	l->visits++;
	if (c->kind == CONDITION_NOT)
		return opposite(value_of(l, &c->parts[0], open));
	if (!c->part_count && l->values[c->atom] == OPEN_NOW)
		*open = c->atom;
	if (!c->part_count)
		return l->values[c->atom];
	for (size_t i = 0; i < c->part_count; i++) {
		uint8_t one = value_of(l, &c->parts[i], open);

		if (one == decisive)
			return decisive;
		if (one == OPEN_NOW)
			result = OPEN_NOW;
	}
	return result;
}

static uint8_t formula_value(struct lint *l, unsigned *open)
{
	uint8_t result = l->wanted ? value_of(l, l->wanted, open) : TRUE_NOW;

	for (size_t i = 0; i < l->unwanted_count && result != FALSE_NOW; i++) {
		uint8_t one = opposite(value_of(l, l->unwanted[i], open));

		if (one != TRUE_NOW)
			result = one;
	}
	return result;
}

static bool contradicts(const struct condition *a, uint8_t value, const struct condition *b,
			uint8_t other)
{
	if (value == TRUE_NOW)
		return other == TRUE_NOW ? condition_excludes(a, b) : condition_implies(a, b);
	return other == TRUE_NOW ? condition_implies(b, a) : condition_covers(a, b);
}

static bool may_be(struct lint *l, unsigned atom, uint8_t value)
{
	for (unsigned i = 0; i < l->chosen_count; i++) {
		const struct condition *other = l->atoms[l->chosen[i]];

		l->visits += cost_of(l->atoms[atom], other);
		if (contradicts(l->atoms[atom], value, other, l->values[l->chosen[i]]))
			return false;
	}
	return true;
}

/* As deep as there are atoms in the formula: at most CRITERIA_MAX_CONDITIONS. True too when the
 * budget is used up. */
static bool is_possible(struct lint *l)
{
	static const uint8_t choices[] = {TRUE_NOW, FALSE_NOW};
	unsigned open = 0;
	uint8_t value = formula_value(l, &open);
	bool found = l->visits > LINT_MAX_VISITS || value == TRUE_NOW;

	for (size_t i = 0; i < 2 && !found && value == OPEN_NOW; i++) {
		if (!may_be(l, open, choices[i]))
			continue;
		l->values[open] = choices[i];
		l->chosen[l->chosen_count++] = open;
		found = is_possible(l);
		l->chosen_count--;
		l->values[open] = OPEN_NOW;
	}
	return found;
}

static bool ask(struct lint *l, const struct condition *wanted)
{
	l->visits = 0;
	l->wanted = wanted;
	return is_possible(l);
}

/* --- what is said about rules ------------------------------------------------------------- */

static void fault_at_when(struct criteria_reading *r, size_t rule, const char *text)
{
	struct json_step rules = {.name = "rules"};
	struct json_step element = {.up = &rules, .index = rule};
	struct json_step when = {.up = &element, .name = "when"};

	criteria_fault(r, &when, "%s", text);
}

/* Does `other`, where it holds, decide before `rule` can? Whom another is asked about may be
 * approved by them. */
static bool is_stronger(const struct criteria *c, size_t other, size_t rule)
{
	enum effect a = c->rules[other].effect, b = c->rules[rule].effect;

	if (a == EFFECT_EXTERNAL || b == EFFECT_EXTERNAL)
		return a == EFFECT_DENY && b == EFFECT_EXTERNAL;
	return a > b || (a == b && other < rule);
}

static const char *always_text(enum effect effect)
{
	switch (effect) {
	case EFFECT_APPROVE:
		return "this always holds: everybody would be approved; set the model's gate to "
		       "auto without criteria, if that is meant";
	case EFFECT_REFER:
		return "this always holds: no other rule could approve; let the default refer";
	case EFFECT_DENY:
		return "this always holds: everybody would be denied; let the default deny";
	case EFFECT_EXTERNAL:
		return "this always holds: name at least one fact that makes it worth asking";
	}
	return "this always holds";
}

static void check_rule(struct lint *l, const struct criteria *c, struct criteria_reading *r,
		       size_t rule)
{
	const struct condition *when = &c->rules[rule].when;

	l->unwanted_count = 0;
	if (!ask(l, when)) {
		fault_at_when(r, rule, "contradictory: no facts can make this condition hold");
		return;
	}
	if (l->visits > LINT_MAX_VISITS) {
		fault_at_when(r, rule, "too intricate to be checked: split the rule");
		return;
	}
	l->unwanted[l->unwanted_count++] = when;
	if (!ask(l, NULL)) {
		fault_at_when(r, rule, always_text(c->rules[rule].effect));
		return;
	}
	l->unwanted_count = 0;
	for (size_t i = 0; i < c->rule_count; i++)
		if (is_stronger(c, i, rule))
			l->unwanted[l->unwanted_count++] = &c->rules[i].when;
	if (!ask(l, when))
		fault_at_when(r, rule,
			      "unreachable: whenever this holds, rules that are stronger (or the "
			      "same effect above it) hold, too");
	else if (l->visits > LINT_MAX_VISITS)
		fault_at_when(r, rule, "too intricate to be checked: split the rules");
}

void criteria_lint(struct criteria *c, struct criteria_reading *r)
{
	struct lint *l = arena_alloc(r->arena, sizeof *l);

	memset(l->values, OPEN_NOW, sizeof l->values);
	for (size_t i = 0; i < c->rule_count && l->visits <= LINT_MAX_VISITS; i++)
		number_atoms(l, &c->rules[i].when);
	if (l->visits > LINT_MAX_VISITS) {
		criteria_fault(r, NULL, "too many long lists to be compared: shorten them");
		return;
	}
	c->atom_count = l->atom_count;
	for (size_t i = 0; i < c->rule_count; i++)
		check_rule(l, c, r, i);
}
