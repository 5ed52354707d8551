/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seats of an institution's license. Named is who belongs to the institution; they get a license of
 * their own, signed as any other, so that what serves bytes knows persons only. The seat is taken
 * first: the database lets no two have the last one. Then the license is issued, and put into it
 * while the institution's license is held as it is.
 */
#include "gateway/api/license/seats.h"

#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "gateway/api/lease/withdraw.h"
#include "gateway/api/license/approvals.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/store/institution.h"
#include "schema/store/license_select.h"

static enum err belongs(bool *out, struct exchange *x, struct route_context *context,
			const uint8_t institution[STORE_ID], const uint8_t person[STORE_ID],
			bool as_official)
{
	struct store_member *members;
	size_t count;

	TRY(store_institutions_of(context->store, exchange_arena(x), &members, &count, person));
	*out = false;
	for (size_t i = 0; i < count; i++)
		*out |= memcmp(members[i].institution, institution, STORE_ID) == 0 &&
			slice_equal(members[i].institution_state, S("active")) &&
			(!as_official || slice_equal(members[i].role, S("official")));
	return OK;
}

bool seats_find_parent(struct store_institution_license *out, struct exchange *x,
		       struct route_context *context)
{
	const struct principal *who = authorize_principal(x);
	bool may = false;
	uint8_t id[STORE_ID];
	enum err result = api_param_uuid(id, x, "id");

	if (result == OK)
		result = store_institution_license_get(context->store, exchange_arena(x), out, id);
	if (result == OK)
		result = belongs(&may, x, context, out->institution, who->person.id, true);
	if (result == OK && !may && !licensing_sees(x, out->model_name))
		result = failure(ERR_NOT_FOUND, "there is no such institution's license");
	if (result != OK)
		reply_failure(x, result);
	return result == OK;
}

static enum err check_official(struct exchange *x, struct route_context *context,
			       const struct store_institution_license *l)
{
	bool is_official;

	TRY(belongs(&is_official, x, context, l->institution, authorize_principal(x)->person.id,
		    true));
	if (!is_official && !licensing_manages(x, l->model_name))
		return failure(ERR_DENIED, "an official of the institution names its members");
	return OK;
}

static enum err find_person(struct store_person *out, struct exchange *x,
			    struct route_context *context, struct slice name)
{
	uint8_t id[STORE_ID];

	if (text_read_uuid(id, name) == OK)
		return store_person_by_id(context->store, exchange_arena(x), out, id);
	return store_person_by_name(context->store, exchange_arena(x), out, name);
}

static enum err check_member(struct exchange *x, struct route_context *context,
			     const struct store_institution_license *l,
			     const struct store_person *person)
{
	bool is_member;

	if (principal_is(authorize_principal(x), person->id))
		return failure(ERR_DENIED, "nobody gives a seat to themselves");
	if (!slice_equal(person->state, S("active")))
		return failure(ERR_CONFLICT, "their account is %.*s", SLICE_PRINT(person->state));
	TRY(belongs(&is_member, x, context, l->institution, person->id, false));
	return is_member ? OK : failure(ERR_CONFLICT, "they do not belong to the institution now");
}

static enum err prepare(struct issue *issue, struct exchange *x, struct route_context *context,
			const struct store_institution_license *l,
			const struct store_person *person, const json_t *body)
{
	int64_t now_ms = clock_now_ms();

	if (!slice_equal(l->state, S("active")) || now_ms >= l->expires_ms)
		return failure(ERR_CONFLICT, "the institution's license does not hold");
	TRY(check_official(x, context, l));
	TRY(check_member(x, context, l, person));
	*issue = (struct issue){
		.person_name = person->name,
		.rights = l->rights,
		.not_before_ms = now_ms > l->not_before_ms ? now_ms : l->not_before_ms,
		.expires_ms = l->expires_ms,
		.limits = l->limits,
		.regions = l->regions,
		.uses = l->uses,
		.plan = l->plan,
		.license = {.model_name = l->model_name,
			    .person_name = person->name,
			    .has_terms = l->has_terms},
	};
	memcpy(issue->institution, l->institution, STORE_ID);
	memcpy(issue->license.model, l->model, STORE_ID);
	memcpy(issue->license.person, person->id, STORE_ID);
	memcpy(issue->license.parent, l->id, STORE_ID);
	memcpy(issue->license.terms_sha256, l->terms_sha256, STORE_SHA256);
	return approvals_read(issue->approvals, &issue->approval_count, body);
}

static void tell_seat(struct audit_event *event, const struct store_institution_license *l)
{
	audit_event_uuid(event, "institution_license", l->id);
	audit_event_uuid(event, "institution", l->institution);
	audit_event_text(event, "institution_name", l->institution_name);
}

static enum err settle(struct issue *issue, struct exchange *x, struct route_context *context,
		       const struct store_institution_license *l)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_LICENSE_SEAT, who->person.id, who->person.name);
	licensing_tell(&event, &issue->license);
	tell_seat(&event, l);
	TRY(store_begin(store));
	TRY(store_institution_license_hold(store, l->id, clock_now_ms()));
	TRY(store_license_issue(store, &issue->license));
	TRY(store_seat_fill(store, l->id, issue->license.person, issue->license.id));
	return api_finish(x, context, &event);
}

/* With the seat taken: what fails now gives it back. */
static enum err issue_into(struct issue *issue, struct exchange *x, struct route_context *context,
			   const struct store_institution_license *l)
{
	enum err result = issue_license(issue, x, context);
	const char *why;

	if (result == OK)
		result = settle(issue, x, context, l);
	if (result == ERR_CONFLICT)
		result = issue_undo(issue, x, context, result);
	if (result == OK || result == ERR_UNAVAILABLE) /* which may have stored it */
		return result;
	why = arena_string(exchange_arena(x), slice_of_string(failure_text()));
	store_rollback(context->store);
	if (store_seat_free(context->store, l->id, issue->license.person) != OK)
		return result; /* it is free again in a minute */
	return failure(result, "%s", why);
}

static enum err name_member(struct issue *issue, struct exchange *x, struct route_context *context,
			    const struct store_institution_license *l, const json_t *body)
{
	struct store_seat seat = {.taken_ms = clock_now_ms()};
	struct store_person person;
	struct slice name;

	TRY(json_get_text(&name, body, "person"));
	TRY(find_person(&person, x, context, name));
	TRY(prepare(issue, x, context, l, &person, body));
	memcpy(seat.parent, l->id, STORE_ID);
	memcpy(seat.person, person.id, STORE_ID);
	memcpy(seat.taken_by, authorize_principal(x)->person.id, STORE_ID);
	TRY(store_seat_take(context->store, &seat));
	return issue_into(issue, x, context, l);
}

void seat_add(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = NULL;
	struct store_institution_license license;
	struct issue issue;
	enum err result;

	if (!seats_find_parent(&license, x, context))
		return;
	body = api_body(x);
	if (!body)
		return;
	result = name_member(&issue, x, context, &license, body);
	if (result != OK)
		reply_failure(x, result);
	else
		reply_json(x, 201, issue_describe(exchange_arena(x), &issue.license));
}

static enum err find_seat(struct store_seat *out, struct exchange *x, struct route_context *context,
			  const struct store_institution_license *l)
{
	struct store_person person;
	struct store_seat *seats;
	size_t count;

	TRY(check_official(x, context, l));
	TRY(find_person(&person, x, context, exchange_param(x, "person")));
	TRY(store_seat_list(context->store, exchange_arena(x), &seats, &count, l->id));
	for (size_t i = 0; i < count; i++)
		if (memcmp(seats[i].person, person.id, STORE_ID) == 0) {
			*out = seats[i];
			return OK;
		}
	return failure(ERR_NOT_FOUND, "they have no seat");
}

/* New terms replace a license: the one that they hold now is the one of the seat. */
static enum err find_seated(struct store_license *out, struct exchange *x,
			    struct route_context *context, const struct store_seat *seat)
{
	struct store_selector selector = {0};
	struct store_license *licenses;
	bool has_more;
	size_t count;

	if (store_id_is_none(seat->license))
		return failure(ERR_CONFLICT, "their license is being issued; try again");
	memcpy(selector.parent, seat->parent, STORE_ID);
	memcpy(selector.person, seat->person, STORE_ID);
	TRY(store_license_select(context->store, exchange_arena(x), &licenses, &count, &has_more,
				 &selector, S("preparing,active,suspended")));
	if (count == 0)
		return store_license_get(context->store, exchange_arena(x), out, seat->license);
	*out = licenses[count - 1];
	return OK;
}

static enum err end_seat(struct exchange *x, struct route_context *context,
			 const struct store_institution_license *l, const struct store_seat *seat)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct store_license license;

	TRY(find_seated(&license, x, context, seat));
	audit_event_begin(&event, AUDIT_LICENSE_REVOKE, who->person.id, who->person.name);
	licensing_tell(&event, &license);
	tell_seat(&event, l);
	audit_event_text(&event, "reason", S("their seat was given up"));
	TRY(store_begin(store));
	TRY(store_seat_free(store, l->id, seat->person));
	if (!slice_equal(license.state, S("revoked")))
		TRY(store_license_set_state(store, license.id, license.state, S("revoked"),
					    S("the seat was given up"), clock_now_ms()));
	return api_finish(x, context, &event);
}

void seat_remove(struct exchange *x, struct route_context *context)
{
	struct store_institution_license license;
	struct store_seat seat;
	json_t *answer;
	enum err result;

	if (!seats_find_parent(&license, x, context))
		return;
	result = find_seat(&seat, x, context, &license);
	if (result == OK)
		result = end_seat(x, context, &license, &seat);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put_text(answer, "person", seat.person_name);
	json_put_text(answer, "license",
		      slice_of_string(api_uuid(exchange_arena(x), seat.license)));
	json_put_text(answer, "state", S("revoked"));
	withdraw_wait(x, context, answer);
	reply_json(x, 200, answer);
}
