/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/request.h"

#include "crypto/base/clock.h"
#include "crypto/json.h"

json_t *request_describe(struct arena *arena, const struct store_request *r)
{
	json_t *one = json_object_new();

	json_put_text(one, "id", slice_of_string(api_uuid(arena, r->id)));
	json_put_text(one, "state", r->state);
	json_put_text(one, "model", r->model_name);
	json_put_text(one, "person", r->person_name);
	json_put(one, "rights", issue_describe_rights(r->rights));
	json_put_text(one, "intended_use", r->intended_use);
	if (r->has_terms)
		json_put_text(one, "terms_sha256",
			      slice_of_string(api_hex(arena, slice_of(r->terms_sha256, 32))));
	json_put_bool(one, "terms_signed", !store_id_is_none(r->terms_key));
	json_put_text(one, "reason", r->reason);
	json_put_text(one, "decided_by", r->decided_by_name);
	json_put_text(one, "created", slice_of_string(api_time(arena, r->created_ms)));
	json_put_text(one, "changed", slice_of_string(api_time(arena, r->changed_ms)));
	return one;
}

static void write_verdict(struct audit_event *event, struct exchange *x, const struct verdict *v,
			  const struct store_license *license)
{
	const struct principal *who = authorize_principal(x);

	audit_event_begin(event, v->kind, v->by_gate ? NULL : who->person.id,
			  v->by_gate ? S("gate") : who->person.name);
	audit_event_uuid(event, "request", v->request->id);
	audit_event_text(event, "model", v->request->model_name);
	audit_event_uuid(event, "person", v->request->person);
	audit_event_text(event, "person_name", v->request->person_name);
	audit_event_text(event, "reason", v->reason);
	if (license)
		audit_event_uuid(event, "license", license->id);
}

static struct store_transition transition_of(struct exchange *x, const struct verdict *v)
{
	struct store_transition t = {.from = v->request->state,
				     .to = v->to,
				     .reason = v->reason,
				     .now_ms = clock_now_ms()};

	memcpy(t.request, v->request->id, STORE_ID);
	if (!v->by_gate)
		memcpy(t.actor, authorize_principal(x)->person.id, STORE_ID);
	return t;
}

enum err request_carry_out(struct exchange *x, struct route_context *context,
			   const struct verdict *v, const struct store_license *license)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct store_transition transition = transition_of(x, v);

	write_verdict(&event, x, v, license);
	TRY(store_begin(store));
	TRY(store_request_transition(store, &transition));
	if (license)
		TRY(store_license_issue(store, license));
	return api_finish(x, context, &event);
}

enum err request_approve_with(struct exchange *x, struct route_context *context,
			      const struct verdict *v, const struct issue *issue)
{
	enum err result = request_carry_out(x, context, v, &issue->license);

	return result == ERR_CONFLICT || result == ERR_DENIED
		       ? issue_undo(issue, x, context, result)
		       : result;
}

struct issue request_license(const struct store_request *r, struct slice rights, int64_t days)
{
	int64_t now_ms = clock_now_ms();
	struct issue issue = {
		.person_name = r->person_name,
		.rights = rights,
		.not_before_ms = now_ms,
		.expires_ms = now_ms + days * 24 * 3600 * 1000,
		.license = {.model_name = r->model_name,
			    .person_name = r->person_name,
			    .has_terms = r->has_terms},
	};

	memcpy(issue.license.model, r->model, STORE_ID);
	memcpy(issue.license.person, r->person, STORE_ID);
	memcpy(issue.license.request, r->id, STORE_ID);
	memcpy(issue.license.terms_sha256, r->terms_sha256, 32);
	return issue;
}
