/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Renewals: the holder asks with a report of what came of the license; whoever manages licenses
 * or decides requests grants or declines. An administrator may renew without being asked, too.
 */
#include "schema/store/renewal.h"

#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/license/approvals.h"
#include "gateway/api/license/licensing.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"

enum { RENEWAL_MAX_REPORT = 10000, RENEWAL_MAX_PUBLICATIONS = 50, RENEWAL_MAX_URL = 400 };

static enum err check_renewable(const struct exchange *x, const struct store_license *old)
{
	if (slice_equal(old->state, S("revoked")))
		return failure(ERR_CONFLICT,
			       "a revoked license is not renewed; a new request is needed");
	if (slice_equal(old->state, S("expired"))) /* by a renewal; dates alone change no state */
		return failure(ERR_CONFLICT, "the license was renewed already");
	if (slice_equal(old->state, S("closed")))
		return failure(ERR_CONFLICT, "its holder has closed the license; a new request is "
					     "needed");
	if (!store_id_is_none(old->parent))
		return failure(ERR_CONFLICT,
			       "it is a seat of an institution's license, and lasts as "
			       "long as that");
	if (slice_equal(old->state, S("suspended")))
		return failure(ERR_CONFLICT,
			       "a suspended license is not renewed; reinstate it first");
	if (principal_is(authorize_principal(x), old->person))
		return failure(ERR_DENIED, "nobody renews their own license");
	return OK;
}

/* What asked for it, and with what words it is granted. */
struct grounds {
	int64_t days;
	struct slice reason;
};

/* The old license ends with the new one's beginning, in the keeper too: two that are good at once
 * would have to be revoked one by one. */
static enum err replace(struct exchange *x, struct route_context *context,
			const struct store_license *old, const struct store_license *new,
			struct slice reason)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event renewed = {0};
	AUTO(audit_event_clear) struct audit_event ended = {0};
	const struct principal *who = authorize_principal(x);

	audit_event_begin(&renewed, AUDIT_LICENSE_RENEW, who->person.id, who->person.name);
	licensing_tell(&renewed, new);
	audit_event_uuid(&renewed, "replaces", old->id);
	audit_event_text(&renewed, "reason", reason);
	audit_event_begin(&ended, AUDIT_LICENSE_REVOKE, who->person.id, who->person.name);
	licensing_tell(&ended, old);
	audit_event_text(&ended, "reason", S("renewed"));
	TRY(store_begin(store));
	TRY(store_license_set_state(store, old->id, old->state, S("expired"), S("renewed"),
				    clock_now_ms()));
	TRY(store_license_issue(store, new));
	TRY(store_renewal_grant(store, old->id, who->person.id, new->id, reason, clock_now_ms()));
	TRY(api_log(store, &ended));
	return api_finish(x, context, &renewed);
}

/* A renewal is a new license that replaces the old one: documents are never edited. */
static void prepare(struct issue *issue, const struct store_license *old, int64_t days)
{
	int64_t now_ms = clock_now_ms();
	int64_t from_ms = old->expires_ms > now_ms ? old->expires_ms : now_ms;

	issue->person_name = old->person_name;
	issue->rights = old->rights;
	issue->not_before_ms = now_ms;
	issue->expires_ms = from_ms + days * 24 * 3600 * 1000;
	issue->limits = old->limits;
	issue->regions = old->regions;
	issue->uses = old->uses;
	issue->plan = old->plan;
	issue->license = *old;
	memcpy(issue->institution, old->institution, STORE_ID);
	issue->license.requires = old->requires;
	memcpy(issue->license.replaces, old->id, STORE_ID);
}

static enum err renew(struct issue *issue, struct exchange *x, struct route_context *context,
		      const struct store_license *old, const struct grounds *grounds)
{
	enum err result;

	TRY(check_renewable(x, old));
	prepare(issue, old, grounds->days);
	TRY(issue_license(issue, x, context));
	result = replace(x, context, old, &issue->license, grounds->reason);
	return result == ERR_CONFLICT ? issue_undo(issue, x, context, result) : result;
}

/* "expires_days", "reason" and, where approvers sign, "approval" or "approvals". */
static enum err read_grounds(struct grounds *out, struct issue *issue, const json_t *body)
{
	TRY(licensing_days(&out->days, body));
	TRY(api_reason(&out->reason, body));
	return approvals_read(issue->approvals, &issue->approval_count, body);
}

static void renew_and_answer(struct exchange *x, struct route_context *context,
			     const struct store_license *old)
{
	AUTO(json_auto) json_t *body = api_body_or_none(x);
	struct grounds grounds;
	struct issue issue = {0};
	enum err result;

	if (!body)
		return;
	result = read_grounds(&grounds, &issue, body);
	if (result == OK)
		result = renew(&issue, x, context, old, &grounds);
	if (result != OK)
		reply_failure(x, result);
	else
		reply_json(x, 200, issue_describe(exchange_arena(x), &issue.license));
}

void license_renew(struct exchange *x, struct route_context *context)
{
	struct store_license license;

	if (licensing_find_managed(&license, x, context))
		renew_and_answer(x, context, &license);
}

static enum err state_renewal(struct slice *out, struct exchange *x, struct route_context *context,
			      const struct store_license *old, const json_t *body)
{
	struct issue issue = {0};
	int64_t days;

	TRY(licensing_days(&days, body));
	TRY(check_renewable(x, old));
	prepare(&issue, old, days);
	return issue_statement(out, &issue, x, context);
}

/* What an approver is to sign for a renewal by the same body: what lasts longer than they approved
 * is approved anew. */
void license_statement(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = NULL;
	struct store_license license;
	struct slice statement;
	json_t *answer;
	enum err result;

	if (!licensing_find_managed(&license, x, context))
		return;
	body = api_body_or_none(x);
	if (!body)
		return;
	result = state_renewal(&statement, x, context, &license, body);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put_text(answer, "statement", statement);
	reply_json(x, 200, answer);
}

static json_t *describe(struct arena *arena, const struct store_renewal *r)
{
	json_t *one = json_object_new(), *list = json_array_new();
	struct slice rest = r->publications, line;
	bool more = rest.size > 0;

	while (more) {
		more = slice_cut(rest, '\n', &line, &rest);
		json_push_text(list, line);
	}
	json_put_text(one, "id", slice_of_string(api_uuid(arena, r->id)));
	json_put_text(one, "license", slice_of_string(api_uuid(arena, r->license)));
	json_put_text(one, "model", r->model_name);
	json_put_text(one, "person", r->person_name);
	json_put_text(one, "state", r->state);
	json_put_text(one, "report", r->report);
	json_put(one, "publications", list);
	json_put_text(one, "reason", r->reason);
	json_put_text(one, "decided_by", r->decided_by_name);
	if (!store_id_is_none(r->renewed_as))
		json_put_text(one, "renewed_as", slice_of_string(api_uuid(arena, r->renewed_as)));
	json_put_text(one, "license_expires",
		      slice_of_string(api_time(arena, r->license_expires_ms)));
	json_put_text(one, "created", slice_of_string(api_time(arena, r->created_ms)));
	json_put_text(one, "changed", slice_of_string(api_time(arena, r->changed_ms)));
	return one;
}

/* Addresses of the web, a line each. */
static enum err read_publications(struct slice *out, struct arena *arena, const json_t *body)
{
	AUTO(buf_free)
	struct buf lines = buf_new((RENEWAL_MAX_URL + 1) * (size_t)RENEWAL_MAX_PUBLICATIONS);
	const json_t *list;

	*out = S("");
	if (!json_has(body, "publications"))
		return OK;
	TRY(json_get_array(&list, body, "publications"));
	if (json_array_size(list) > RENEWAL_MAX_PUBLICATIONS)
		return failure(ERR_FORMAT, "\"publications\" has at most %d addresses",
			       RENEWAL_MAX_PUBLICATIONS);
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct slice url;

		TRY(json_text_at(&url, list, i));
		if (!slice_starts_with(url, S("https://")) || url.size > RENEWAL_MAX_URL)
			return failure(ERR_FORMAT,
				       "\"publications\": an address begins with https:// and has "
				       "at most %d bytes",
				       RENEWAL_MAX_URL);
		for (size_t k = 0; k < url.size; k++)
			if (url.data[k] <= ' ' || url.data[k] > '~')
				return failure(ERR_FORMAT, "\"publications\": no address has "
							   "spaces or signs beyond ASCII");
		if (i)
			buf_write(&lines, S("\n"));
		buf_write(&lines, url);
	}
	*out = arena_copy(arena, buf_slice(&lines));
	return buf_done(&lines);
}

static enum err read_report(struct store_renewal *out, struct exchange *x,
			    const struct store_license *l, const json_t *body)
{
	*out = (struct store_renewal){.state = S("submitted"),
				      .model_name = l->model_name,
				      .person_name = l->person_name,
				      .license_expires_ms = l->expires_ms,
				      .created_ms = clock_now_ms()};
	out->changed_ms = out->created_ms;
	random_uuid(out->id, out->created_ms);
	memcpy(out->license, l->id, STORE_ID);
	memcpy(out->person, l->person, STORE_ID);
	TRY(json_get_text(&out->report, body, "report"));
	if (slice_trim(out->report).size == 0 || out->report.size > RENEWAL_MAX_REPORT)
		return failure(ERR_FORMAT, "\"report\" must say in 1 to %d bytes what came of it",
			       RENEWAL_MAX_REPORT);
	return read_publications(&out->publications, exchange_arena(x), body);
}

static enum err ask(struct store_renewal *r, struct exchange *x, struct route_context *context,
		    const struct store_license *l, const json_t *body)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	if (!principal_is(who, l->person))
		return failure(ERR_DENIED, "only its holder asks for a license's renewal");
	if (!slice_equal(l->state, S("active")))
		return failure(ERR_CONFLICT, "the license is %.*s; an active one is renewed",
			       SLICE_PRINT(l->state));
	if (!store_id_is_none(l->parent))
		return failure(ERR_CONFLICT, "it is a seat of an institution's license, and lasts "
					     "as long as that");
	TRY(read_report(r, x, l, body));
	audit_event_begin(&event, AUDIT_LICENSE_REPORT, who->person.id, who->person.name);
	licensing_tell(&event, l);
	audit_event_uuid(&event, "renewal", r->id);
	audit_event_text(&event, "report", r->report);
	audit_event_text(&event, "publications", r->publications);
	TRY(store_begin(store));
	TRY(store_renewal_add(store, r));
	return api_finish(x, context, &event);
}

void renewal_ask(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = NULL;
	struct store_license license;
	struct store_renewal renewal;
	enum err result;

	if (!licensing_find(&license, x, context))
		return;
	body = api_body(x);
	if (!body)
		return;
	result = ask(&renewal, x, context, &license, body);
	if (result != OK)
		reply_failure(x, result);
	else
		reply_json(x, 201, describe(exchange_arena(x), &renewal));
}

static bool may_decide(const struct exchange *x, struct slice model)
{
	return licensing_manages(x, model) ||
	       principal_holds_on(authorize_principal(x), RIGHT_REQUESTS_DECIDE, model);
}

static bool decides_some(const struct exchange *x)
{
	const struct principal *who = authorize_principal(x);

	return principal_holds_somewhere(who, RIGHT_LICENSES_MANAGE) ||
	       principal_holds_somewhere(who, RIGHT_REQUESTS_DECIDE);
}

void renewal_list(struct exchange *x, struct route_context *context)
{
	static const uint8_t any[STORE_ID];
	struct store_renewal *renewals;
	size_t count;
	json_t *list;
	enum err result = store_renewal_list(
		context->store, exchange_arena(x), &renewals, &count,
		decides_some(x) ? any : authorize_principal(x)->person.id, api_query(x, "state"));

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		if (may_decide(x, renewals[i].model_name) ||
		    principal_is(authorize_principal(x), renewals[i].person))
			json_push(list, describe(exchange_arena(x), &renewals[i]));
	reply_list(x, "renewals", list);
}

/* The renewal of the address, for who may decide it; false: it has answered. */
static bool find_renewal(struct store_renewal *out, struct exchange *x,
			 struct route_context *context)
{
	uint8_t id[STORE_ID];
	enum err result = api_param_uuid(id, x, "id");

	if (result == OK)
		result = store_renewal_get(context->store, exchange_arena(x), out, id);
	if (result == OK && !may_decide(x, out->model_name))
		result = principal_is(authorize_principal(x), out->person)
				 ? failure(ERR_DENIED, "others decide your renewal")
				 : failure(ERR_NOT_FOUND, "no such renewal");
	if (result == OK && principal_is(authorize_principal(x), out->person))
		result = failure(ERR_DENIED, "nobody decides their own renewal");
	if (result == OK && !slice_equal(out->state, S("submitted")))
		result = failure(ERR_CONFLICT, "the renewal is %.*s already",
				 SLICE_PRINT(out->state));
	if (result != OK)
		reply_failure(x, result);
	return result == OK;
}

void renewal_grant(struct exchange *x, struct route_context *context)
{
	struct store_renewal renewal;
	struct store_license license;
	enum err result;

	if (!find_renewal(&renewal, x, context))
		return;
	result = store_license_get(context->store, exchange_arena(x), &license, renewal.license);
	if (result != OK)
		reply_failure(x, result);
	else
		renew_and_answer(x, context, &license);
}

static enum err deny(struct exchange *x, struct route_context *context,
		     const struct store_renewal *r, struct slice reason)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	if (slice_trim(reason).size == 0)
		return failure(ERR_FORMAT, "\"reason\" is missing: the person will read it");
	audit_event_begin(&event, AUDIT_LICENSE_DECLINE, who->person.id, who->person.name);
	audit_event_uuid(&event, "renewal", r->id);
	audit_event_uuid(&event, "license", r->license);
	audit_event_text(&event, "model", r->model_name);
	audit_event_uuid(&event, "person", r->person);
	audit_event_text(&event, "reason", reason);
	TRY(store_begin(store));
	TRY(store_renewal_deny(store, r->id, who->person.id, reason, clock_now_ms()));
	return api_finish(x, context, &event);
}

void renewal_deny(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = NULL;
	struct store_renewal renewal;
	struct slice reason = S("");
	enum err result;

	if (!find_renewal(&renewal, x, context))
		return;
	body = api_body(x);
	if (!body)
		return;
	result = api_reason(&reason, body);
	if (result == OK)
		result = deny(x, context, &renewal, reason);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	renewal.state = S("denied");
	renewal.reason = reason;
	renewal.decided_by_name = authorize_principal(x)->person.name;
	renewal.changed_ms = clock_now_ms();
	reply_json(x, 200, describe(exchange_arena(x), &renewal));
}
