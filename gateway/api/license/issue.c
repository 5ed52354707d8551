/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/license/issue.h"

#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/license.h"
#include "crypto/random.h"
#include "gateway/api/license/approvals.h"

enum err issue_read_approval(struct issue_approval *out, bool *given, const json_t *body)
{
	AUTO(buf_free) struct buf signature = buf_new(STORE_SIGNATURE + 2);
	const json_t *approval;
	struct slice id, text;

	*given = json_has(body, "approval");
	if (!*given)
		return OK;
	TRY(json_get_object(&approval, body, "approval"));
	TRY(json_get_text(&id, approval, "key_id"));
	TRY(json_get_text(&out->statement, approval, "statement"));
	TRY(json_get_text(&text, approval, "sig"));
	TRY(text_read_uuid(out->key_id, id));
	if (text_read_base64(&signature, text, TEXT_BASE64) != OK ||
	    signature.size != STORE_SIGNATURE)
		return failure(ERR_FORMAT, "\"sig\" is no base64 of %d bytes", STORE_SIGNATURE);
	if (out->statement.size > ISSUE_MAX_STATEMENT)
		return failure(ERR_FORMAT, "\"statement\" has more than %d bytes",
			       ISSUE_MAX_STATEMENT);
	memcpy(out->signature, signature.data, STORE_SIGNATURE);
	return OK;
}

/* The texts of "a,b", at most `max`. */
static enum err split(struct slice out[], size_t *count, size_t max, struct slice list)
{
	bool more = list.size > 0;

	for (*count = 0; more; (*count)++) {
		if (*count == max)
			return failure(ERR_LIMIT, "a license names at most %zu of these", max);
		more = slice_cut(list, ',', &out[*count], &list);
	}
	return OK;
}

static enum err write_document(struct issue *issue, struct arena *arena, const uint8_t entry[16],
			       int64_t now_ms)
{
	AUTO(buf_free) struct buf text = buf_new(LICENSE_MAX);
	AUTO(buf_free) struct buf limits = buf_new(LICENSE_MAX);
	struct store_license *row = &issue->license;
	struct license document = {
		.model = row->model_name,
		.not_before_ms = issue->not_before_ms,
		.expires_ms = issue->expires_ms,
		.issued_ms = now_ms,
	};

	TRY(split(document.rights, &document.right_count, LICENSE_RIGHTS_MAX, issue->rights));
	TRY(split(document.regions, &document.region_count, LICENSE_REGIONS_MAX, issue->regions));
	TRY(split(document.uses, &document.use_count, LICENSE_USES_MAX, issue->uses));
	if (issue->plan.size)
		TRY(license_plan_parse(&document.plan, issue->plan));
	TRY(license_limits_parse(&document.limits, issue->limits));
	if (document.limits.count)
		TRY(license_limits_write(&limits, &document.limits));
	row->limits = arena_copy(arena, buf_slice(&limits));
	document.has_institution = !store_id_is_none(issue->institution);
	memcpy(document.institution, issue->institution, sizeof document.institution);
	memcpy(document.id, row->id, sizeof document.id);
	memcpy(document.person, row->person, sizeof document.person);
	memcpy(document.request, row->request, sizeof document.request);
	memcpy(document.entry, entry, sizeof document.entry);
	memcpy(document.terms.bytes, row->terms_sha256, DIGEST_SIZE);
	TRY(license_write(&text, &document));
	row->document = arena_copy(arena, buf_slice(&text));
	return OK;
}

static enum err sign(struct store_license *row, struct api *api,
		     const struct wire_license_sign *ask)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_license_signed made;

	wire_write_license_sign(&body, ask);
	TRY(buf_done(&body));
	TRY(api_ask_keeper(&reply, api, WIRE_LICENSE_SIGN, buf_slice(&body)));
	TRY(wire_read_license_signed(&made, buf_slice(&reply.body)));
	memcpy(row->signature, made.signature, WIRE_SIGNATURE);
	return OK;
}

static void fill_row(struct issue *issue, const struct principal *who, int64_t now_ms)
{
	struct store_license *row = &issue->license;

	row->state = S("active");
	row->rights = issue->rights;
	row->not_before_ms = issue->not_before_ms;
	row->expires_ms = issue->expires_ms;
	row->issued_ms = row->changed_ms = now_ms;
	memcpy(row->issued_by, who->person.id, STORE_ID);
	memcpy(row->institution, issue->institution, STORE_ID);
	row->regions = issue->regions;
	row->uses = issue->uses;
	row->plan = issue->plan;
}

static void describe_issue(struct audit_event *event, struct arena *arena,
			   const struct issue *issue, const struct wire_license_sign *ask)
{
	const struct store_license *row = &issue->license;
	struct digest digest = digest_of(row->document);

	audit_event_preset_id(event, ask->event);
	audit_event_uuid(event, "license", row->id);
	audit_event_hex(event, "license_sha256", slice_of(digest.bytes, DIGEST_SIZE));
	audit_event_text(event, "model", row->model_name);
	audit_event_uuid(event, "person", row->person);
	audit_event_text(event, "person_name", issue->person_name);
	audit_event_text(event, "rights", issue->rights);
	audit_event_text(event, "expires", slice_of_string(api_time(arena, issue->expires_ms)));
	if (issue->plan.size)
		audit_event_text(event, "plan", issue->plan);
	audit_event_uuid(event, "request", row->request);
	if (issue->replaces)
		audit_event_uuid(event, "replaces", issue->replaces->id);
	if (ask->approval_count)
		audit_event_json(event, "approvals",
				 approvals_describe(arena, ask->approvals, ask->approval_count));
}

/* All that the keeper wants to see; it is asked before anything is written, so that a license that
 * it would not sign leaves no entry. */
static enum err prepare(struct wire_license_sign *ask, struct issue *issue, struct exchange *x,
			struct route_context *context)
{
	struct store_license *row = &issue->license;
	int64_t now_ms = clock_now_ms();

	TRY(approvals_fit(issue, exchange_arena(x)));
	random_uuid(row->id, now_ms);
	random_uuid(ask->event, now_ms);
	fill_row(issue, authorize_principal(x), now_ms);
	TRY(write_document(issue, exchange_arena(x), ask->event, now_ms));
	ask->document = row->document;
	if (issue->replaces) {
		ask->replaced = issue->replaces->document;
		memcpy(ask->replaced_signature, issue->replaces->signature, WIRE_SIGNATURE);
	}
	TRY(approvals_wire(ask->approvals, context, exchange_arena(x), issue->approvals,
			   issue->approval_count));
	ask->approval_count = (uint16_t)issue->approval_count;
	return approvals_check_license(context->api, ask);
}

enum err issue_license(struct issue *issue, struct exchange *x, struct route_context *context)
{
	const struct principal *who = authorize_principal(x);
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct wire_license_sign ask = {.approval_count = 0};

	TRY(prepare(&ask, issue, x, context));
	audit_event_begin(&event, AUDIT_LICENSE_ISSUE, who->person.id, who->person.name);
	describe_issue(&event, exchange_arena(x), issue, &ask);
	TRY(api_log(context->store, &event));
	TRY(api_publish(context->api, event.id));
	return sign(&issue->license, context->api, &ask);
}

/* One statement for all: crypto/approval.h. */
static void name_others(json_t *subject, struct arena *arena, const struct issue *issue)
{
	json_t *persons;

	if (!issue->other_count)
		return;
	persons = json_array_new();
	json_push_text(persons, slice_of_string(api_uuid(arena, issue->license.person)));
	for (size_t i = 0; i < issue->other_count; i++)
		json_push_text(persons, slice_of_string(api_uuid(arena, issue->others[i])));
	json_object_del(subject, "person");
	json_put(subject, "persons", persons);
}

enum err issue_statement(struct slice *out, const struct issue *issue, struct exchange *x,
			 struct route_context *context)
{
	AUTO(buf_free) struct buf text = buf_new(APPROVAL_MAX);
	AUTO(json_auto) json_t *subject = NULL;
	struct issue draft = *issue;
	struct approvals_state state;
	struct approval approval;

	random_uuid(draft.license.id, clock_now_ms());
	TRY(write_document(&draft, exchange_arena(x), draft.license.id, clock_now_ms()));
	TRY(approval_subject_of_license(&subject, draft.license.document));
	name_others(subject, exchange_arena(x), issue);
	TRY(approvals_state(&state, exchange_arena(x), context->api, draft.license.model_name));
	approval = (struct approval){S(APPROVAL_LICENSE), slice_of_string(state.gateway),
				     clock_now_ms()};
	TRY(approval_write(&text, &approval, subject));
	*out = arena_copy(exchange_arena(x), buf_slice(&text));
	return OK;
}

enum err issue_undo(const struct issue *issue, struct exchange *x, struct route_context *context,
		    enum err why)
{
	const char *text = arena_string(exchange_arena(x), slice_of_string(failure_text()));
	AUTO(audit_event_clear) struct audit_event event = {0};

	store_rollback(context->store);
	audit_event_begin(&event, AUDIT_LICENSE_REVOKE, NULL, S("gateway"));
	audit_event_uuid(&event, "license", issue->license.id);
	audit_event_text(&event, "model", issue->license.model_name);
	audit_event_uuid(&event, "person", issue->license.person);
	audit_event_text(&event, "reason", S("what it was issued for did not take place"));
	if (api_log(context->store, &event) != OK || api_publish(context->api, event.id) != OK)
		log_error("license.left", "request=%s reason=\"%s\"", exchange_request_id(x),
			  failure_text());
	return failure(why, "%s", text);
}

json_t *issue_describe_rights(struct slice list)
{
	json_t *array = json_array_new();
	bool more = list.size > 0;

	while (more) {
		struct slice one;

		more = slice_cut(list, ',', &one, &list);
		json_push_text(array, one);
	}
	return array;
}

/* What only some licenses say. */
static void describe_more(json_t *one, struct arena *arena, const struct store_license *l)
{
	if (!store_id_is_none(l->institution))
		json_put_text(one, "institution", slice_of_string(api_uuid(arena, l->institution)));
	if (l->limits.size) {
		json_t *limits = NULL;

		if (json_read(&limits, l->limits, LICENSE_MAX) == OK)
			json_put(one, "limits", limits);
	}
	if (l->regions.size)
		json_put(one, "regions", issue_describe_rights(l->regions));
	if (l->uses.size)
		json_put(one, "uses", issue_describe_rights(l->uses));
}

json_t *issue_describe(struct arena *arena, const struct store_license *l)
{
	json_t *one = json_object_new();

	json_put_text(one, "id", slice_of_string(api_uuid(arena, l->id)));
	json_put_text(one, "model", l->model_name);
	json_put_text(one, "person", l->person_name);
	json_put_text(one, "state",
		      slice_equal(l->state, S("active")) && l->expires_ms <= clock_now_ms()
			      ? S("expired")
			      : l->state);
	json_put(one, "rights", issue_describe_rights(l->rights));
	json_put_text(one, "not_before", slice_of_string(api_time(arena, l->not_before_ms)));
	json_put_text(one, "expires", slice_of_string(api_time(arena, l->expires_ms)));
	json_put_text(one, "plan", l->plan.size ? l->plan : S("standard"));
	describe_more(one, arena, l);
	json_put_text(one, "document", l->document);
	json_put_text(one, "signature",
		      slice_of_string(api_base64(arena, slice_of(l->signature, STORE_SIGNATURE))));
	return one;
}
