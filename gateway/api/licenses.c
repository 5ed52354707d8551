/* SPDX-License-Identifier: Apache-2.0 */
/* Licenses: what a person holds, and what administrators do with them. */
#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "gateway/api/approvals.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/withdraw.h"

static bool is_manager(const struct exchange *x)
{
	const struct principal *who = authorize_principal(x);

	return principal_holds(who, RIGHT_LICENSES_MANAGE) ||
	       principal_holds(who, RIGHT_AUDIT_READ);
}

void license_list(struct exchange *x, struct route_context *context)
{
	static const uint8_t any[STORE_ID];
	struct store_license *licenses;
	size_t count;
	json_t *list;
	enum err result = store_license_list(
		context->store, exchange_arena(x), &licenses, &count,
		is_manager(x) ? any : authorize_principal(x)->person.id, any);

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(list, issue_describe(exchange_arena(x), &licenses[i]));
	reply_list(x, "licenses", list);
}

/* The license of the address, if the asker may see it; false: it has answered. */
static bool find_license(struct store_license *out, struct exchange *x,
			 struct route_context *context)
{
	uint8_t id[STORE_ID];
	enum err result = api_param_uuid(id, x, "id");

	if (result == OK)
		result = store_license_get(context->store, exchange_arena(x), out, id);
	if (result == OK && !is_manager(x) && !principal_is(authorize_principal(x), out->person))
		result = failure(ERR_NOT_FOUND, "no such license");
	if (result != OK)
		reply_failure(x, result);
	return result == OK;
}

void license_get(struct exchange *x, struct route_context *context)
{
	struct store_license license;
	struct api_keys keys;
	json_t *answer;
	enum err result;

	if (!find_license(&license, x, context))
		return;
	result = api_keys_get(&keys, context->api);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = issue_describe(exchange_arena(x), &license);
	json_put_text(
		answer, "key",
		slice_of_string(api_base64(exchange_arena(x), slice_of(keys.license_public, 32))));
	json_put_text(answer, "reason", license.state_reason);
	reply_json(x, 200, answer);
}

/* A change of state: which act, from where to where. */
struct act {
	enum audit_kind kind;
	struct slice from, to;
};

static enum err carry_out(struct exchange *x, struct route_context *context, const struct act *act,
			  const struct store_license *l, struct slice reason)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, act->kind, who->person.id, who->person.name);
	audit_event_uuid(&event, "license", l->id);
	audit_event_text(&event, "model", l->model_name);
	audit_event_uuid(&event, "person", l->person);
	audit_event_text(&event, "person_name", l->person_name);
	audit_event_text(&event, "reason", reason);
	TRY(store_begin(store));
	TRY(store_license_set_state(store, l->id, act->from, act->to, reason, clock_now_ms()));
	/* From its commit on it stands, published or not, and edges end what runs on it. */
	return api_finish(x, context, &event);
}

static void change(struct exchange *x, struct route_context *context, const struct act *act)
{
	AUTO(json_auto) json_t *body = NULL;
	struct store_license license;
	struct slice reason = S("");
	json_t *answer;
	enum err result = OK;

	if (!find_license(&license, x, context))
		return;
	body = api_body_or_none(x);
	if (!body)
		return;
	result = api_reason(&reason, body);
	if (result == OK)
		result = carry_out(x, context, act, &license, reason);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put_text(answer, "id", slice_of_string(api_uuid(exchange_arena(x), license.id)));
	json_put_text(answer, "state", act->to);
	if (act->kind != AUDIT_LICENSE_REINSTATE)
		withdraw_wait(x, context, answer);
	reply_json(x, 200, answer);
}

void license_revoke(struct exchange *x, struct route_context *context)
{
	struct store_license license;

	if (!find_license(&license, x, context))
		return;
	/* Revoking works from any state but revoked itself. */
	struct act act = {AUDIT_LICENSE_REVOKE, license.state, S("revoked")};
	if (slice_equal(license.state, S("revoked")))
		reply_code(x, CODE_CONFLICT, "the license is revoked already", NULL);
	else
		change(x, context, &act);
}

void license_suspend(struct exchange *x, struct route_context *context)
{
	change(x, context, &(struct act){AUDIT_LICENSE_SUSPEND, S("active"), S("suspended")});
}

void license_reinstate(struct exchange *x, struct route_context *context)
{
	change(x, context, &(struct act){AUDIT_LICENSE_REINSTATE, S("suspended"), S("active")});
}

static enum err check_renewable(const struct exchange *x, const struct store_license *old)
{
	if (slice_equal(old->state, S("revoked")))
		return failure(ERR_CONFLICT,
			       "a revoked license is not renewed; a new request is needed");
	if (slice_equal(old->state, S("expired"))) /* by a renewal; dates alone change no state */
		return failure(ERR_CONFLICT, "the license was renewed already");
	if (slice_equal(old->state, S("suspended")))
		return failure(ERR_CONFLICT,
			       "a suspended license is not renewed; reinstate it first");
	if (principal_is(authorize_principal(x), old->person))
		return failure(ERR_DENIED, "nobody renews their own license");
	return OK;
}

/* The old license ends with the new one's beginning, in the keeper too: two that are good at once
 * would have to be revoked one by one. */
static enum err replace(struct exchange *x, struct route_context *context,
			const struct store_license *old, const struct store_license *new)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event renewed = {0};
	AUTO(audit_event_clear) struct audit_event ended = {0};
	const struct principal *who = authorize_principal(x);

	audit_event_begin(&renewed, AUDIT_LICENSE_RENEW, who->person.id, who->person.name);
	audit_event_uuid(&renewed, "license", new->id);
	audit_event_uuid(&renewed, "replaces", old->id);
	audit_event_text(&renewed, "model", old->model_name);
	audit_event_begin(&ended, AUDIT_LICENSE_REVOKE, who->person.id, who->person.name);
	audit_event_uuid(&ended, "license", old->id);
	audit_event_text(&ended, "model", old->model_name);
	audit_event_uuid(&ended, "person", old->person);
	audit_event_text(&ended, "reason", S("renewed"));
	TRY(store_begin(store));
	TRY(store_license_set_state(store, old->id, old->state, S("expired"), S("renewed"),
				    clock_now_ms()));
	TRY(store_license_issue(store, new));
	TRY(api_log(store, &ended));
	return api_finish(x, context, &renewed);
}

/* A renewal is a new license that replaces the old one: documents are never edited. */
static struct issue renewal_of(const struct store_license *old, int64_t days)
{
	int64_t now_ms = clock_now_ms();
	int64_t from_ms = old->expires_ms > now_ms ? old->expires_ms : now_ms;
	struct issue issue = {.person_name = old->person_name,
			      .rights = old->rights,
			      .not_before_ms = now_ms,
			      .expires_ms = from_ms + days * 24 * 3600 * 1000,
			      .limits = old->limits,
			      .regions = old->regions,
			      .uses = old->uses,
			      .license = *old};

	memcpy(issue.institution, old->institution, STORE_ID);
	memcpy(issue.license.replaces, old->id, STORE_ID);
	return issue;
}

static enum err read_days(int64_t *days, const json_t *body)
{
	TRY(json_get_int_or(days, body, "expires_days", API_LICENSE_DAYS));
	if (*days < 1 || *days > API_MAX_DAYS)
		return failure(ERR_FORMAT, "\"expires_days\" is 1 to %d", API_MAX_DAYS);
	return OK;
}

static enum err renew(struct issue *issue, struct exchange *x, struct route_context *context,
		      const struct store_license *old, const json_t *body)
{
	int64_t days;
	enum err result;

	TRY(read_days(&days, body));
	TRY(check_renewable(x, old));
	*issue = renewal_of(old, days);
	TRY(approvals_read(issue->approvals, &issue->approval_count, body));
	TRY(issue_license(issue, x, context));
	result = replace(x, context, old, &issue->license);
	return result == ERR_CONFLICT ? issue_undo(issue, x, context, result) : result;
}

static enum err state_renewal(struct slice *out, struct exchange *x, struct route_context *context,
			      const struct store_license *old, const json_t *body)
{
	struct issue issue;
	int64_t days;

	TRY(read_days(&days, body));
	TRY(check_renewable(x, old));
	issue = renewal_of(old, days);
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

	if (!find_license(&license, x, context))
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

void license_renew(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = NULL;
	struct store_license license;
	struct issue issue;
	json_t *answer;
	enum err result;

	if (!find_license(&license, x, context))
		return;
	body = api_body_or_none(x);
	if (!body)
		return;
	result = renew(&issue, x, context, &license, body);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = issue_describe(exchange_arena(x), &issue.license);
	reply_json(x, 200, answer);
}
