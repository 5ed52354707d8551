/* SPDX-License-Identifier: Apache-2.0 */
/* Persons as they are looked at: found by their names, and one with all that belongs to them. */
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/page.h"
#include "gateway/api/person/office.h"
#include "gateway/api/person/people.h"
#include "gateway/api/proof/visas.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/signin/session.h"
#include "schema/store/institution.h"
#include "schema/store/person_find.h"

enum { TEXT_MAX_BYTES = 200 };

static enum err read_question(struct store_person_question *q, struct exchange *x)
{
	struct slice institution = api_query(x, "institution");
	struct page page;

	*q = (struct store_person_question){.name = api_query(x, "name"),
					    .text = api_query(x, "q"),
					    .state = api_query(x, "state"),
					    .office = api_query(x, "office")};
	if (q->text.size > TEXT_MAX_BYTES)
		return failure(ERR_FORMAT, "\"q\" has at most %d bytes", TEXT_MAX_BYTES);
	if (q->state.size && !slice_equal(q->state, S("active")) &&
	    !slice_equal(q->state, S("suspended")))
		return failure(ERR_FORMAT, "\"state\" is active or suspended");
	if (institution.size)
		TRY(text_read_uuid(q->institution, institution));
	TRY(page_read(&page, exchange_arena(x), exchange_request(x)->query, STORE_MAX_ROWS,
		      STORE_MAX_ROWS));
	q->limit = page.limit;
	q->after = page.after;
	return OK;
}

static json_t *describe(struct arena *arena, const struct store_person *person)
{
	json_t *one = json_object_new();

	json_put_text(one, "id", slice_of_string(api_uuid(arena, person->id)));
	json_put_text(one, "name", person->name);
	json_put_text(one, "email", person->email);
	json_put_text(one, "state", person->state);
	json_put_text(one, "offices", person->offices);
	json_put(one, "held", office_describe_held(arena, person->held));
	json_put_text(one, "created", slice_of_string(api_time(arena, person->created_ms)));
	json_put_bool(one, "blocked", person->is_blocked);
	return one;
}

void person_list(struct exchange *x, struct route_context *context)
{
	struct store_person_question question;
	struct store_person *people = NULL;
	size_t count = 0;
	json_t *list;
	enum err result = read_question(&question, x);

	if (result == OK)
		result = store_person_find(context->store, exchange_arena(x), &people, &count,
					   &question);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(list, describe(exchange_arena(x), &people[i]));
	if (count && count == question.limit)
		hub_link_next(x, context, people[count - 1].name);
	reply_list(x, "persons", list);
}

enum err person_put_institutions(json_t *answer, const char *name, struct exchange *x,
				 struct route_context *context, const uint8_t person[STORE_ID])
{
	struct arena *arena = exchange_arena(x);
	struct store_member *members;
	json_t *list;
	size_t count;

	TRY(store_institutions_of(context->store, arena, &members, &count, person));
	list = json_array_new();
	for (size_t i = 0; i < count; i++) {
		json_t *one = json_object_new();

		json_put_text(one, "id", slice_of_string(api_uuid(arena, members[i].institution)));
		json_put_text(one, "name", members[i].institution_name);
		json_put_text(one, "state", members[i].institution_state);
		json_put_text(one, "role", members[i].role);
		json_put_text(one, "since", slice_of_string(api_time(arena, members[i].since_ms)));
		json_push(list, one);
	}
	json_put(answer, name, list);
	return OK;
}

static enum err put_sessions(json_t *answer, struct exchange *x, struct route_context *context,
			     const uint8_t person[STORE_ID])
{
	struct store_credential *sessions;
	json_t *list;
	size_t count;

	TRY(store_credential_list(context->store, exchange_arena(x), &sessions, &count, person,
				  STORE_SESSIONS));
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(list, session_describe(exchange_arena(x), &sessions[i]));
	json_put(answer, "sessions", list);
	return OK;
}

static enum err put_keys(json_t *answer, struct exchange *x, struct route_context *context,
			 const uint8_t person[STORE_ID])
{
	struct store_key *keys;
	json_t *list;
	size_t count;

	TRY(store_key_list(context->store, exchange_arena(x), &keys, &count, person));
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(list, key_describe(exchange_arena(x), &keys[i]));
	json_put(answer, "keys", list);
	return OK;
}

static enum err describe_all(json_t *answer, struct exchange *x, struct route_context *context,
			     const uint8_t person[STORE_ID])
{
	json_t *visas;

	TRY(person_put_institutions(answer, "institutions", x, context, person));
	TRY(put_sessions(answer, x, context, person));
	TRY(put_keys(answer, x, context, person));
	TRY(visas_describe(&visas, x, context, person));
	json_put(answer, "visas", visas);
	return OK;
}

void person_get(struct exchange *x, struct route_context *context)
{
	struct store_person person;
	uint8_t id[STORE_ID];
	json_t *answer;
	enum err result = api_param_uuid(id, x, "id");

	if (result == OK)
		result = store_person_by_id(context->store, exchange_arena(x), &person, id);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = describe(exchange_arena(x), &person);
	result = describe_all(answer, x, context, id);
	if (result == OK) {
		reply_json(x, 200, answer);
		return;
	}
	json_free(answer);
	reply_failure(x, result);
}
