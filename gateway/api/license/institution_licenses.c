/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Licenses of institutions: issued with so many seats; the institution's officials name who sits on
 * them. The acts about seats are in seats.c.
 */
#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/license/bounds.h"
#include "gateway/api/license/seats.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/store/institution.h"

enum { INSTITUTION_SEATS_MAX = 1000, INSTITUTION_RIGHTS_MAX = 16 };

json_t *institution_license_describe(struct arena *arena, const struct store_institution_license *l)
{
	json_t *one = json_object_new(), *limits = NULL;

	json_put_text(one, "id", slice_of_string(api_uuid(arena, l->id)));
	json_put_text(one, "institution", l->institution_name);
	json_put_text(one, "institution_id", slice_of_string(api_uuid(arena, l->institution)));
	json_put_text(one, "model", l->model_name);
	json_put_text(one, "state", l->state);
	json_put_text(one, "reason", l->state_reason);
	json_put(one, "rights", issue_describe_rights(l->rights));
	if (l->limits.size && json_read(&limits, l->limits, l->limits.size) == OK)
		json_put(one, "limits", limits);
	if (l->regions.size)
		json_put(one, "regions", issue_describe_rights(l->regions));
	if (l->uses.size)
		json_put(one, "uses", issue_describe_rights(l->uses));
	json_put_text(one, "plan", l->plan.size ? l->plan : S("standard"));
	json_put_int(one, "seats", l->seats);
	json_put_int(one, "seats_taken", l->seats_taken);
	json_put_text(one, "not_before", slice_of_string(api_time(arena, l->not_before_ms)));
	json_put_text(one, "expires", slice_of_string(api_time(arena, l->expires_ms)));
	return one;
}

static enum err find_institution(struct store_institution_license *out, struct exchange *x,
				 struct route_context *context, const json_t *body)
{
	struct store_institution institution;
	struct slice name;
	uint8_t id[STORE_ID];

	TRY(json_get_text(&name, body, "institution"));
	if (text_read_uuid(id, name) == OK)
		TRY(store_institution_get(context->store, exchange_arena(x), &institution, id));
	else
		TRY(store_institution_by_name(context->store, exchange_arena(x), &institution,
					      name));
	if (!slice_equal(institution.state, S("active")))
		return failure(ERR_CONFLICT, "the institution is %.*s",
			       SLICE_PRINT(institution.state));
	memcpy(out->institution, institution.id, STORE_ID);
	out->institution_name = institution.name;
	return OK;
}

static bool is_model_right(struct slice text)
{
	enum right right;

	return right_parse(&right, text) && !right_is_office(right);
}

static enum err read_what(struct store_institution_license *out, struct exchange *x,
			  struct route_context *context, const json_t *body)
{
	struct store_model model;
	struct bounds bounds;
	struct slice name;

	TRY(json_get_text(&name, body, "model"));
	TRY(store_model_get(context->store, exchange_arena(x), &model, name));
	if (!licensing_manages(x, model.name))
		return failure(ERR_DENIED, "you do not manage licenses for this model");
	memcpy(out->model, model.id, STORE_ID);
	memcpy(out->terms_sha256, model.terms_sha256, STORE_SHA256);
	out->has_terms = model.has_terms;
	out->model_name = model.name;
	TRY(bounds_read_list(&out->rights, exchange_arena(x), body, "rights",
			     INSTITUTION_RIGHTS_MAX, is_model_right));
	if (out->rights.size == 0)
		return failure(ERR_FORMAT, "\"rights\" must name at least one right on the model");
	TRY(bounds_read(&bounds, exchange_arena(x), body));
	out->limits = bounds.limits;
	out->regions = bounds.regions;
	out->uses = bounds.uses;
	out->plan = bounds.plan;
	return OK;
}

static enum err read_how_long(struct store_institution_license *out, const json_t *body)
{
	int64_t days;

	TRY(licensing_days(&days, body));
	TRY(json_get_int(&out->seats, body, "seats"));
	if (out->seats < 1 || out->seats > INSTITUTION_SEATS_MAX)
		return failure(ERR_FORMAT, "\"seats\" is 1 to %d", INSTITUTION_SEATS_MAX);
	out->issued_ms = out->changed_ms = out->not_before_ms = clock_now_ms();
	out->expires_ms = out->not_before_ms + days * 24 * 3600 * 1000;
	return OK;
}

static enum err issue(struct store_institution_license *l, struct exchange *x,
		      struct route_context *context, const json_t *body)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	*l = (struct store_institution_license){.state = S("active")};
	TRY(find_institution(l, x, context, body));
	TRY(read_what(l, x, context, body));
	TRY(read_how_long(l, body));
	random_uuid(l->id, l->issued_ms);
	memcpy(l->issued_by, who->person.id, STORE_ID);
	audit_event_begin(&event, AUDIT_INSTITUTION_LICENSE, who->person.id, who->person.name);
	audit_event_uuid(&event, "institution_license", l->id);
	audit_event_uuid(&event, "institution", l->institution);
	audit_event_text(&event, "institution_name", l->institution_name);
	audit_event_text(&event, "model", l->model_name);
	audit_event_text(&event, "rights", l->rights);
	audit_event_text(&event, "limits", l->limits);
	audit_event_text(&event, "regions", l->regions);
	audit_event_text(&event, "uses", l->uses);
	audit_event_text(&event, "plan", l->plan);
	audit_event_number(&event, "seats", l->seats);
	audit_event_text(&event, "expires",
			 slice_of_string(api_time(exchange_arena(x), l->expires_ms)));
	TRY(store_begin(store));
	TRY(store_institution_license_add(store, l));
	return api_finish(x, context, &event);
}

void institution_license_issue(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct store_institution_license license;
	enum err result;

	if (!body)
		return;
	result = issue(&license, x, context, body);
	if (result != OK)
		reply_failure(x, result);
	else
		reply_json(x, 201, institution_license_describe(exchange_arena(x), &license));
}

void institution_license_list(struct exchange *x, struct route_context *context)
{
	static const uint8_t any[STORE_ID];
	const struct principal *who = authorize_principal(x);
	struct store_institution_license *licenses;
	size_t count;
	json_t *list;
	bool sees_all = principal_holds(who, RIGHT_LICENSES_MANAGE) ||
			principal_holds(who, RIGHT_AUDIT_READ);
	enum err result = store_institution_license_list(context->store, exchange_arena(x),
							 &licenses, &count,
							 sees_all ? any : who->person.id);

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(list, institution_license_describe(exchange_arena(x), &licenses[i]));
	reply_list(x, "licenses", list);
}

void institution_license_get(struct exchange *x, struct route_context *context)
{
	struct store_institution_license license;
	struct store_seat *seats;
	json_t *answer, *list;
	size_t count;
	enum err result;

	if (!seats_find_parent(&license, x, context))
		return;
	result = store_seat_list(context->store, exchange_arena(x), &seats, &count, license.id);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = institution_license_describe(exchange_arena(x), &license);
	list = json_array_new();
	json_put(answer, "members", list);
	for (size_t i = 0; i < count; i++) {
		json_t *one = json_object_new();

		json_put_text(one, "person", seats[i].person_name);
		if (!store_id_is_none(seats[i].license))
			json_put_text(
				one, "license",
				slice_of_string(api_uuid(exchange_arena(x), seats[i].license)));
		json_put_text(one, "state", seats[i].license_state);
		json_put_text(one, "since",
			      slice_of_string(api_time(exchange_arena(x), seats[i].taken_ms)));
		json_push(list, one);
	}
	reply_json(x, 200, answer);
}
