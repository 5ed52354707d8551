/* SPDX-License-Identifier: Apache-2.0 */
/* Those who get access beside the requester, and the institution's official who signs for them:
 * accepting the terms, countersigning, library cards. */
#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/reply.h"
#include "gateway/api/request/accessor_license.h"
#include "gateway/api/request/submission.h"
#include "gateway/api/routes.h"
#include "schema/store/institution.h"
#include "schema/store/library_card.h"

enum { CARD_DAYS = 365 };

static bool is_approved(const struct request_view *view)
{
	return slice_equal(view->row.state, S("approved"));
}

static enum err read_acceptance(struct store_accessor *a, struct exchange *x,
				struct route_context *context, const struct request_view *view,
				const json_t *body)
{
	struct store_request row = view->row;
	struct store_model model;

	if (!view->standing.is_accessor)
		return failure(ERR_DENIED, "you are not named in this request");
	if (view->row.waiting_ms == 0 && !slice_equal(view->row.state, S("returned")) &&
	    !is_approved(view))
		return failure(ERR_CONFLICT, "the request is %.*s: there is nothing to accept",
			       SLICE_PRINT(view->row.state));
	TRY(store_model_get(context->store, exchange_arena(x), &model, view->row.model_name));
	row.has_terms = false;
	memset(row.terms_key, 0, STORE_ID);
	TRY(submission_read_terms(&row, &model, body));
	if (model.has_terms && !row.has_terms)
		return failure(ERR_FORMAT,
			       "\"terms_sha256\" is missing: read the model's terms and send "
			       "their SHA-256");
	TRY(submission_read_signature(&row, x, context, &model, body));
	memcpy(a->request, row.id, STORE_ID);
	memcpy(a->person, authorize_principal(x)->person.id, STORE_ID);
	a->accepted_ms = clock_now_ms();
	a->has_terms = row.has_terms;
	memcpy(a->terms_sha256, row.terms_sha256, STORE_SHA256);
	memcpy(a->terms_key, row.terms_key, STORE_ID);
	memcpy(a->terms_signature, row.terms_signature, STORE_SIGNATURE);
	return OK;
}

static json_t *describe_acceptance(struct arena *arena, const struct store_accessor *a)
{
	json_t *detail = json_object_new();

	json_put_text(detail, "accessor", slice_of_string(api_uuid(arena, a->person)));
	if (a->has_terms)
		json_put_text(detail, "terms_sha256",
			      slice_of_string(api_hex(arena, slice_of(a->terms_sha256, 32))));
	if (!store_id_is_none(a->terms_key)) {
		json_put_text(detail, "terms_key", slice_of_string(api_uuid(arena, a->terms_key)));
		json_put_text(detail, "terms_signature",
			      slice_of_string(api_hex(
				      arena, slice_of(a->terms_signature, STORE_SIGNATURE))));
	}
	return detail;
}

/* `license` is that of one who comes when the request is approved; else NULL. */
static enum err accept(struct exchange *x, struct route_context *context,
		       const struct request_view *view, const struct store_accessor *a,
		       const struct issue *license)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	AUTO(json_auto) json_t *detail = describe_acceptance(exchange_arena(x), a);
	struct request_act act = {
		.request = &view->row, .kind = AUDIT_REQUEST_ACCEPT, .detail = detail};

	request_act_entry(&event, x, &act);
	TRY(store_begin(store));
	if (license) {
		audit_event_uuid(&event, "license", license->license.id);
		TRY(accessor_license_hold(x, context, &view->row, a));
	}
	TRY(request_act_store(x, store, &act));
	TRY(store_accessor_accept(store, a));
	if (license)
		TRY(store_license_issue(store, &license->license));
	return api_finish(x, context, &event);
}

/* What could not be stored, the keeper is told never to open anything for. */
static enum err accept_late(struct issue *license, struct exchange *x,
			    struct route_context *context, const struct request_view *view,
			    struct store_accessor *a)
{
	enum err result;

	a->name = authorize_principal(x)->person.name;
	TRY(accessor_license_late(license, x, context, &view->row, a));
	TRY(issue_license(license, x, context));
	memcpy(license->license.issued_by, view->row.decided_by, STORE_ID);
	result = accept(x, context, view, a, license);
	if (result == OK || result == ERR_UNAVAILABLE) /* which may have stored it */
		return result;
	return issue_undo(license, x, context, result);
}

static void reply_state(struct exchange *x, const struct request_view *view,
			const struct issue *license)
{
	json_t *answer = json_object_new();

	json_put_text(answer, "id", slice_of_string(api_uuid(exchange_arena(x), view->row.id)));
	json_put_text(answer, "state", view->row.state);
	if (license)
		json_put(answer, "license", issue_describe(exchange_arena(x), &license->license));
	reply_json(x, 200, answer);
}

void request_accept(struct exchange *x, struct route_context *context)
{
	struct store_accessor accessor = {.accepted_ms = 0};
	struct request_view view;
	struct issue license;
	enum err result;

	if (!request_find(&view, x, context))
		return;
	AUTO(json_auto) json_t *body = api_body_or_none(x);
	if (!body)
		return;
	result = read_acceptance(&accessor, x, context, &view, body);
	if (result == OK)
		result = is_approved(&view) ? accept_late(&license, x, context, &view, &accessor)
					    : accept(x, context, &view, &accessor, NULL);
	if (result == OK)
		reply_state(x, &view, is_approved(&view) ? &license : NULL);
	else
		reply_failure(x, result);
}

static enum err countersign(struct exchange *x, struct route_context *context,
			    const struct request_view *view, const json_t *body)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct request_act act = {.request = &view->row, .kind = AUDIT_REQUEST_COUNTERSIGN};

	if (view->is_own)
		return failure(ERR_DENIED, "nobody vouches for themselves");
	if (!view->standing.is_official)
		return failure(ERR_DENIED, "only an official of an institution that the requester "
					   "belongs to countersigns");
	TRY(api_reason(&act.reason, body));
	request_act_entry(&event, x, &act);
	TRY(store_begin(store));
	TRY(request_act_store(x, store, &act));
	TRY(store_countersign(store, view->row.id, who->person.id, clock_now_ms()));
	return api_finish(x, context, &event);
}

void request_countersign(struct exchange *x, struct route_context *context)
{
	struct request_view view;
	enum err result;

	if (!request_find(&view, x, context))
		return;
	AUTO(json_auto) json_t *body = api_body_or_none(x);
	if (!body)
		return;
	result = countersign(x, context, &view, body);
	if (result == OK)
		reply_state(x, &view, NULL);
	else
		reply_failure(x, result);
}

static json_t *describe_card(struct arena *arena, const struct store_library_card *c)
{
	json_t *one = json_object_new();

	json_put_text(one, "id", slice_of_string(api_uuid(arena, c->id)));
	json_put_text(one, "institution", c->institution_name);
	json_put_text(one, "person", c->person_name);
	json_put_text(one, "issued_by", c->issued_by_name);
	json_put_text(one, "reason", c->reason);
	json_put_text(one, "issued", slice_of_string(api_time(arena, c->issued_ms)));
	json_put_text(one, "expires", slice_of_string(api_time(arena, c->expires_ms)));
	if (c->revoked_ms)
		json_put_text(one, "revoked", slice_of_string(api_time(arena, c->revoked_ms)));
	json_put_bool(one, "holds", !c->revoked_ms && c->expires_ms > clock_now_ms());
	return one;
}

/* The institution of the address; for its officials, or (to look and to revoke) those who
 * administer persons. */
static enum err find_institution(struct store_institution *out, struct exchange *x,
				 struct route_context *context, bool *is_official)
{
	const struct principal *who = authorize_principal(x);
	uint8_t id[STORE_ID];

	TRY(api_param_uuid(id, x, "id"));
	TRY(store_institution_get(context->store, exchange_arena(x), out, id));
	TRY(store_is_official(context->store, is_official, id, who->person.id));
	if (*is_official || principal_holds(who, RIGHT_PERSONS_MANAGE))
		return OK;
	return failure(ERR_DENIED, "only officials of %.*s deal with its library cards",
		       SLICE_PRINT(out->name));
}

/* A card is for a member: somebody else's person is nobody's to vouch for. */
static enum err check_member(struct exchange *x, struct route_context *context,
			     const struct store_institution *i, const struct store_person *person)
{
	struct store_member *all;
	size_t count;

	TRY(store_institutions_of(context->store, exchange_arena(x), &all, &count, person->id));
	for (size_t k = 0; k < count; k++)
		if (memcmp(all[k].institution, i->id, STORE_ID) == 0)
			return OK;
	return failure(ERR_CONFLICT, "%.*s does not belong to %.*s", SLICE_PRINT(person->name),
		       SLICE_PRINT(i->name));
}

static enum err read_card(struct store_library_card *c, struct exchange *x,
			  struct route_context *context, const struct store_institution *i,
			  const json_t *body)
{
	struct store_person person;
	struct slice name;
	int64_t days;

	TRY(json_get_text(&name, body, "person"));
	TRY(json_get_int_or(&days, body, "expires_days", CARD_DAYS));
	if (days < 1 || days > API_MAX_DAYS)
		return failure(ERR_FORMAT, "\"expires_days\" is 1 to %d", API_MAX_DAYS);
	TRY(api_reason(&c->reason, body));
	TRY(store_person_by_name(context->store, exchange_arena(x), &person, name));
	TRY(check_member(x, context, i, &person));
	c->issued_ms = clock_now_ms();
	c->expires_ms = c->issued_ms + days * 24 * 3600 * 1000;
	random_uuid(c->id, c->issued_ms);
	memcpy(c->institution, i->id, STORE_ID);
	memcpy(c->person, person.id, STORE_ID);
	memcpy(c->issued_by, authorize_principal(x)->person.id, STORE_ID);
	c->institution_name = i->name;
	c->person_name = person.name;
	c->issued_by_name = authorize_principal(x)->person.name;
	return OK;
}

static void tell_card(struct audit_event *event, struct exchange *x, enum audit_kind kind,
		      const struct store_library_card *c)
{
	const struct principal *who = authorize_principal(x);

	audit_event_begin(event, kind, who->person.id, who->person.name);
	audit_event_uuid(event, "card", c->id);
	audit_event_uuid(event, "institution", c->institution);
	audit_event_text(event, "institution_name", c->institution_name);
	audit_event_uuid(event, "person", c->person);
	audit_event_text(event, "person_name", c->person_name);
	audit_event_text(event, "expires",
			 slice_of_string(api_time(exchange_arena(x), c->expires_ms)));
}

static enum err issue_card(struct store_library_card *c, struct exchange *x,
			   struct route_context *context, const json_t *body)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct store_institution institution;
	bool is_official;

	TRY(find_institution(&institution, x, context, &is_official));
	if (!is_official)
		return failure(ERR_DENIED, "only an official of %.*s gives its library cards",
			       SLICE_PRINT(institution.name));
	TRY(read_card(c, x, context, &institution, body));
	tell_card(&event, x, AUDIT_CARD_ISSUE, c);
	audit_event_text(&event, "reason", c->reason);
	TRY(store_begin(store));
	TRY(store_library_card_add(store, c));
	return api_finish(x, context, &event);
}

void library_card_issue(struct exchange *x, struct route_context *context)
{
	struct store_library_card card = {.issued_ms = 0};
	AUTO(json_auto) json_t *body = api_body(x);
	enum err result;

	if (!body)
		return;
	result = issue_card(&card, x, context, body);
	if (result == OK)
		reply_json(x, 201, describe_card(exchange_arena(x), &card));
	else
		reply_failure(x, result);
}

void library_card_list(struct exchange *x, struct route_context *context)
{
	static const uint8_t anybody[STORE_ID];
	struct store_institution institution;
	struct store_library_card *cards = NULL;
	size_t count = 0;
	bool is_official;
	json_t *list;
	enum err result = find_institution(&institution, x, context, &is_official);

	if (result == OK)
		result = store_library_card_list(context->store, exchange_arena(x), &cards, &count,
						 institution.id, anybody);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(list, describe_card(exchange_arena(x), &cards[i]));
	reply_list(x, "library_cards", list);
}

static enum err revoke_card(struct exchange *x, struct route_context *context)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct store_institution institution;
	struct store_library_card card;
	uint8_t id[STORE_ID];
	bool is_official;

	TRY(find_institution(&institution, x, context, &is_official));
	TRY(api_param_uuid(id, x, "card"));
	TRY(store_library_card_get(store, exchange_arena(x), &card, id));
	if (memcmp(card.institution, institution.id, STORE_ID) != 0)
		return failure(ERR_NOT_FOUND, "there is no such library card");
	tell_card(&event, x, AUDIT_CARD_REVOKE, &card);
	TRY(store_begin(store));
	TRY(store_library_card_revoke(store, id, authorize_principal(x)->person.id,
				      clock_now_ms()));
	return api_finish(x, context, &event);
}

void library_card_revoke(struct exchange *x, struct route_context *context)
{
	enum err result = revoke_card(x, context);

	if (result == OK)
		reply_empty(x, 204);
	else
		reply_failure(x, result);
}
