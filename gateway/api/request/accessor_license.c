/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/request/accessor_license.h"

#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "gateway/api/license/approvals.h"

struct issue accessor_license(const struct issue *first, const struct store_accessor *a)
{
	struct issue issue = *first;

	issue.person_name = issue.license.person_name = a->name;
	issue.license.has_terms = a->has_terms;
	memcpy(issue.license.person, a->person, STORE_ID);
	memcpy(issue.license.terms_sha256, a->terms_sha256, STORE_SHA256);
	return issue;
}

enum err accessor_license_approvals(struct issue *issue, struct arena *arena,
				    const struct store_vote *votes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct issue_approval given[ISSUE_MAX_APPROVALS];
		AUTO(json_auto) json_t *kept = NULL;
		size_t found;

		if (!slice_equal(votes[i].vote, S("approve")) || !votes[i].approvals.size)
			continue;
		TRY(json_read(&kept, votes[i].approvals, VOTE_MAX_APPROVALS));
		TRY(approvals_read(given, &found, kept));
		for (size_t k = 0; k < found && issue->approval_count < ISSUE_MAX_APPROVALS; k++) {
			given[k].statement = arena_copy(arena, given[k].statement);
			issue->approvals[issue->approval_count++] = given[k];
		}
	}
	return OK;
}

enum err accessor_license_others(struct issue *issue, struct exchange *x,
				 struct route_context *context, const uint8_t request[STORE_ID])
{
	struct store_accessor *all;
	uint8_t(*others)[STORE_ID];
	size_t count;

	TRY(store_accessor_list(context->store, exchange_arena(x), &all, &count, request));
	others = arena_alloc(exchange_arena(x), (count + 1) * sizeof *others);
	issue->other_count = 0;
	for (size_t i = 0; i < count; i++)
		if (slice_equal(all[i].state, S("active")))
			memcpy(others[issue->other_count++], all[i].person, STORE_ID);
	issue->others = (const uint8_t(*)[STORE_ID])others;
	return OK;
}

static bool is_in_force(const struct store_license *l, int64_t now_ms)
{
	return slice_equal(l->state, S("active")) && l->not_before_ms <= now_ms &&
	       now_ms < l->expires_ms;
}

/* The requester's license as it was approved, and the one of it that is in force: renewed, or under
 * new terms, it is another. */
static enum err find_first(struct store_license *approved, struct exchange *x,
			   struct route_context *context, const struct store_request *r)
{
	struct store_license *all;
	const struct store_license *current = NULL;
	size_t count;

	TRY(store_license_list(context->store, exchange_arena(x), &all, &count, r->person,
			       r->model));
	for (size_t i = 0; i < count; i++) { /* newest first */
		if (memcmp(all[i].request, r->id, STORE_ID) != 0)
			continue;
		*approved = all[i];
		if (!current && is_in_force(&all[i], clock_now_ms()))
			current = &all[i];
	}
	if (!current || approved->expires_ms <= clock_now_ms())
		return failure(ERR_CONFLICT,
			       "the request is approved, but its license is not in force any more: "
			       "ask for access yourself");
	if (current->expires_ms < approved->expires_ms)
		approved->expires_ms = current->expires_ms;
	return OK;
}

static enum err check_none_yet(struct exchange *x, struct route_context *context,
			       const struct store_request *r, const struct store_accessor *a)
{
	struct store_license *all;
	size_t count;

	TRY(store_license_list(context->store, exchange_arena(x), &all, &count, a->person,
			       r->model));
	for (size_t i = 0; i < count; i++)
		if (memcmp(all[i].request, r->id, STORE_ID) == 0)
			return failure(ERR_CONFLICT, "the request is approved, and it has given "
						     "you your license already");
	return OK;
}

/* Criteria that approve look at the requester alone: nobody has decided about the others. */
static enum err add_approvals(struct issue *issue, struct exchange *x,
			      struct route_context *context, const struct store_request *r)
{
	struct store_vote *votes;
	size_t count;

	if (store_id_is_none(r->decided_by))
		return failure(ERR_CONFLICT, "the request was approved by published criteria, "
					     "which are met by each for themselves: ask for access "
					     "yourself");
	TRY(store_vote_list(context->store, exchange_arena(x), &votes, &count, r->id, r->round));
	return accessor_license_approvals(issue, exchange_arena(x), votes, count);
}

enum err accessor_license_late(struct issue *out, struct exchange *x, struct route_context *context,
			       const struct store_request *r, const struct store_accessor *a)
{
	struct store_license first;
	struct issue issue;

	TRY(find_first(&first, x, context, r));
	TRY(check_none_yet(x, context, r, a));
	issue = request_license(r, first.rights, 0);
	issue.expires_ms = first.expires_ms;
	issue.limits = first.limits;
	issue.regions = first.regions;
	issue.uses = first.uses;
	issue.plan = first.plan;
	memcpy(issue.institution, first.institution, STORE_ID);
	TRY(add_approvals(&issue, x, context, r));
	*out = accessor_license(&issue, a);
	return OK;
}

enum err accessor_license_hold(struct exchange *x, struct route_context *context,
			       const struct store_request *r, const struct store_accessor *a)
{
	struct store_license first;
	struct store_request now;

	TRY(store_request_lock(context->store, exchange_arena(x), &now, r->id));
	if (!slice_equal(now.state, r->state))
		return failure(ERR_CONFLICT, "the request is %.*s by now", SLICE_PRINT(now.state));
	TRY(find_first(&first, x, context, r));
	return check_none_yet(x, context, r, a);
}
