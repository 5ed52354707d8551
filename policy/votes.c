/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/votes.h"

enum vote_outcome votes_count(struct vote_rule rule, struct votes votes)
{
	unsigned needed = rule.needed ? rule.needed : 1;
	unsigned denials = rule.any_denial_denies ? 1 : needed;

	if (votes.deny >= denials)
		return VOTE_DENIED;
	return votes.approve >= needed ? VOTE_APPROVED : VOTE_OPEN;
}

static const struct {
	const char *name, *sentence;
} conflicts[VOTE_CONFLICT_COUNT] = {
#define VOTE_ROW(kind, text, words) [VOTE_CONFLICT_##kind] = {text, words},
	VOTE_CONFLICTS(VOTE_ROW)
#undef VOTE_ROW
};

const char *vote_conflict_name(enum vote_conflict conflict)
{
	return conflicts[conflict].name;
}

const char *vote_conflict_sentence(enum vote_conflict conflict)
{
	return conflicts[conflict].sentence;
}

static enum vote_conflict parse(struct slice name)
{
	for (int i = 0; i < VOTE_CONFLICT_COUNT; i++)
		if (slice_equal(name, slice_of_string(conflicts[i].name)))
			return (enum vote_conflict)i;
	return VOTE_CONFLICT_REQUESTER;
}

enum vote_conflict vote_conflict_of(struct slice list)
{
	enum vote_conflict first = VOTE_CONFLICT_COUNT;
	bool more = list.size > 0;

	while (more) {
		struct slice one;
		enum vote_conflict found;

		more = slice_cut(list, ',', &one, &list);
		found = parse(one);
		if (found < first)
			first = found;
	}
	return first;
}
