/* SPDX-License-Identifier: Apache-2.0 */
/* Access requests as they are looked at: lists, counts, and one with all that belongs to it. */
#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "gateway/api/criteria/opinion.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/model/form.h"
#include "gateway/api/reply.h"
#include "gateway/api/request/request_clock.h"
#include "gateway/api/routes.h"
#include "schema/store/accessor.h"

static enum err read_place(struct store_request_question *q, struct exchange *x)
{
	struct page page;

	TRY(page_read(&page, exchange_arena(x), exchange_request(x)->query, STORE_MAX_ROWS,
		      STORE_MAX_ROWS));
	q->limit = page.limit;
	return page_read_moment(&q->after_ms, q->after, &page);
}

static enum err read_question(struct store_request_question *q, struct exchange *x)
{
	const struct principal *who = authorize_principal(x);
	struct slice sort = api_query(x, "sort");

	*q = (struct store_request_question){
		.by_office = principal_holds_somewhere(who, RIGHT_REQUESTS_HANDLE),
		.mine = hub_is_true(x, "mine"),
		.assigned = hub_is_true(x, "assigned"),
		.state = api_query(x, "state"),
		.model = api_query(x, "model"),
		.text = api_query(x, "q"),
		.by_waiting = slice_equal(sort, S("waiting")),
	};
	memcpy(q->viewer, who->person.id, STORE_ID);
	if (sort.size && !q->by_waiting && !slice_equal(sort, S("created")))
		return failure(ERR_FORMAT, "\"sort\" is waiting or created");
	if (q->text.size > 200)
		return failure(ERR_FORMAT, "\"q\" has at most 200 bytes");
	return read_place(q, x);
}

void request_list(struct exchange *x, struct route_context *context)
{
	struct store_request_question question;
	struct store_request *found = NULL;
	struct arena *arena = exchange_arena(x);
	size_t count = 0;
	json_t *list;
	enum err result = read_question(&question, x);

	if (result == OK)
		result = store_request_find(context->store, arena, &found, &count, &question);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(list, request_describe(arena, &found[i]));
	if (count && count == question.limit) {
		const struct store_request *last = &found[count - 1];

		hub_link_next(x, context,
			      page_moment(arena,
					  question.by_waiting ? last->waiting_ms : last->created_ms,
					  last->id));
	}
	reply_list(x, "requests", list);
}

void request_counts(struct exchange *x, struct route_context *context)
{
	struct store_request_question question;
	struct store_request_count *counts = NULL;
	size_t count = 0;
	json_t *states;
	enum err result = read_question(&question, x);

	if (result == OK)
		result = store_request_counts(context->store, exchange_arena(x), &counts, &count,
					      &question);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	states = json_object_new();
	for (size_t i = 0; i < count; i++)
		json_put_int(states, arena_string(exchange_arena(x), counts[i].state),
			     counts[i].count);
	reply_list(x, "counts", states);
}

/* What the committee says to itself is told to nobody else: not in the history either. */
static bool is_told(const struct store_request_event *e, bool sees_committee)
{
	static const char *const closed[] = {"remark", "vote", "recuse", "review", "delegate"};

	if (sees_committee)
		return true;
	for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++)
		if (slice_equal(e->act, slice_of_string(closed[i])))
			return false;
	return true;
}

/* Nor how each of them has voted, where the request was decided by a vote. */
static bool shows_detail(const struct store_request_event *e, bool sees_committee)
{
	return sees_committee ||
	       !(slice_equal(e->act, S("approve")) || slice_equal(e->act, S("deny")));
}

static json_t *describe_events(struct arena *arena, const struct store_request_event *events,
			       size_t count, bool sees_committee)
{
	json_t *list = json_array_new();

	for (size_t i = 0; i < count; i++) {
		const struct store_request_event *e = &events[i];
		AUTO(json_auto)
		json_t *detail = json_loadb((const char *)e->detail.data, e->detail.size, 0, NULL);
		json_t *one;

		if (!is_told(e, sees_committee))
			continue;
		one = json_object_new();
		json_put_text(one, "at", slice_of_string(api_time(arena, e->at_ms)));
		json_put_text(one, "actor", e->actor_name);
		json_put_text(one, "act", e->act);
		json_put_text(one, "from", e->from);
		json_put_text(one, "to", e->to);
		json_put_text(one, "reason", e->reason);
		if (detail && shows_detail(e, sees_committee))
			json_put(one, "detail", json_incref(detail));
		json_push(list, one);
	}
	return list;
}

static json_t *describe_comments(struct arena *arena, const struct store_comment *comments,
				 size_t count, bool sees_committee)
{
	json_t *list = json_array_new();

	for (size_t i = 0; i < count; i++) {
		const struct store_comment *c = &comments[i];
		json_t *one;

		if (!sees_committee && !slice_equal(c->audience, S("requester")))
			continue;
		one = json_object_new();
		json_put_text(one, "id", slice_of_string(api_uuid(arena, c->id)));
		json_put_text(one, "at", slice_of_string(api_time(arena, c->at_ms)));
		json_put_text(one, "person", c->person_name);
		json_put_text(one, "audience", c->audience);
		json_put_text(one, "text", c->text);
		json_push(list, one);
	}
	return list;
}

static json_t *describe_votes(struct arena *arena, const struct store_vote *votes, size_t count)
{
	json_t *list = json_array_new();

	for (size_t i = 0; i < count; i++) {
		const struct store_vote *v = &votes[i];
		json_t *one = json_object_new();

		json_put_int(one, "round", v->round);
		json_put_text(one, "at", slice_of_string(api_time(arena, v->at_ms)));
		json_put_text(one, "person", v->person_name);
		json_put_text(one, "seat", v->seat_name);
		json_put_text(one, "vote", v->vote);
		json_put_text(one, "reason", v->reason);
		json_put_bool(one, "signed", v->approvals.size > 0);
		json_put_bool(one, "counts", v->counts);
		json_push(list, one);
	}
	return list;
}

static json_t *describe_accessors(struct arena *arena, const struct store_accessor *accessors,
				  size_t count)
{
	json_t *list = json_array_new();

	for (size_t i = 0; i < count; i++) {
		json_t *one = json_object_new();

		json_put_text(one, "person", accessors[i].name);
		json_put_text(one, "id", slice_of_string(api_uuid(arena, accessors[i].person)));
		json_put_bool(one, "accepted", accessors[i].accepted_ms);
		if (accessors[i].accepted_ms)
			json_put_text(one, "accepted_at",
				      slice_of_string(api_time(arena, accessors[i].accepted_ms)));
		json_push(list, one);
	}
	return list;
}

/* Who is named in it, and who signs for it. */
static enum err add_people(json_t *answer, struct exchange *x, struct route_context *context,
			   const struct request_view *v, const struct store_request_more *more)
{
	struct arena *arena = exchange_arena(x);
	struct store_accessor *accessors;
	size_t count;

	TRY(store_accessor_list(context->store, arena, &accessors, &count, v->row.id));
	json_put(answer, "accessors", describe_accessors(arena, accessors, count));
	json_put_text(answer, "person_id", slice_of_string(api_uuid(arena, v->row.person)));
	json_put_text(answer, "lead", more->lead_name);
	json_put_text(answer, "institution", more->institution_name);
	json_put_text(answer, "countersigned_by", more->official_name);
	json_put_bool(answer, "vouched_for", more->has_card);
	return OK;
}

/* Who may decide it, and who of them has. */
static json_t *describe_deciders(const struct store_decider *deciders, size_t count)
{
	json_t *list = json_array_new();

	for (size_t i = 0; i < count; i++) {
		json_t *one = json_object_new();

		json_put_text(one, "person", deciders[i].name);
		json_put(one, "conflicts", request_describe_list(deciders[i].conflicts));
		if (deciders[i].vote.size) {
			json_put_text(one, "vote", deciders[i].vote);
			json_put_text(one, "cast_by", deciders[i].cast_by);
		}
		json_push(list, one);
	}
	return list;
}

static enum err add_committee(json_t *answer, struct exchange *x, struct route_context *context,
			      const struct request_view *v)
{
	struct arena *arena = exchange_arena(x);
	struct store_decider *deciders;
	struct store_vote *votes;
	struct slice reviewers;
	size_t count, decider_count;

	if (!v->sees_committee)
		return OK;
	TRY(store_vote_list(context->store, arena, &votes, &count, v->row.id, 0));
	TRY(store_reviewer_list(context->store, arena, &reviewers, v->row.id));
	TRY(store_decider_list(context->store, arena, &deciders, &decider_count, v->row.id));
	json_put(answer, "votes", describe_votes(arena, votes, count));
	json_put(answer, "reviewers", request_describe_list(reviewers));
	json_put(answer, "deciders", describe_deciders(deciders, decider_count));
	return OK;
}

/* What the asker may do now, and what stands against it. */
static json_t *describe_standing(const struct request_view *v)
{
	json_t *one = json_object_new();

	json_put_bool(one, "own", v->is_own);
	json_put_bool(one, "accessor", v->standing.is_accessor);
	json_put_bool(one, "lead", v->standing.is_lead);
	json_put_bool(one, "reviewer", v->standing.is_reviewer);
	json_put_bool(one, "official", v->standing.is_official);
	json_put_bool(one, "handler", v->may_handle);
	json_put_bool(one, "decider", v->may_decide);
	if (v->may_decide || v->may_handle)
		json_put(one, "conflicts", request_describe_list(v->standing.conflicts));
	if (v->standing.vote.size)
		json_put_text(one, "vote", v->standing.vote);
	return one;
}

static enum err add_story(json_t *answer, struct exchange *x, struct route_context *context,
			  const struct request_view *v)
{
	struct arena *arena = exchange_arena(x);
	struct store_request_event *events;
	struct store_comment *comments;
	size_t count;
	json_t *told;

	TRY(store_request_history(context->store, arena, &events, &count, v->row.id));
	told = describe_events(arena, events, count, v->sees_committee);
	json_put(answer, "history", json_incref(told));
	json_put(answer, "events", told);
	TRY(store_comment_list(context->store, arena, &comments, &count, v->row.id));
	json_put(answer, "comments", describe_comments(arena, comments, count, v->sees_committee));
	return OK;
}

static enum err describe_all(json_t *answer, struct exchange *x, struct route_context *context,
			     const struct request_view *v)
{
	struct arena *arena = exchange_arena(x);
	struct store_committee committee;
	struct store_request_more more;

	TRY(store_request_more(context->store, arena, &more, v->row.id));
	TRY(store_committee_get(context->store, arena, &committee, v->row.model));
	TRY(add_story(answer, x, context, v));
	TRY(add_people(answer, x, context, v, &more));
	TRY(add_committee(answer, x, context, v));
	json_put(answer, "clock", request_clock(arena, &v->row, &more, &committee));
	json_put(answer, "you", describe_standing(v));
	if (more.advice.size)
		json_put(answer, "advice",
			 json_loadb((const char *)more.advice.data, more.advice.size, 0, NULL));
	return OK;
}

void request_get(struct exchange *x, struct route_context *context)
{
	struct request_view view;
	json_t *answer;
	enum err result;

	if (!request_find(&view, x, context))
		return;
	answer = request_describe(exchange_arena(x), &view.row);
	result = describe_all(answer, x, context, &view);
	if (result == OK)
		result = form_show(answer, x, context, view.row.id);
	if (result == OK)
		result = opinion_show(answer, x, context, view.row.id);
	if (result == OK) {
		reply_json(x, 200, answer);
		return;
	}
	json_free(answer);
	reply_failure(x, result);
}
