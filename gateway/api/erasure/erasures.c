/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Erasing what is known of a person: POST and GET /api/v1/audit/erasures, GET and POST .../{id},
 * .../{id}/confirm and .../{id}/reject, GET /api/v1/audit/erasure-preview. One person asks, another
 * one confirms, neither of them the subject. The entries go afterwards, step by step (erase_job.c).
 */
#include <ctype.h>

#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/authorize.h"
#include "gateway/api/erasure/erase_step.h"
#include "gateway/api/lease/withdraw.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/store/audit_search.h"

enum {
	NAME_LEAST = 3, /* shorter ones stand in any text */
	PREVIEW_CATCH_UP = 10000,
};

static void put_act(json_t *one, struct arena *arena, const char *name, struct slice by,
		    int64_t at_ms)
{
	json_t *act = json_object_new();

	json_put_text(act, "by", by);
	json_put_text(act, "at", slice_of_string(api_time(arena, at_ms)));
	json_put(one, name, act);
}

static void put_time(json_t *one, struct arena *arena, const char *name, int64_t ms)
{
	if (ms)
		json_put_text(one, name, slice_of_string(api_time(arena, ms)));
}

static json_t *describe(struct arena *arena, const struct store_erasure *e)
{
	json_t *one = json_object_new(), *subject = json_object_new();

	json_put_text(one, "id", slice_of_string(api_uuid(arena, e->id)));
	json_put_text(subject, "id", slice_of_string(api_uuid(arena, e->subject)));
	json_put_text(subject, "name", e->subject_name);
	json_put(one, "subject", subject);
	json_put_text(one, "scope", e->scope);
	json_put_text(one, "reason", e->reason);
	if (e->override.size)
		json_put_text(one, "override", e->override);
	json_put_text(one, "state", e->state);
	put_act(one, arena, "asked", e->asked_by_name, e->asked_ms);
	if (e->decided_ms)
		put_act(one, arena, "decided", e->decided_by_name, e->decided_ms);
	if (e->decision_reason.size)
		json_put_text(one, "decision_reason", e->decision_reason);
	json_put_int(one, "erased", e->erased);
	json_put_int(one, "kept", e->kept);
	if (e->kept)
		put_time(one, arena, "kept_until", e->kept_until_ms);
	put_time(one, arena, "file_until", e->file_due_ms);
	put_time(one, arena, "done", e->done_ms);
	return one;
}

/* --- what would go ------------------------------------------------------------------------ */

static const char *why_it_stays(struct slice rule)
{
	return slice_equal(rule, S("usage")) ? "records of use are kept for at least six months "
					       "(AI Act, articles 19 and 26(6))"
					     : "documentation is kept for ten years (AI Act, "
					       "article 18)";
}

static json_t *describe_part(struct arena *arena, const struct store_erasure_part *p)
{
	json_t *one = json_object_new();

	json_put_text(one, "rule", p->rule);
	json_put_int(one, "now", p->goes);
	json_put_int(one, "later", p->stays);
	put_time(one, arena, "until", p->until_ms);
	if (p->stays)
		json_put_text(one, "why", slice_of_string(why_it_stays(p->rule)));
	json_put_int(one, "held", p->held);
	json_put_int(one, "for_good", p->for_good);
	return one;
}

static enum err preview(json_t **out, struct exchange *x, struct route_context *context,
			const uint8_t subject[STORE_ID], bool overridden)
{
	struct store_periods periods;
	struct store_erasure_part *parts;
	json_t *list = json_array_new();
	uint64_t left;
	bool held;
	size_t count;

	*out = json_object_new();
	json_put(*out, "entries", list);
	TRY(erase_periods(&periods, context));
	TRY(store_audit_catch_up(context->store, &left, PREVIEW_CATCH_UP));
	TRY(store_person_is_held(context->store, &held, subject));
	json_put_bool(*out, "held", held);
	TRY(store_erasure_preview(context->store, exchange_arena(x), &parts, &count, subject,
				  overridden, &periods));
	for (size_t i = 0; i < count; i++)
		json_push(list, describe_part(exchange_arena(x), &parts[i]));
	return OK;
}

static enum err find_subject(struct store_person *out, struct exchange *x,
			     struct route_context *context, struct slice subject)
{
	uint8_t id[STORE_ID];

	if (subject.size == 0 || subject.size > 64)
		return failure(ERR_FORMAT, "\"subject\" is the name or the id of a person");
	if (text_read_uuid(id, subject) == OK)
		return store_person_by_id(context->store, exchange_arena(x), out, id);
	return store_person_by_name(context->store, exchange_arena(x), out, subject);
}

void erasure_preview(struct exchange *x, struct route_context *context)
{
	bool overridden = api_query(x, "override").size > 0;
	struct store_person subject;
	json_t *answer = NULL;
	enum err result = find_subject(&subject, x, context, api_query(x, "subject"));

	if (result == OK)
		result = preview(&answer, x, context, subject.id, overridden);
	if (result == OK) {
		reply_json(x, 200, answer);
		return;
	}
	json_free(answer);
	reply_failure(x, result);
}

/* --- asking ------------------------------------------------------------------------------- */

static bool stands_in(struct slice word, struct slice text)
{
	for (size_t i = 0; word.size >= NAME_LEAST && i + word.size <= text.size; i++) {
		size_t n = 0;

		while (n < word.size && tolower(text.data[i + n]) == tolower(word.data[n]))
			n++;
		if (n == word.size)
			return true;
	}
	return false;
}

/* What is written down of an erasure stays: it must not say again what goes. */
static enum err check_text(const char *name, struct slice text, const struct store_person *subject)
{
	if (text.size > API_MAX_REASON)
		return failure(ERR_FORMAT, "\"%s\" has at most %d bytes", name, API_MAX_REASON);
	if (stands_in(subject->name, text) || stands_in(subject->email, text))
		return failure(ERR_FORMAT,
			       "\"%s\" stays in the log: say it without the person's "
			       "name or mail address",
			       name);
	return OK;
}

static enum err read_question(struct store_erasure *out, struct store_person *subject,
			      struct exchange *x, struct route_context *context, const json_t *body)
{
	static const char *const names[] = {"subject", "scope", "reason", "override", NULL};
	struct slice name;

	TRY(json_only(body, names));
	TRY(json_get_text(&name, body, "subject"));
	TRY(json_get_text_or(&out->scope, body, "scope", S("all")));
	TRY(json_get_text(&out->reason, body, "reason"));
	TRY(json_get_text_or(&out->override, body, "override", S("")));
	if (!slice_equal(out->scope, S("all")) && !slice_equal(out->scope, S("log")))
		return failure(ERR_FORMAT, "\"scope\" is \"all\" or \"log\"");
	if (out->reason.size == 0)
		return failure(ERR_FORMAT, "\"reason\" is empty: say why it is to be erased");
	TRY(find_subject(subject, x, context, name));
	TRY(check_text("reason", out->reason, subject));
	return check_text("override", out->override, subject);
}

static void begin_entry(struct audit_event *event, struct exchange *x, enum audit_kind kind,
			const struct store_erasure *e)
{
	const struct principal *who = authorize_principal(x);

	audit_event_begin(event, kind, who->person.id, who->person.name);
	audit_event_uuid(event, "erasure", e->id);
	audit_event_uuid(event, "person", e->subject);
	audit_event_text(event, "scope", e->scope);
}

static enum err ask(struct store_erasure *e, struct exchange *x, struct route_context *context,
		    const json_t *body)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	const struct principal *who = authorize_principal(x);
	struct store_person subject;

	TRY(read_question(e, &subject, x, context, body));
	if (principal_is(who, subject.id))
		return failure(ERR_CONFLICT, "nobody erases themselves; ask two administrators");
	e->asked_ms = clock_now_ms();
	random_uuid(e->id, e->asked_ms);
	memcpy(e->subject, subject.id, STORE_ID);
	memcpy(e->asked_by, who->person.id, STORE_ID);
	begin_entry(&event, x, AUDIT_ERASURE_ASK, e);
	audit_event_text(&event, "reason", e->reason);
	if (e->override.size)
		audit_event_text(&event, "override", e->override);
	TRY(store_begin(store));
	if (store_erasure_add(store, e) == ERR_CONFLICT)
		return failure(ERR_CONFLICT, "an erasure of this person waits for its "
					     "confirmation, or is under way");
	return api_finish(x, context, &event);
}

/* As it stands now, with what it would do if it is still to be decided. */
static void reply_erasure(struct exchange *x, struct route_context *context, unsigned status,
			  const uint8_t id[STORE_ID])
{
	struct store_erasure e;
	json_t *answer, *would = NULL;
	enum err result = store_erasure_get(context->store, exchange_arena(x), &e, id);

	if (result == OK && slice_equal(e.state, S("asked")))
		result = preview(&would, x, context, e.subject, e.override.size > 0);
	if (result != OK) {
		json_free(would);
		reply_failure(x, result);
		return;
	}
	answer = describe(exchange_arena(x), &e);
	if (would)
		json_put(answer, "preview", would);
	if (slice_equal(e.state, S("running")))
		withdraw_wait(x, context, answer);
	reply_json(x, status, answer);
}

void erasure_ask(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct store_erasure e = {.asked_ms = 0};
	enum err result;

	if (!body)
		return;
	result = ask(&e, x, context, body);
	if (result == OK)
		reply_erasure(x, context, 201, e.id);
	else
		reply_failure(x, result);
}

void erasure_get(struct exchange *x, struct route_context *context)
{
	uint8_t id[STORE_ID];
	enum err result = erase_look(x, context, "erasure", 1);

	if (result == OK)
		result = api_param_uuid(id, x, "id");
	if (result == OK)
		reply_erasure(x, context, 200, id);
	else
		reply_failure(x, result);
}

void erasure_list(struct exchange *x, struct route_context *context)
{
	struct store_erasure *list;
	json_t *answer;
	size_t count;
	enum err result = store_erasure_list(context->store, exchange_arena(x), &list, &count,
					     api_query(x, "state"));

	if (result == OK)
		result = erase_look(x, context, "erasures", count);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(answer, describe(exchange_arena(x), &list[i]));
	reply_list(x, "erasures", answer);
}

/* --- deciding ----------------------------------------------------------------------------- */

/* That nothing waits for its day is a decision of its own, and an entry of its own. */
static enum err log_override(struct exchange *x, struct store *store, const struct store_erasure *e)
{
	AUTO(audit_event_clear) struct audit_event event = {0};

	begin_entry(&event, x, AUDIT_ERASURE_OVERRIDE, e);
	audit_event_text(&event, "reason", e->override);
	return api_log(store, &event);
}

static enum err confirm(struct exchange *x, struct route_context *context,
			const struct store_erasure *e, struct slice reason)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	const uint8_t *by = authorize_principal(x)->person.id;
	struct store_periods periods;

	begin_entry(&event, x, AUDIT_ERASURE_CONFIRM, e);
	audit_event_flag(&event, "override", e->override.size > 0);
	if (reason.size)
		audit_event_text(&event, "reason", reason);
	TRY(store_begin(store));
	TRY(erase_periods(&periods, context));
	if (e->override.size)
		TRY(log_override(x, store, e));
	TRY(store_erasure_confirm(store, e->id, by, &periods, reason));
	return api_finish(x, context, &event);
}

static enum err reject(struct exchange *x, struct route_context *context,
		       const struct store_erasure *e, struct slice reason)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	if (reason.size == 0)
		return failure(ERR_FORMAT, "\"reason\" is missing: say why it is not erased");
	begin_entry(&event, x, AUDIT_ERASURE_REJECT, e);
	audit_event_text(&event, "reason", reason);
	TRY(store_begin(store));
	TRY(store_erasure_reject(store, e->id, authorize_principal(x)->person.id, reason));
	return api_finish(x, context, &event);
}

typedef enum err decide_fn(struct exchange *x, struct route_context *context,
			   const struct store_erasure *e, struct slice reason);

static enum err decide_by(uint8_t id[STORE_ID], struct exchange *x, struct route_context *context,
			  const json_t *body, decide_fn *how)
{
	static const char *const names[] = {"reason", NULL};
	struct store_person subject;
	struct store_erasure e;
	struct slice reason;

	TRY(json_only(body, names));
	TRY(api_reason(&reason, body));
	TRY(api_param_uuid(id, x, "id"));
	TRY(store_erasure_get(context->store, exchange_arena(x), &e, id));
	TRY(store_person_by_id(context->store, exchange_arena(x), &subject, e.subject));
	TRY(check_text("reason", reason, &subject));
	return how(x, context, &e, reason);
}

static void decided(struct exchange *x, struct route_context *context, decide_fn *how)
{
	AUTO(json_auto) json_t *body = api_body_or_none(x);
	uint8_t id[STORE_ID];
	enum err result;

	if (!body)
		return;
	result = decide_by(id, x, context, body, how);
	if (result == OK)
		reply_erasure(x, context, 200, id);
	else
		reply_failure(x, result);
}

void erasure_confirm(struct exchange *x, struct route_context *context)
{
	decided(x, context, confirm);
}

void erasure_reject(struct exchange *x, struct route_context *context)
{
	decided(x, context, reject);
}
