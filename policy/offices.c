/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/offices.h"

#include "policy/model_scope.h"

static bool read_line(struct office *out, struct slice line)
{
	struct slice right, rest, scope, until;
	uint64_t ms;

	if (!slice_cut(line, ' ', &right, &rest) || !slice_cut(rest, ' ', &scope, &until) ||
	    !right_parse(&out->right, right) || !right_is_office(out->right) ||
	    !slice_to_u64(until, INT64_MAX, &ms))
		return false;
	out->scope = slice_equal(scope, S("*")) ? S("") : scope;
	out->until_ms = (int64_t)ms;
	return true;
}

bool offices_next(struct office *out, struct slice *held)
{
	while (held->size) {
		struct slice line;

		slice_cut(*held, '\n', &line, held);
		if (read_line(out, line))
			return true;
	}
	return false;
}

right_set offices_with_implied(right_set rights)
{
	if (rights & right_bit(RIGHT_REQUESTS_DECIDE))
		rights |= right_bit(RIGHT_REQUESTS_HANDLE);
	return rights;
}

static bool is_over(const struct office *office, int64_t now_ms)
{
	return office->until_ms && now_ms >= office->until_ms;
}

bool offices_apply(const struct office *office, enum right right, int64_t now_ms)
{
	return !is_over(office, now_ms) &&
	       (offices_with_implied(right_bit(office->right)) & right_bit(right));
}

right_set offices_everywhere(struct slice held, int64_t now_ms)
{
	struct office office;
	right_set rights = 0;

	while (offices_next(&office, &held))
		if (!is_over(&office, now_ms) && office.scope.size == 0)
			rights |= right_bit(office.right);
	return offices_with_implied(rights);
}

right_set offices_on(struct slice held, struct slice model, int64_t now_ms)
{
	struct office office;
	right_set rights = 0;

	while (offices_next(&office, &held))
		if (!is_over(&office, now_ms) && model_scopes_cover(office.scope, model))
			rights |= right_bit(office.right);
	return offices_with_implied(rights);
}

right_set offices_covering(struct slice held, struct slice scope, int64_t now_ms)
{
	struct office office;
	right_set rights = 0;

	while (offices_next(&office, &held))
		if (!is_over(&office, now_ms) && model_scopes_contain(office.scope, scope))
			rights |= right_bit(office.right);
	return offices_with_implied(rights);
}

right_set offices_somewhere(struct slice held, int64_t now_ms)
{
	struct office office;
	right_set rights = 0;

	while (offices_next(&office, &held))
		if (!is_over(&office, now_ms))
			rights |= right_bit(office.right);
	return offices_with_implied(rights);
}

static bool outlasts(const struct office *holder, const struct office *given)
{
	return holder->until_ms == 0 || (given->until_ms && given->until_ms <= holder->until_ms);
}

bool offices_may_give(struct slice held, const struct office *given, int64_t now_ms)
{
	struct office mine;

	while (offices_next(&mine, &held))
		if (offices_apply(&mine, given->right, now_ms) && outlasts(&mine, given) &&
		    model_scopes_contain(mine.scope, given->scope))
			return true;
	return false;
}

static const struct {
	const char *name;
	right_set rights;
} bundles[] = {
	{"handler", (right_set)1 << RIGHT_REQUESTS_HANDLE},
	{"decider", (right_set)1 << RIGHT_REQUESTS_HANDLE | (right_set)1 << RIGHT_REQUESTS_DECIDE},
	{"administrator",
	 (right_set)1 << RIGHT_PERSONS_MANAGE | (right_set)1 << RIGHT_MODELS_MANAGE |
		 (right_set)1 << RIGHT_LICENSES_MANAGE | (right_set)1 << RIGHT_REQUESTS_HANDLE |
		 (right_set)1 << RIGHT_REQUESTS_DECIDE},
	{"auditor", (right_set)1 << RIGHT_AUDIT_READ},
	{"operator", (right_set)1 << RIGHT_KEYS_MANAGE | (right_set)1 << RIGHT_MODELS_MANAGE},
};

right_set offices_named(struct slice name)
{
	enum right right;

	if (right_parse(&right, name))
		return right_is_office(right) ? right_bit(right) : 0;
	for (size_t i = 0; i < sizeof bundles / sizeof bundles[0]; i++)
		if (slice_equal(name, slice_of_string(bundles[i].name)))
			return bundles[i].rights;
	return 0;
}
