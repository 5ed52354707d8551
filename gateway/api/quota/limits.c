/* SPDX-License-Identifier: Apache-2.0 */
/* Limits of persons and institutions: who sees and who sets them. Those of a license stand in its
 * document, and are never changed. */
#include "crypto/json.h"
#include "crypto/license_limits.h"
#include "gateway/api/authorize.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/store/institution.h"

/* Whose limits an address is about. */
struct subject {
	struct slice kind; /* "person", "institution" */
	enum audit_kind act;
	uint8_t id[STORE_ID];
	struct slice name;
};

static enum err find_person(struct subject *out, struct exchange *x, struct route_context *context)
{
	struct store_person person;

	*out = (struct subject){.kind = S("person"), .act = AUDIT_PERSON_LIMITS};
	TRY(api_param_uuid(out->id, x, "id"));
	TRY(store_person_by_id(context->store, exchange_arena(x), &person, out->id));
	out->name = person.name;
	return OK;
}

static enum err find_institution(struct subject *out, struct exchange *x,
				 struct route_context *context)
{
	struct store_institution institution;

	*out = (struct subject){.kind = S("institution"), .act = AUDIT_INSTITUTION_LIMITS};
	TRY(api_param_uuid(out->id, x, "id"));
	TRY(store_institution_get(context->store, exchange_arena(x), &institution, out->id));
	out->name = institution.name;
	return OK;
}

static enum err reply_limits(struct exchange *x, struct route_context *context,
			     const struct subject *subject)
{
	struct store_limit *limits;
	json_t *list;
	size_t count;

	TRY(store_limit_list(context->store, exchange_arena(x), &limits, &count, subject->kind,
			     subject->id));
	list = json_array_new();
	for (size_t i = 0; i < count; i++) {
		json_t *one = json_object_new();

		json_put_text(one, "measure", limits[i].measure);
		json_put_text(one, "per", limits[i].per);
		json_put_int(one, "max", limits[i].max);
		json_push(list, one);
	}
	reply_list(x, "limits", list);
	return OK;
}

static enum err carry_out(struct exchange *x, struct route_context *context,
			  const struct subject *subject, const struct license_limits *limits)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct store_limit rows[LICENSE_LIMITS_MAX];
	json_t *told;

	for (size_t i = 0; i < limits->count; i++)
		rows[i] = (struct store_limit){
			.measure = slice_of_string(license_measure_name(limits->list[i].measure)),
			.per = slice_of_string(license_period_name(limits->list[i].per)),
			.max = limits->list[i].max,
		};
	TRY(license_limits_describe(&told, limits));
	audit_event_begin(&event, subject->act, who->person.id, who->person.name);
	audit_event_uuid(&event, (const char *)subject->kind.data, subject->id);
	audit_event_text(&event, "name", subject->name);
	audit_event_json(&event, "limits", told);
	TRY(store_begin(store));
	TRY(store_limit_set(store, subject->kind, subject->id, rows, limits->count));
	return api_finish(x, context, &event);
}

/* What the body does not name is gone: [] ends all limits. */
static enum err set_limits(struct exchange *x, struct route_context *context,
			   const struct subject *subject, const json_t *body)
{
	const json_t *array;
	struct license_limits limits;

	TRY(json_get_array(&array, body, "limits"));
	TRY(license_limits_read(&limits, array));
	TRY(carry_out(x, context, subject, &limits));
	return reply_limits(x, context, subject);
}

typedef enum err find_fn(struct subject *out, struct exchange *x, struct route_context *context);

static void show(struct exchange *x, struct route_context *context, find_fn *find)
{
	struct subject subject;
	enum err result = find(&subject, x, context);

	if (result == OK)
		result = reply_limits(x, context, &subject);
	if (result != OK)
		reply_failure(x, result);
}

static void change(struct exchange *x, struct route_context *context, find_fn *find)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct subject subject;
	enum err result;

	if (!body)
		return;
	result = find(&subject, x, context);
	if (result == OK)
		result = set_limits(x, context, &subject, body);
	if (result != OK)
		reply_failure(x, result);
}

void person_limits_get(struct exchange *x, struct route_context *context)
{
	show(x, context, find_person);
}

void person_limits_set(struct exchange *x, struct route_context *context)
{
	change(x, context, find_person);
}

void institution_limits_get(struct exchange *x, struct route_context *context)
{
	show(x, context, find_institution);
}

void institution_limits_set(struct exchange *x, struct route_context *context)
{
	change(x, context, find_institution);
}
