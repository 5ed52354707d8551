/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A licensee accepts the terms that the model has now. Documents are never edited: the keeper signs
 * a license that says the same under the new terms, and ends the old one by the same write. No
 * approver is asked, since nothing is given that was not.
 */
#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "gateway/api/license/licensing.h"
#include "gateway/api/license/terms_signature.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"

static enum err check_acceptable(const struct exchange *x, const struct store_license *old,
				 const struct store_model *model)
{
	if (!principal_is(authorize_principal(x), old->person))
		return failure(ERR_DENIED, "only its holder accepts the terms of a license");
	if (!slice_equal(old->state, S("active")) && !slice_equal(old->state, S("suspended")))
		return failure(ERR_CONFLICT, "the license is %.*s", SLICE_PRINT(old->state));
	if (old->expires_ms <= clock_now_ms())
		return failure(ERR_CONFLICT, "the license has expired; ask for its renewal");
	if (!model->has_terms ||
	    (old->has_terms && slice_equal(slice_of(old->terms_sha256, STORE_SHA256),
					   slice_of(model->terms_sha256, STORE_SHA256))))
		return failure(ERR_CONFLICT, "the license is under the terms of today already");
	return OK;
}

/* Of the request that the license rests on: what the person said they want the model for. */
static enum err read_use(struct slice *out, struct exchange *x, struct route_context *context,
			 const struct store_license *old)
{
	struct store_request request;

	*out = S("");
	if (store_id_is_none(old->request))
		return OK;
	TRY(store_request_get(context->store, exchange_arena(x), &request, old->request));
	*out = request.intended_use;
	return OK;
}

static enum err read_acceptance(struct store_acceptance *out, struct exchange *x,
				struct route_context *context, const struct store_license *old,
				const struct store_model *model, const json_t *body)
{
	struct terms_statement statement = {.model = old->model_name, .rights = old->rights};
	const json_t *signature;
	struct slice hex;

	TRY(json_get_text(&hex, body, "terms_sha256"));
	TRY(text_read_hex(statement.sha256, STORE_SHA256, hex));
	if (memcmp(statement.sha256, model->terms_sha256, STORE_SHA256) != 0)
		return failure(ERR_CONFLICT,
			       "these are not the terms the model has now; read them again");
	TRY(json_get_object(&signature, body, "terms_signature"));
	TRY(read_use(&statement.use, x, context, old));
	memcpy(out->model, old->model, STORE_ID);
	return terms_signature_read(out, x, context, signature, &statement);
}

static struct issue issue_of(const struct store_license *old, const struct store_acceptance *a)
{
	struct issue issue = {.person_name = old->person_name,
			      .rights = old->rights,
			      .not_before_ms = old->not_before_ms,
			      .expires_ms = old->expires_ms,
			      .limits = old->limits,
			      .regions = old->regions,
			      .uses = old->uses,
			      .plan = old->plan,
			      .license = *old,
			      .replaces = old};

	memcpy(issue.institution, old->institution, STORE_ID);
	memcpy(issue.license.replaces, old->id, STORE_ID);
	memcpy(issue.license.terms_sha256, a->sha256, STORE_SHA256);
	issue.license.has_terms = true;
	issue.license.state_reason = S("");
	return issue;
}

static enum err replace(struct exchange *x, struct route_context *context,
			const struct store_license *old, const struct store_license *new,
			const struct store_acceptance *a)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event accepted = {0};

	audit_event_begin(&accepted, AUDIT_LICENSE_ACCEPT, who->person.id, who->person.name);
	licensing_tell(&accepted, new);
	audit_event_uuid(&accepted, "replaces", old->id);
	audit_event_hex(&accepted, "terms_sha256", slice_of(a->sha256, STORE_SHA256));
	audit_event_uuid(&accepted, "key", a->key);
	audit_event_hex(&accepted, "signature", slice_of(a->signature, STORE_SIGNATURE));
	TRY(store_begin(store));
	TRY(store_license_set_state(store, old->id, old->state, S("expired"),
				    S("replaced under new terms"), clock_now_ms()));
	TRY(store_license_issue(store, new));
	return api_finish(x, context, &accepted);
}

/* The signature is used up first and by itself: what fails behind it needs a new one, and two that
 * come at once with the same are one. */
static enum err use_signature(struct route_context *context, const struct store_acceptance *a)
{
	AUTO(store_end) struct store *store = context->store;

	TRY(store_begin(store));
	TRY(store_acceptance_add(store, a));
	return store_commit(store);
}

static enum err accept(struct issue *issue, struct exchange *x, struct route_context *context,
		       const struct store_license *old, const json_t *body)
{
	struct store_acceptance acceptance = {.signed_ms = 0};
	struct store_model model;
	enum err result;

	TRY(store_model_get(context->store, exchange_arena(x), &model, old->model_name));
	TRY(check_acceptable(x, old, &model));
	TRY(read_acceptance(&acceptance, x, context, old, &model, body));
	TRY(use_signature(context, &acceptance));
	*issue = issue_of(old, &acceptance);
	TRY(issue_license(issue, x, context));
	result = replace(x, context, old, &issue->license, &acceptance);
	return result == ERR_CONFLICT ? issue_undo(issue, x, context, result) : result;
}

void license_accept_terms(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = NULL;
	struct store_license license;
	struct issue issue;
	enum err result;

	if (!licensing_find(&license, x, context))
		return;
	body = api_body(x);
	if (!body)
		return;
	result = accept(&issue, x, context, &license, body);
	if (result == OK)
		reply_json(x, 200, issue_describe(exchange_arena(x), &issue.license));
	else
		reply_failure(x, result);
}
