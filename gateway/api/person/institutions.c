/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Institutions and who belongs to them. Everybody may know which there are, since requests name
 * them; who belongs to one is for its officials and those who administer persons. A membership ends
 * and is never removed; who leaves loses what they had through it.
 */
#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/authorize.h"
#include "gateway/api/lease/withdraw.h"
#include "gateway/api/person/people.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/store/institution.h"

enum { DOMAINS_MAX = 32, DOMAIN_MAX = 253, NAME_MAX_BYTES = 200 };

static json_t *describe(struct arena *arena, const struct store_institution *i)
{
	json_t *one = json_object_new();

	json_put_text(one, "id", slice_of_string(api_uuid(arena, i->id)));
	json_put_text(one, "name", i->name);
	json_put_text(one, "kind", i->kind);
	json_put_text(one, "country", i->country);
	json_put_text(one, "domains", i->domains);
	json_put_text(one, "state", i->state);
	json_put_text(one, "created", slice_of_string(api_time(arena, i->created_ms)));
	return one;
}

void institution_list(struct exchange *x, struct route_context *context)
{
	struct arena *arena = exchange_arena(x);
	struct store_institution *found;
	size_t count;
	json_t *answer = json_object_new(), *list;
	enum err result = store_institution_list(context->store, arena, &found, &count);

	if (result == OK)
		result = person_put_institutions(answer, "mine", x, context,
						 authorize_principal(x)->person.id);
	if (result != OK) {
		json_free(answer);
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(list, describe(arena, &found[i]));
	json_put(answer, "institutions", list);
	reply_json(x, 200, answer);
}

/* The institution of the address; false: it has answered. */
static bool find(struct store_institution *out, struct exchange *x, struct route_context *context)
{
	uint8_t id[STORE_ID];
	enum err result = api_param_uuid(id, x, "id");

	if (result == OK)
		result = store_institution_get(context->store, exchange_arena(x), out, id);
	if (result != OK)
		reply_failure(x, result);
	return result == OK;
}

static json_t *describe_member(struct arena *arena, const struct store_member *m)
{
	json_t *one = json_object_new();

	json_put_text(one, "person_id", slice_of_string(api_uuid(arena, m->person)));
	json_put_text(one, "person", m->person_name);
	json_put_text(one, "role", m->role);
	json_put_text(one, "since", slice_of_string(api_time(arena, m->since_ms)));
	if (m->until_ms)
		json_put_text(one, "until", slice_of_string(api_time(arena, m->until_ms)));
	return one;
}

/* Those who administer persons, and its officials of today. */
static bool may_see_members(const struct principal *who, const struct store_member *members,
			    size_t count)
{
	if (principal_holds(who, RIGHT_PERSONS_MANAGE))
		return true;
	for (size_t i = 0; i < count; i++)
		if (principal_is(who, members[i].person) && !members[i].until_ms &&
		    slice_equal(members[i].role, S("official")))
			return true;
	return false;
}

void institution_get(struct exchange *x, struct route_context *context)
{
	struct arena *arena = exchange_arena(x);
	struct store_institution institution;
	struct store_member *members;
	size_t count;
	json_t *answer, *list;
	enum err result;

	if (!find(&institution, x, context))
		return;
	result = store_members(context->store, arena, &members, &count, institution.id);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = describe(arena, &institution);
	if (may_see_members(authorize_principal(x), members, count)) {
		list = json_array_new();
		for (size_t i = 0; i < count; i++)
			json_push(list, describe_member(arena, &members[i]));
		json_put(answer, "members", list);
	}
	reply_json(x, 200, answer);
}

/* A name of the DNS, in small letters: compared as it is. */
static bool is_domain(struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if (!((text.data[i] >= 'a' && text.data[i] <= 'z') ||
		      (text.data[i] >= '0' && text.data[i] <= '9') || text.data[i] == '-' ||
		      text.data[i] == '.'))
			return false;
	return text.size > 0 && text.size <= DOMAIN_MAX;
}

static enum err read_domains(struct slice *out, struct arena *arena, const json_t *body)
{
	AUTO(buf_free) struct buf text = buf_new(DOMAINS_MAX * (DOMAIN_MAX + 1));
	const json_t *list = json_object_get(body, "domains");

	if (json_array_size(list) > DOMAINS_MAX)
		return failure(ERR_FORMAT, "\"domains\" has at most %d", DOMAINS_MAX);
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct slice one;

		TRY(json_text_at(&one, list, i));
		if (!is_domain(one))
			return failure(ERR_FORMAT,
				       "\"domains\": \"%.*s\" is no domain in small "
				       "letters",
				       SLICE_PRINT(slice_part(one, 0, 60)));
		buf_printf(&text, "%s%.*s", i ? "," : "", SLICE_PRINT(one));
	}
	TRY(buf_done(&text));
	*out = arena_copy(arena, buf_slice(&text));
	return OK;
}

static enum err read_institution(struct store_institution *out, struct exchange *x,
				 const json_t *body)
{
	const struct principal *who = authorize_principal(x);

	*out = (struct store_institution){.created_ms = who->now_ms, .state = S("active")};
	TRY(json_get_text(&out->name, body, "name"));
	TRY(json_get_text_or(&out->kind, body, "kind", S("other")));
	TRY(json_get_text_or(&out->country, body, "country", S("")));
	TRY(read_domains(&out->domains, exchange_arena(x), body));
	if (out->name.size == 0 || out->name.size > NAME_MAX_BYTES)
		return failure(ERR_FORMAT, "\"name\" has 1 to %d bytes", NAME_MAX_BYTES);
	random_uuid(out->id, out->created_ms);
	memcpy(out->created_by, who->person.id, STORE_ID);
	return OK;
}

static enum err add(struct exchange *x, struct route_context *context,
		    const struct store_institution *institution)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	audit_event_begin(&event, AUDIT_INSTITUTION_ADD, who->person.id, who->person.name);
	audit_event_uuid(&event, "institution", institution->id);
	audit_event_text(&event, "name", institution->name);
	audit_event_text(&event, "institution_kind", institution->kind);
	audit_event_text(&event, "country", institution->country);
	audit_event_text(&event, "domains", institution->domains);
	TRY(store_begin(store));
	TRY(store_institution_add(store, institution));
	return api_finish(x, context, &event);
}

void institution_add(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct store_institution institution;
	enum err result;

	if (!body)
		return;
	result = read_institution(&institution, x, body);
	if (result == OK)
		result = add(x, context, &institution);
	if (result == OK)
		reply_json(x, 201, describe(exchange_arena(x), &institution));
	else
		reply_failure(x, result);
}

/* --- its state -------------------------------------------------------------------------------- */

static enum err set_state(struct exchange *x, struct route_context *context,
			  const struct store_institution *institution, enum audit_kind kind,
			  struct slice from, struct slice to)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	if (!slice_equal(institution->state, from))
		return failure(ERR_CONFLICT, "the institution is %.*s already", SLICE_PRINT(to));
	audit_event_begin(&event, kind, who->person.id, who->person.name);
	audit_event_uuid(&event, "institution", institution->id);
	audit_event_text(&event, "name", institution->name);
	TRY(store_begin(store));
	TRY(store_institution_set_state(store, institution->id, from, to));
	return api_finish(x, context, &event);
}

static void change_state(struct exchange *x, struct route_context *context, enum audit_kind kind,
			 struct slice from, struct slice to)
{
	struct store_institution institution;
	json_t *answer;
	enum err result;

	if (!find(&institution, x, context))
		return;
	result = set_state(x, context, &institution, kind, from, to);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	institution.state = to;
	answer = describe(exchange_arena(x), &institution);
	withdraw_wait(x, context, answer);
	reply_json(x, 200, answer);
}

void institution_suspend(struct exchange *x, struct route_context *context)
{
	change_state(x, context, AUDIT_INSTITUTION_SUSPEND, S("active"), S("suspended"));
}

void institution_reinstate(struct exchange *x, struct route_context *context)
{
	change_state(x, context, AUDIT_INSTITUTION_REINSTATE, S("suspended"), S("active"));
}

/* --- its people ---------------------------------------------------------------------------------
 */

static enum err check_role(struct slice role)
{
	if (slice_equal(role, S("member")) || slice_equal(role, S("official")))
		return OK;
	return failure(ERR_FORMAT, "\"role\" is member or official");
}

static void begin_event(struct audit_event *event, enum audit_kind kind, struct exchange *x,
			const struct store_institution *institution, const uint8_t person[STORE_ID],
			struct slice role)
{
	const struct principal *who = authorize_principal(x);

	audit_event_begin(event, kind, who->person.id, who->person.name);
	audit_event_uuid(event, "institution", institution->id);
	audit_event_text(event, "name", institution->name);
	audit_event_uuid(event, "person", person);
	audit_event_text(event, "role", role);
}

static enum err read_member(struct store_member *out, const struct store_institution *institution,
			    const json_t *body)
{
	struct slice person;

	*out = (struct store_member){.since_ms = clock_now_ms()};
	memcpy(out->institution, institution->id, STORE_ID);
	TRY(json_get_text(&person, body, "person"));
	TRY(text_read_uuid(out->person, person));
	TRY(json_get_text_or(&out->role, body, "role", S("member")));
	return check_role(out->role);
}

static enum err add_member(struct exchange *x, struct route_context *context,
			   const struct store_institution *institution,
			   const struct store_member *member)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	begin_event(&event, AUDIT_MEMBER_ADD, x, institution, member->person, member->role);
	TRY(store_begin(store));
	TRY(store_member_add(store, member));
	return api_finish(x, context, &event);
}

void member_add(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct store_institution institution;
	struct store_member member;
	enum err result;

	if (!body || !find(&institution, x, context))
		return;
	result = read_member(&member, &institution, body);
	if (result == OK)
		result = add_member(x, context, &institution, &member);
	if (result == OK)
		reply_json(x, 201, describe_member(exchange_arena(x), &member));
	else
		reply_failure(x, result);
}

static enum err end_member(struct exchange *x, struct route_context *context,
			   const struct store_institution *institution,
			   const uint8_t person[STORE_ID], struct slice role)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	begin_event(&event, AUDIT_MEMBER_END, x, institution, person, role);
	TRY(store_begin(store));
	TRY(store_member_end(store, institution->id, person, role, clock_now_ms()));
	return api_finish(x, context, &event);
}

void member_end(struct exchange *x, struct route_context *context)
{
	struct slice role = api_query(x, "role");
	struct store_institution institution;
	uint8_t person[STORE_ID];
	enum err result;

	if (!find(&institution, x, context))
		return;
	if (!role.size)
		role = S("member");
	result = api_param_uuid(person, x, "person");
	if (result == OK)
		result = check_role(role);
	if (result == OK)
		result = end_member(x, context, &institution, person, role);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	withdraw_wait(x, context, NULL);
	reply_empty(x, 204);
}
