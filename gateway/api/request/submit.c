/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What its owner does with an access request: write it as a draft, edit it, submit it (again, if it
 * was returned), withdraw it, appeal.
 */
#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/license/approvals.h"
#include "gateway/api/model/form.h"
#include "gateway/api/reply.h"
#include "gateway/api/request/idempotent.h"
#include "gateway/api/request/submission.h"
#include "gateway/api/routes.h"

/* What goes with the request, whether it is new or changed. */
static enum err store_rest(struct submission *s, struct store *store)
{
	if (s->sets_accessors || s->is_new_content)
		TRY(store_accessors_set(store, s->row.id, s->accessors, s->is_new_content,
					s->row.changed_ms));
	if (s->advice.size)
		TRY(store_request_advise(store, s->row.id, s->advice));
	return OK;
}

/* The entry says all of it at the top, as it always has, and once more for the history. */
static void tell_content(struct audit_event *event, const struct submission *s)
{
	const struct store_request *r = &s->row;

	audit_event_text(event, "rights", r->rights);
	audit_event_text(event, "intended_use", r->intended_use);
	if (r->has_terms)
		audit_event_hex(event, "terms_sha256", slice_of(r->terms_sha256, 32));
	if (!store_id_is_none(r->terms_key)) {
		audit_event_uuid(event, "terms_key", r->terms_key);
		audit_event_hex(event, "terms_signature",
				slice_of(r->terms_signature, STORE_SIGNATURE));
	}
}

/* Decided at once: the answer's receipt is that of the decision that follows. */
static enum err publish(struct submission *s, struct exchange *x, struct route_context *context,
			struct audit_event *event, bool is_draft)
{
	if (!is_draft && submission_is_decided(s))
		return api_commit(context, event);
	return api_finish(x, context, event);
}

/* The answers to the model's form. */
static enum err take_form(struct audit_event *event, struct submission *s, struct exchange *x,
			  struct route_context *context, const json_t *body)
{
	struct form_request form = {.id = s->row.id,
				    .model = s->row.model,
				    .is_draft = slice_equal(s->row.state, S("draft"))};

	return form_take(event, x, context, &form, body);
}

static enum err create(struct submission *s, struct exchange *x, struct route_context *context,
		       const json_t *body, bool is_draft)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	AUTO(json_auto) json_t *detail = submission_describe(x, s);
	AUTO(buf_free) struct buf text = buf_new(64 * 1024);
	struct store_request before = s->row;
	struct request_act act = {.request = &before,
				  .kind = is_draft ? AUDIT_REQUEST_SAVE : AUDIT_REQUEST_SUBMIT,
				  .to = s->row.state,
				  .detail = detail};

	before.state = S("none");
	request_act_entry(&event, x, &act);
	tell_content(&event, s);
	TRY(json_write_canonical(&text, detail));
	TRY(store_begin(store));
	TRY(store_request_create(store, &s->row, buf_slice(&text)));
	TRY(store_rest(s, store));
	TRY(take_form(&event, s, x, context, body));
	if (!is_draft)
		TRY(opinion_keep(store, &s->opinion, s->row.id, &s->model));
	return publish(s, x, context, &event, is_draft);
}

static enum err store_decision(struct exchange *x, struct route_context *context,
			       const struct request_act *act, const struct issue *issue)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	request_act_entry(&event, x, act);
	if (issue)
		audit_event_uuid(&event, "license", issue->license.id);
	TRY(store_begin(store));
	TRY(request_act_store(x, store, act));
	if (issue)
		TRY(store_license_issue(store, &issue->license));
	return api_finish(x, context, &event);
}

static enum err approve_at_once(struct submission *s, struct exchange *x,
				struct route_context *context, const struct request_act *act)
{
	struct issue issue = request_license(&s->row, s->row.rights, API_LICENSE_DAYS);
	enum err result;

	issue.uses = s->row.uses;
	issue.license.requires = s->opinion.requires;
	memcpy(issue.institution, s->row.institution, STORE_ID);
	TRY(issue_license(&issue, x, context));
	result = store_decision(x, context, act, &issue);
	if (result == ERR_CONFLICT || result == ERR_DENIED)
		return issue_undo(&issue, x, context, result);
	return result;
}

/* What the published criteria say, or, without any, the gate "auto": that there is none. */
static enum err decide_at_once(struct submission *s, struct exchange *x,
			       struct route_context *context)
{
	bool denies = s->opinion.has_criteria && s->opinion.outcome == EFFECT_DENY;
	struct request_act act = {.request = &s->row,
				  .kind = denies ? AUDIT_REQUEST_DENY : AUDIT_REQUEST_APPROVE,
				  .to = denies ? S("denied") : S("approved"),
				  .reason = s->opinion.has_criteria ? opinion_reason(&s->opinion)
								    : S("the model's gate is auto"),
				  .by_gateway = true};

	TRY(denies ? store_decision(x, context, &act, NULL) : approve_at_once(s, x, context, &act));
	s->row.state = act.to;
	s->row.reason = act.reason;
	s->row.waiting_ms = 0;
	return OK;
}

static void reply_submitted(const struct idempotent *once, struct exchange *x,
			    struct route_context *context, unsigned status,
			    const struct submission *s)
{
	json_t *answer = request_describe(exchange_arena(x), &s->row);

	json_put(answer, "criteria", opinion_describe(&s->opinion));
	idempotent_reply(once, x, context, status, answer, NULL);
}

static void fill_new(struct submission *s, struct exchange *x, bool is_draft)
{
	const struct principal *who = authorize_principal(x);

	s->row.created_ms = s->row.changed_ms = clock_now_ms();
	s->row.state = is_draft ? S("draft") : S("submitted");
	s->row.round = is_draft ? 0 : 1;
	s->row.waiting_ms = is_draft ? 0 : s->row.created_ms;
	random_uuid(s->row.id, s->row.created_ms);
	memcpy(s->row.model, s->model.id, STORE_ID);
	memcpy(s->row.person, who->person.id, STORE_ID);
	s->row.model_name = s->model.name;
	s->row.person_name = who->person.name;
}

static enum err read_new(struct submission *s, struct exchange *x, struct route_context *context,
			 const json_t *body, bool *is_draft)
{
	struct slice model;

	TRY(json_get_bool_or(is_draft, body, "draft", false));
	TRY(json_get_text(&model, body, "model"));
	TRY(submission_find_model(s, x, context, model));
	TRY(submission_read(s, x, context, body));
	if (!*is_draft) {
		TRY(submission_check(s));
		TRY(submission_advise(s, x, context));
		TRY(submission_weigh(s, x, context));
	}
	fill_new(s, x, *is_draft);
	return OK;
}

enum err submission_make(struct submission *s, struct exchange *x, struct route_context *context,
			 const json_t *body)
{
	bool is_draft = false;

	TRY(read_new(s, x, context, body, &is_draft));
	TRY(create(s, x, context, body, is_draft));
	if (is_draft || !submission_is_decided(s))
		return OK;
	return approvals_leave(decide_at_once(s, x, context));
}

void request_submit(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct submission *s = arena_alloc(exchange_arena(x), sizeof *s);
	struct idempotent once;
	enum err result;

	if (!body || !idempotent_begin(&once, x, context))
		return;
	result = submission_make(s, x, context, body);
	if (result == OK)
		reply_submitted(&once, x, context, 201, s);
	else
		idempotent_fail(&once, x, context, result);
}

/* The submission that a stored request is, to be changed or submitted. */
static enum err take_up(struct submission *s, struct exchange *x, struct route_context *context,
			const struct request_view *view)
{
	AUTO(buf_free) struct buf names = buf_new(16 * 1024);
	struct store_accessor *accessors;
	size_t count;

	s->row = view->row;
	TRY(submission_find_model(s, x, context, view->row.model_name));
	TRY(store_accessor_list(context->store, exchange_arena(x), &accessors, &count,
				view->row.id));
	for (size_t i = 0; i < count; i++) {
		buf_write_string(&names, i ? "," : "");
		buf_write(&names, accessors[i].name);
	}
	TRY(buf_done(&names));
	s->accessors = arena_copy(exchange_arena(x), buf_slice(&names));
	return OK;
}

/* PUT says all of it anew. */
static void forget_content(struct submission *s)
{
	s->row.intended_use = s->row.rights = s->row.uses = s->accessors = S("");
	s->row.has_terms = false;
	memset(s->row.terms_sha256, 0, STORE_SHA256);
	memset(s->row.terms_key, 0, STORE_ID);
	memset(s->row.lead, 0, STORE_ID);
	memset(s->row.institution, 0, STORE_ID);
}

static enum err check_editable(const struct store_request *r)
{
	if (slice_equal(r->state, S("draft")) || slice_equal(r->state, S("returned")))
		return OK;
	return failure(ERR_CONFLICT,
		       "the request is %.*s: only a draft or a returned one can be "
		       "edited or submitted",
		       SLICE_PRINT(r->state));
}

/* "changed" of a body: when what is edited was last changed, as its author has read it; 0: whatever
 * it is now. Of two who edit the same, the later is told instead of undoing the other's work. */
static enum err read_changed(int64_t *out, const json_t *body)
{
	struct slice text = S("");

	*out = 0;
	TRY(json_get_text_or(&text, body, "changed", S("")));
	return text.size ? clock_parse(out, text) : OK;
}

static enum err save(struct submission *s, struct exchange *x, struct route_context *context,
		     const json_t *body)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	AUTO(json_auto) json_t *detail = submission_describe(x, s);
	struct request_act act = {.request = &s->row, .kind = AUDIT_REQUEST_SAVE, .detail = detail};
	int64_t changed_ms;

	TRY(read_changed(&changed_ms, body));
	s->row.changed_ms = clock_now_ms();
	request_act_entry(&event, x, &act);
	tell_content(&event, s);
	TRY(store_begin(store));
	if (changed_ms)
		TRY(store_request_hold(store, s->row.id, changed_ms));
	TRY(request_act_store(x, store, &act));
	TRY(store_request_save(store, &s->row));
	TRY(store_rest(s, store));
	TRY(take_form(&event, s, x, context, body));
	return api_finish(x, context, &event);
}

static enum err edit(struct submission *s, struct exchange *x, struct route_context *context,
		     const struct request_view *view, const json_t *body)
{
	TRY(check_editable(&view->row));
	TRY(take_up(s, x, context, view));
	if (slice_equal(exchange_request(x)->method, S("PUT")))
		forget_content(s);
	TRY(submission_read(s, x, context, body));
	if (slice_equal(exchange_request(x)->method, S("PUT")))
		s->sets_accessors = s->is_new_content = true;
	if (slice_equal(s->row.state, S("returned")))
		TRY(submission_check(s)); /* it stays one that was submitted */
	return save(s, x, context, body);
}

/* Only its owner's. */
static bool find_own(struct request_view *view, struct exchange *x, struct route_context *context)
{
	if (!request_find(view, x, context))
		return false;
	if (view->is_own)
		return true;
	reply_code(x, CODE_RIGHT_NOT_GRANTED, "only the person who made the request may do this",
		   NULL);
	return false;
}

void request_edit(struct exchange *x, struct route_context *context)
{
	struct submission *s = arena_alloc(exchange_arena(x), sizeof *s);
	struct request_view view;
	enum err result;

	if (!find_own(&view, x, context))
		return;
	AUTO(json_auto) json_t *body = api_body(x);
	if (!body)
		return;
	result = edit(s, x, context, &view, body);
	if (result == OK)
		reply_json(x, 200, request_describe(exchange_arena(x), &s->row));
	else
		reply_failure(x, result);
}

static enum err resubmit(struct submission *s, struct exchange *x, struct route_context *context,
			 const struct request_view *view, const json_t *body)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	AUTO(json_auto) json_t *detail = NULL;
	struct request_act act = {
		.request = &s->row, .kind = AUDIT_REQUEST_SUBMIT, .to = S("submitted")};

	TRY(check_editable(&view->row));
	TRY(api_reason(&act.reason, body));
	TRY(take_up(s, x, context, view));
	TRY(submission_check(s));
	TRY(submission_advise(s, x, context));
	TRY(submission_weigh(s, x, context));
	s->sets_accessors = true;
	act.detail = detail = submission_describe(x, s);
	request_act_entry(&event, x, &act);
	tell_content(&event, s);
	TRY(store_begin(store));
	TRY(request_act_store(x, store, &act));
	TRY(store_request_advise(store, s->row.id, s->advice));
	s->row.state = S("submitted");
	TRY(take_form(&event, s, x, context, body));
	TRY(opinion_keep(store, &s->opinion, s->row.id, &s->model));
	TRY(publish(s, x, context, &event, false));
	s->row.reason = act.reason;
	s->row.round++;
	s->row.changed_ms = s->row.waiting_ms = clock_now_ms();
	return OK;
}

void request_resubmit(struct exchange *x, struct route_context *context)
{
	struct submission *s = arena_alloc(exchange_arena(x), sizeof *s);
	struct request_view view;
	struct idempotent once;
	enum err result;

	if (!find_own(&view, x, context))
		return;
	AUTO(json_auto) json_t *body = api_body_or_none(x);
	if (!body || !idempotent_begin(&once, x, context))
		return;
	result = resubmit(s, x, context, &view, body);
	if (result == OK && submission_is_decided(s))
		result = approvals_leave(decide_at_once(s, x, context));
	if (result == OK)
		reply_submitted(&once, x, context, 200, s);
	else
		idempotent_fail(&once, x, context, result);
}

/* A step of the owner's own. */
static void change(struct exchange *x, struct route_context *context, enum audit_kind kind,
		   struct slice to, bool reason_needed)
{
	struct request_view view;
	struct request_act act = {.request = &view.row, .kind = kind, .to = to};
	json_t *answer;
	enum err result;

	if (!find_own(&view, x, context))
		return;
	AUTO(json_auto) json_t *body = api_body_or_none(x);
	if (!body)
		return;
	result = api_reason(&act.reason, body);
	if (result == OK && reason_needed && slice_trim(act.reason).size == 0)
		result = failure(ERR_FORMAT, "\"reason\" is missing: who decides will read it");
	if (result == OK)
		result = request_act_do(x, context, &act);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put_text(answer, "id", slice_of_string(api_uuid(exchange_arena(x), view.row.id)));
	json_put_text(answer, "state", to);
	json_put_text(answer, "reason", act.reason);
	reply_json(x, 200, answer);
}

void request_withdraw(struct exchange *x, struct route_context *context)
{
	change(x, context, AUDIT_REQUEST_WITHDRAW, S("withdrawn"), false);
}

void request_appeal(struct exchange *x, struct route_context *context)
{
	change(x, context, AUDIT_REQUEST_APPEAL, S("appealed"), true);
}
