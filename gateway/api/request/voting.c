/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/request/voting.h"

#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "gateway/api/license/approvals.h"
#include "gateway/api/request/accessor_license.h"
#include "gateway/api/request/agreement.h"

enum { VOTE_ATTEMPTS = 5 };

/* An approval may grant fewer rights than were asked for, never more. */
static enum err read_rights(struct slice *out, struct exchange *x, const json_t *body,
			    const struct store_request *r)
{
	AUTO(buf_free) struct buf list = buf_new(1024);
	const json_t *array = json_object_get(body, "rights");

	if (!array || json_is_null(array))
		return OK;
	if (!json_is_array(array) || json_array_size(array) == 0)
		return failure(ERR_FORMAT, "\"rights\" must name at least one right");
	for (size_t i = 0; i < json_array_size(array); i++) {
		struct slice one;

		TRY(json_text_at(&one, array, i));
		if (!store_list_has(r->rights, one))
			return failure(ERR_FORMAT, "\"rights\": \"%.*s\" was not asked for",
				       SLICE_PRINT(one));
		if (store_list_has(buf_slice(&list), one))
			return failure(ERR_FORMAT, "\"rights\": \"%.*s\" stands there twice",
				       SLICE_PRINT(one));
		buf_write_string(&list, i ? "," : "");
		buf_write(&list, one);
	}
	*out = arena_copy(exchange_arena(x), buf_slice(&list));
	return buf_done(&list);
}

/* What the license is bound to besides: kept as it came. */
static enum err read_conditions(struct slice *out, struct exchange *x, const json_t *body)
{
	static const char *const names[] = {"limits", "plan", "regions", "uses"};
	AUTO(buf_free) struct buf text = buf_new(AGREEMENT_MAX_CONDITIONS);
	AUTO(json_auto) json_t *all = json_object_new();

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (json_has(body, names[i]))
			json_put(all, names[i], json_deep_copy(json_object_get(body, names[i])));
	if (json_object_size(all) == 0)
		return OK;
	TRY(json_write_canonical(&text, all));
	TRY(buf_done(&text));
	*out = arena_copy(exchange_arena(x), buf_slice(&text));
	return agreement_check_conditions(*out);
}

/* What approvers have signed: kept as it came, with the vote. */
static enum err read_approvals(struct slice *out, struct exchange *x, const json_t *body)
{
	struct issue_approval given[ISSUE_MAX_APPROVALS];
	AUTO(buf_free) struct buf text = buf_new(VOTE_MAX_APPROVALS);
	AUTO(json_auto) json_t *kept = json_object_new();
	json_t *list;
	size_t count;

	TRY(approvals_read(given, &count, body));
	if (!count)
		return OK;
	if (json_has(body, "approvals")) {
		list = json_deep_copy(json_object_get(body, "approvals"));
	} else {
		list = json_array_new();
		json_push(list, json_deep_copy(json_object_get(body, "approval")));
	}
	json_put(kept, "approvals", list);
	TRY(json_write_canonical(&text, kept));
	TRY(buf_done(&text));
	*out = arena_copy(exchange_arena(x), buf_slice(&text));
	return OK;
}

enum err ballot_read(struct ballot *out, struct exchange *x, const struct store_request *r,
		     const json_t *body, bool approves)
{
	*out = (struct ballot){.approves = approves};
	TRY(api_reason(&out->reason, body));
	if (!approves && slice_trim(out->reason).size == 0)
		return failure(ERR_FORMAT, "\"reason\" is missing: the person will read it");
	if (!approves)
		return OK;
	TRY(json_get_int_or(&out->days, body, "expires_days", 0));
	if (json_has(body, "expires_days") && (out->days < 1 || out->days > API_MAX_DAYS))
		return failure(ERR_FORMAT, "\"expires_days\" is 1 to %d", API_MAX_DAYS);
	TRY(read_rights(&out->rights, x, body, r));
	TRY(read_conditions(&out->conditions, x, body));
	return read_approvals(&out->approvals, x, body);
}

static bool awaits_decision(const struct store_request *r)
{
	return slice_equal(r->state, S("submitted")) || slice_equal(r->state, S("appealed"));
}

enum err vote_check(const struct request_view *view)
{
	enum vote_conflict conflict = vote_conflict_of(view->standing.conflicts);

	if (view->is_own)
		return failure(ERR_DENIED, "%s", vote_conflict_sentence(VOTE_CONFLICT_REQUESTER));
	if (!awaits_decision(&view->row))
		return failure(ERR_CONFLICT, "the request is %.*s, not awaiting a decision",
			       SLICE_PRINT(view->row.state));
	if (conflict != VOTE_CONFLICT_COUNT)
		return failure(ERR_DENIED, "%s", vote_conflict_sentence(conflict));
	if (!view->may_decide)
		return failure(ERR_DENIED, "you are none of those who decide the requests for this "
					   "model");
	return OK;
}

/* All that a decision rests on, as it was looked at. */
struct look {
	struct store_committee committee;
	struct store_vote *votes; /* of this round, without that of our seat */
	size_t count;
	struct store_vote mine;
};

static struct store_vote vote_of(const struct request_view *view, const struct principal *who,
				 const struct ballot *b)
{
	struct store_vote v = {.round = view->row.round,
			       .vote = b->approves ? S("approve") : S("deny"),
			       .reason = b->reason,
			       .rights = b->rights,
			       .days = b->days,
			       .conditions = b->conditions,
			       .approvals = b->approvals,
			       .at_ms = clock_now_ms(),
			       .counts = true};

	memcpy(v.request, view->row.id, STORE_ID);
	memcpy(v.seat, view->seat, STORE_ID);
	memcpy(v.person, who->person.id, STORE_ID);
	return v;
}

static enum err look_at(struct look *out, struct exchange *x, struct route_context *context)
{
	struct store_vote *all;
	size_t count;

	TRY(store_vote_list(context->store, exchange_arena(x), &all, &count, out->mine.request,
			    out->mine.round));
	out->votes = all;
	out->count = 0;
	for (size_t i = 0; i < count; i++)
		if (memcmp(all[i].seat, out->mine.seat, STORE_ID) != 0 && all[i].counts)
			out->votes[out->count++] = all[i];
	return OK;
}

static bool is_approval(const struct store_vote *v)
{
	return slice_equal(v->vote, S("approve"));
}

static struct votes tally(const struct look *look)
{
	struct votes votes = {0, 0};

	for (size_t i = 0; i <= look->count; i++) {
		const struct store_vote *v = i < look->count ? &look->votes[i] : &look->mine;

		if (is_approval(v))
			votes.approve++;
		else
			votes.deny++;
	}
	return votes;
}

static bool same_votes(const struct look *a, const struct look *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (memcmp(a->votes[i].seat, b->votes[i].seat, STORE_ID) != 0 ||
		    a->votes[i].at_ms != b->votes[i].at_ms ||
		    is_approval(&a->votes[i]) != is_approval(&b->votes[i]))
			return false;
	return true;
}

/* The license that these votes give the requester. */
static enum err draw_up(struct issue *out, struct exchange *x, const struct store_request *r,
			const struct store_vote *votes, size_t count)
{
	struct agreement a;

	TRY(agreement_of(&a, exchange_arena(x), r, votes, count));
	*out = request_license(r, a.rights, a.days ? a.days : API_LICENSE_DAYS);
	out->limits = a.limits;
	out->regions = a.regions;
	out->uses = a.uses;
	out->plan = a.plan;
	memcpy(out->institution, r->institution, STORE_ID);
	return OK;
}

static enum err draw_up_licenses(struct outcome *out, struct exchange *x,
				 struct route_context *context, const struct store_request *r,
				 const struct look *look)
{
	AUTO(buf_free) struct buf left_out = buf_new(8 * 1024);
	struct store_accessor *accessors;
	struct store_vote *all = arena_alloc(exchange_arena(x), (look->count + 1) * sizeof *all);
	size_t count;

	for (size_t i = 0; i <= look->count; i++)
		all[i] = i < look->count ? look->votes[i] : look->mine;
	TRY(store_accessor_list(context->store, exchange_arena(x), &accessors, &count, r->id));
	out->issues = arena_alloc(exchange_arena(x), (count + 1) * sizeof *out->issues);
	TRY(draw_up(&out->issues[0], x, r, all, look->count + 1));
	TRY(accessor_license_approvals(&out->issues[0], exchange_arena(x), all, look->count + 1));
	out->issue_count = 1;
	for (size_t i = 0; i < count; i++) {
		if (accessors[i].accepted_ms && slice_equal(accessors[i].state, S("active"))) {
			out->issues[out->issue_count++] = accessor_license(&out->issues[0],
									   &accessors[i]);
			continue;
		}
		buf_write_string(&left_out, left_out.size ? "," : "");
		buf_write(&left_out, accessors[i].name);
	}
	TRY(buf_done(&left_out));
	out->left_out = arena_copy(exchange_arena(x), buf_slice(&left_out));
	return OK;
}

static struct slice join_names(struct arena *arena, struct slice list, struct slice name)
{
	return slice_of_string(arena_printf(arena, "%.*s%s%.*s", SLICE_PRINT(list),
					    list.size ? "," : "", SLICE_PRINT(name)));
}

/* Those that were signed come to nothing. */
static enum err undo(struct outcome *out, struct exchange *x, struct route_context *context,
		     enum err why)
{
	for (size_t i = 0; i < out->issue_count; i++)
		why = issue_undo(&out->issues[i], x, context, why);
	return why;
}

/* An accessor whom no approver has signed for, where approvers sign, is left out: what is refused
 * so, nothing was written of. */
static enum err sign_licenses(struct outcome *out, struct exchange *x,
			      struct route_context *context)
{
	size_t wanted = out->issue_count;

	out->issue_count = 0;
	for (size_t i = 0; i < wanted; i++) {
		struct issue *one = &out->issues[out->issue_count];
		enum err result;

		*one = out->issues[i];
		result = issue_license(one, x, context);
		if (result == ERR_DENIED && i > 0) {
			out->left_out = join_names(exchange_arena(x), out->left_out,
						   one->person_name);
			continue;
		}
		if (result != OK)
			return out->issue_count ? undo(out, x, context, result) : result;
		out->issue_count++;
	}
	return OK;
}

static json_t *describe_vote(struct arena *arena, const struct look *look,
			     const struct request_view *view)
{
	const struct store_vote *v = &look->mine;
	json_t *one = json_object_new();

	json_put_text(one, "vote", v->vote);
	json_put_text(one, "seat", slice_of_string(api_uuid(arena, v->seat)));
	if (v->rights.size)
		json_put(one, "rights", request_describe_list(v->rights));
	if (v->days)
		json_put_int(one, "expires_days", v->days);
	if (v->conditions.size)
		json_put(one, "conditions",
			 json_loadb((const char *)v->conditions.data, v->conditions.size, 0, NULL));
	json_put_bool(one, "signed", v->approvals.size > 0);
	json_put_bool(one, "delegated", memcmp(v->seat, v->person, STORE_ID) != 0);
	json_put_int(one, "round", view->row.round);
	return one;
}

static void tell_licenses(struct audit_event *event, struct exchange *x, const struct outcome *out)
{
	json_t *all = json_array_new();

	audit_event_uuid(event, "license", out->issues[0].license.id);
	for (size_t i = 0; i < out->issue_count; i++)
		json_push_text(all, slice_of_string(api_uuid(exchange_arena(x),
							     out->issues[i].license.id)));
	audit_event_json(event, "licenses", all);
}

static void tell_votes(struct audit_event *event, const struct outcome *out)
{
	json_t *votes = json_object_new();

	json_put_int(votes, "approve", out->votes.approve);
	json_put_int(votes, "deny", out->votes.deny);
	json_put_int(votes, "needed", out->rule.needed);
	audit_event_json(event, "votes", votes);
}

static enum audit_kind kind_of(const struct outcome *out)
{
	if (!out->state.size)
		return AUDIT_REQUEST_VOTE;
	return slice_equal(out->state, S("approved")) ? AUDIT_REQUEST_APPROVE : AUDIT_REQUEST_DENY;
}

/* Vote, step, licenses and entry, all or nothing. *changed: somebody else has voted meanwhile. */
static enum err carry_out(struct outcome *out, bool *changed, struct exchange *x,
			  struct route_context *context, const struct request_view *view,
			  const struct look *look)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	AUTO(json_auto) json_t *detail = describe_vote(exchange_arena(x), look, view);
	struct request_act act = {.request = &view->row,
				  .kind = kind_of(out),
				  .to = out->state,
				  .reason = look->mine.reason,
				  .detail = detail};
	struct look now = {.mine = look->mine};
	struct store_request row;

	request_act_entry(&event, x, &act);
	tell_votes(&event, out);
	if (out->issue_count)
		tell_licenses(&event, x, out);
	TRY(store_begin(store));
	TRY(store_request_lock(store, exchange_arena(x), &row, view->row.id));
	if (!slice_equal(row.state, view->row.state) || row.round != view->row.round)
		return failure(ERR_CONFLICT, "the request is %.*s by now", SLICE_PRINT(row.state));
	TRY(look_at(&now, x, context));
	*changed = !same_votes(look, &now);
	if (*changed)
		return failure(ERR_CONFLICT, "others have voted meanwhile; look again");
	TRY(store_vote_put(store, &look->mine));
	TRY(request_act_store(x, store, &act));
	for (size_t i = 0; i < out->issue_count; i++)
		TRY(store_license_issue(store, &out->issues[i].license));
	TRY(api_commit(context, &event));
	memcpy(out->entry, event.id, STORE_ID);
	return OK;
}

static enum err check_card(const struct store_committee *c, struct exchange *x,
			   struct route_context *context, const struct request_view *view)
{
	struct store_request_more more;

	if (!c->needs_card)
		return OK;
	TRY(store_request_more(context->store, exchange_arena(x), &more, view->row.id));
	if (more.has_card)
		return OK;
	return failure(ERR_CONFLICT,
		       "the request waits for its institution: an official must countersign it, or "
		       "give the requester a library card");
}

/* The votes with this one, and what they lead to. */
static enum err weigh(struct outcome *out, struct exchange *x, struct route_context *context,
		      const struct request_view *view, const struct ballot *ballot,
		      struct look *look)
{
	*out = (struct outcome){
		.rule = {(unsigned)look->committee.needed, look->committee.any_denial_denies}};
	look->mine = vote_of(view, authorize_principal(x), ballot);
	TRY(look_at(look, x, context));
	out->votes = tally(look);
	switch (votes_count(out->rule, out->votes)) {
	case VOTE_OPEN:
		break;
	case VOTE_DENIED:
		out->state = S("denied");
		break;
	case VOTE_APPROVED:
		out->state = S("approved");
		return draw_up_licenses(out, x, context, &view->row, look);
	}
	return OK;
}

static enum err vote_once(struct outcome *out, bool *changed, struct exchange *x,
			  struct route_context *context, const struct request_view *view,
			  const struct ballot *ballot, struct look *look)
{
	enum err result;

	TRY(weigh(out, x, context, view, ballot, look));
	TRY(sign_licenses(out, x, context));
	result = carry_out(out, changed, x, context, view, look);
	if ((result == ERR_CONFLICT || result == ERR_DENIED) && out->issue_count)
		return undo(out, x, context, result);
	return result;
}

static enum err begin_vote(struct look *look, struct exchange *x, struct route_context *context,
			   const struct request_view *view, const struct ballot *ballot)
{
	*look = (struct look){.count = 0};
	TRY(vote_check(view));
	TRY(store_committee_get(context->store, exchange_arena(x), &look->committee,
				view->row.model));
	return ballot->approves ? check_card(&look->committee, x, context, view) : OK;
}

enum err vote_preview(struct outcome *out, struct exchange *x, struct route_context *context,
		      const struct request_view *view, const struct ballot *ballot)
{
	struct look look;

	TRY(begin_vote(&look, x, context, view, ballot));
	TRY(weigh(out, x, context, view, ballot, &look));
	if (!out->state.size)
		out->state = view->row.state;
	return OK;
}

enum err vote_on(struct outcome *out, struct exchange *x, struct route_context *context,
		 const struct request_view *view, const struct ballot *ballot)
{
	struct look look;
	bool changed = false;
	enum err result = OK;

	TRY(begin_vote(&look, x, context, view, ballot));
	for (int i = 0; i < VOTE_ATTEMPTS; i++) {
		changed = false;
		result = vote_once(out, &changed, x, context, view, ballot, &look);
		if (!changed)
			break;
		store_rollback(context->store);
	}
	TRY(result);
	if (!out->state.size)
		out->state = view->row.state;
	return OK;
}

enum err request_grant(struct issue *out, struct exchange *x, struct route_context *context,
		       const struct store_request *request, const json_t *body)
{
	struct store_vote vote = {.vote = S("approve")};
	struct ballot ballot;

	TRY(ballot_read(&ballot, x, request, body, true));
	vote.rights = ballot.rights;
	vote.days = ballot.days;
	vote.conditions = ballot.conditions;
	TRY(draw_up(out, x, request, &vote, 1));
	return accessor_license_others(out, x, context, request->id);
}

json_t *outcome_describe(struct arena *arena, const struct store_request *r,
			 const struct outcome *out)
{
	json_t *answer = json_object_new(), *votes = json_object_new(), *all;

	json_put_text(answer, "id", slice_of_string(api_uuid(arena, r->id)));
	json_put_text(answer, "state", out->state);
	json_put_int(votes, "approve", out->votes.approve);
	json_put_int(votes, "deny", out->votes.deny);
	json_put_int(votes, "needed", out->rule.needed);
	json_put(answer, "votes", votes);
	if (!out->issue_count)
		return answer;
	all = json_array_new();
	for (size_t i = 0; i < out->issue_count; i++)
		json_push(all, issue_describe(arena, &out->issues[i].license));
	json_put(answer, "license", json_incref(json_array_get(all, 0)));
	json_put(answer, "licenses", all);
	json_put(answer, "left_out", request_describe_list(out->left_out));
	return answer;
}
