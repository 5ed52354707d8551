/* SPDX-License-Identifier: Apache-2.0 */
/* Licenses: what a person holds, and what administrators do with them. */
#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/lease/withdraw.h"
#include "gateway/api/license/licensing.h"
#include "gateway/api/page.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/store/institution_license.h"

enum { LICENSES_MAX_TEXT = 200 };

bool licensing_manages(const struct exchange *x, struct slice model)
{
	return principal_holds_on(authorize_principal(x), RIGHT_LICENSES_MANAGE, model);
}

bool licensing_sees(const struct exchange *x, struct slice model)
{
	return licensing_manages(x, model) ||
	       principal_holds_on(authorize_principal(x), RIGHT_AUDIT_READ, model);
}

/* Does an office let them see licenses of others, of some model at least? */
static bool sees_some(const struct exchange *x)
{
	const struct principal *who = authorize_principal(x);

	return principal_holds_somewhere(who, RIGHT_LICENSES_MANAGE) ||
	       principal_holds_somewhere(who, RIGHT_AUDIT_READ);
}

static enum err read_place(struct store_license_question *q, struct exchange *x)
{
	struct page page;

	TRY(page_read(&page, exchange_arena(x), exchange_request(x)->query, STORE_MAX_ROWS,
		      STORE_MAX_ROWS));
	q->limit = page.limit;
	return page_read_moment(&q->after_ms, q->after, &page);
}

static enum err read_question(struct store_license_question *q, struct exchange *x)
{
	*q = (struct store_license_question){
		.by_office = sees_some(x) && !hub_is_true(x, "mine"),
		.model = api_query(x, "model"),
		.state = api_query(x, "state"),
		.text = api_query(x, "q"),
	};
	memcpy(q->viewer, authorize_principal(x)->person.id, STORE_ID);
	if (q->text.size > LICENSES_MAX_TEXT)
		return failure(ERR_FORMAT, "\"q\" has at most %d bytes", LICENSES_MAX_TEXT);
	if (!slice_is_utf8(q->text) || !slice_is_utf8(q->model) || !slice_is_utf8(q->state))
		return failure(ERR_FORMAT, "\"q\", \"model\" and \"state\" must be UTF-8");
	return read_place(q, x);
}

void license_list(struct exchange *x, struct route_context *context)
{
	struct store_license_question question;
	struct store_license *licenses = NULL;
	struct arena *arena = exchange_arena(x);
	size_t count = 0;
	json_t *list;
	enum err result = read_question(&question, x);

	if (result == OK)
		result = store_license_find(context->store, arena, &licenses, &count, &question);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	/* A narrowed token sees less than the offices of its person would. */
	for (size_t i = 0; i < count; i++)
		if (licensing_sees(x, licenses[i].model_name) ||
		    principal_is(authorize_principal(x), licenses[i].person))
			json_push(list, issue_describe(arena, &licenses[i]));
	if (count && count == question.limit) {
		const struct store_license *last = &licenses[count - 1];

		hub_link_next(x, context, page_moment(arena, last->issued_ms, last->id));
	}
	reply_list(x, "licenses", list);
}

bool licensing_find(struct store_license *out, struct exchange *x, struct route_context *context)
{
	uint8_t id[STORE_ID];
	enum err result = api_param_uuid(id, x, "id");

	if (result == OK)
		result = store_license_get(context->store, exchange_arena(x), out, id);
	if (result == OK && !licensing_sees(x, out->model_name) &&
	    !principal_is(authorize_principal(x), out->person))
		result = failure(ERR_NOT_FOUND, "no such license");
	if (result != OK)
		reply_failure(x, result);
	return result == OK;
}

bool licensing_find_managed(struct store_license *out, struct exchange *x,
			    struct route_context *context)
{
	if (!licensing_find(out, x, context))
		return false;
	if (licensing_manages(x, out->model_name))
		return true;
	reply_code(x, CODE_RIGHT_NOT_GRANTED,
		   "this needs the right \"licenses:manage\" for its model", NULL);
	return false;
}

void license_get(struct exchange *x, struct route_context *context)
{
	struct store_license license;
	struct api_keys keys;
	json_t *answer;
	enum err result;

	if (!licensing_find(&license, x, context))
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

enum err licensing_days(int64_t *out, const json_t *body)
{
	TRY(json_get_int_or(out, body, "expires_days", API_LICENSE_DAYS));
	if (*out < 1 || *out > API_MAX_DAYS)
		return failure(ERR_FORMAT, "\"expires_days\" is 1 to %d", API_MAX_DAYS);
	return OK;
}

void licensing_tell(struct audit_event *event, const struct store_license *l)
{
	audit_event_uuid(event, "license", l->id);
	audit_event_text(event, "model", l->model_name);
	audit_event_uuid(event, "person", l->person);
	audit_event_text(event, "person_name", l->person_name);
}

static enum err carry_out(struct exchange *x, struct route_context *context,
			  const struct licensing_act *act, const struct store_license *l,
			  struct slice reason)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, act->kind, who->person.id, who->person.name);
	licensing_tell(&event, l);
	audit_event_text(&event, "reason", reason);
	TRY(store_begin(store));
	TRY(store_license_set_state(store, l->id, act->from, act->to, reason, clock_now_ms()));
	if (act->kind == AUDIT_LICENSE_REVOKE)
		TRY(store_seat_free_license(store, l->id));
	/* From its commit on it stands, published or not, and edges end what runs on it. */
	return api_finish(x, context, &event);
}

static void change(struct exchange *x, struct route_context *context,
		   const struct licensing_act *act)
{
	AUTO(json_auto) json_t *body = NULL;
	struct store_license license;
	struct slice reason = S("");
	json_t *answer;
	enum err result = OK;

	if (!licensing_find_managed(&license, x, context))
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

	if (!licensing_find_managed(&license, x, context))
		return;
	/* Revoking works from any state but revoked itself; what its holder has closed, too. */
	struct licensing_act act = {AUDIT_LICENSE_REVOKE, license.state, S("revoked")};
	if (slice_equal(license.state, S("revoked")))
		reply_code(x, CODE_CONFLICT, "the license is revoked already", NULL);
	else
		change(x, context, &act);
}

void license_suspend(struct exchange *x, struct route_context *context)
{
	change(x, context,
	       &(struct licensing_act){AUDIT_LICENSE_SUSPEND, S("active"), S("suspended")});
}

void license_reinstate(struct exchange *x, struct route_context *context)
{
	change(x, context,
	       &(struct licensing_act){AUDIT_LICENSE_REINSTATE, S("suspended"), S("active")});
}
