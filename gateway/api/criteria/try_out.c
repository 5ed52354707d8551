/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Criteria tried before they count: their faults, and what they read as, while they are written;
 * and what they would say of one person's request now. Nothing is kept, and nobody outside is
 * asked: an external rule refers here.
 */
#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "gateway/api/criteria/versions.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/store/person.h"

/* --- while they are written --------------------------------------------------------------- */

static json_t *describe_rules(struct arena *arena, const struct criteria *c)
{
	json_t *list = json_array_new();

	for (size_t i = 0; i < c->rule_count; i++) {
		AUTO(buf_free) struct buf words = buf_new(4 * CRITERIA_MAX_TEXT);
		json_t *one = json_object_new();

		condition_describe(&words, &c->rules[i].when, false);
		json_put_text(one, "id", c->rules[i].id);
		json_put_text(one, "effect", slice_of_string(effect_name(c->rules[i].effect)));
		json_put_text(one, "text", c->rules[i].text);
		json_put_text(one, "words", arena_copy(arena, buf_slice(&words)));
		json_push(list, one);
	}
	return list;
}

/* The state of the same version, if the model has it. */
static enum err put_state(json_t *answer, struct exchange *x, struct route_context *context,
			  const struct store_model *model, const struct criteria *c)
{
	struct store_criteria row;
	enum err result = store_criteria_get(context->store, exchange_arena(x), &row, model->id,
					     c->sha256.bytes);

	if (result == OK)
		json_put_text(answer, "state", row.state);
	return result == ERR_NOT_FOUND ? OK : result;
}

void criteria_check(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *answer = json_object_new();
	struct arena *arena = exchange_arena(x);
	struct criteria_faults *faults = arena_alloc(arena, sizeof *faults);
	struct store_model model;
	struct criteria c;
	enum err result;

	if (!hub_find_model(&model, x, context))
		return;
	if (criteria_parse(&c, arena, exchange_body(x), faults) != OK) {
		criteria_refuse(x, faults);
		return;
	}
	json_put_text(answer, "sha256", slice_of_string(api_hex(arena, digest_slice(&c.sha256))));
	json_put_text(answer, "name", c.name);
	json_put_bool(answer, "decides", c.decides);
	json_put_text(answer, "default", slice_of_string(effect_name(c.fallback)));
	json_put_int(answer, "conditions", (int64_t)c.condition_count);
	json_put(answer, "rules", describe_rules(arena, &c));
	result = put_state(answer, x, context, &model, &c);
	if (result == OK)
		reply_json(x, 200, json_incref(answer));
	else
		reply_failure(x, result);
}

/* --- somebody's request ------------------------------------------------------------------- */

/* By name or id. What is verified of others is for those who decide about them. */
static enum err find_person(struct store_person *out, struct exchange *x,
			    struct route_context *context, const struct store_model *model,
			    const json_t *body)
{
	const struct principal *who = authorize_principal(x);
	struct slice name;
	uint8_t id[STORE_ID];

	TRY(json_get_text_or(&name, body, "person", who->person.name));
	if (text_read_uuid(id, name) == OK)
		TRY(store_person_by_id(context->store, exchange_arena(x), out, id));
	else
		TRY(store_person_by_name(context->store, exchange_arena(x), out, name));
	if (memcmp(out->id, who->person.id, STORE_ID) != 0 &&
	    !principal_holds_on(who, RIGHT_REQUESTS_DECIDE, model->name) &&
	    !principal_holds_on(who, RIGHT_PERSONS_MANAGE, model->name))
		return failure(ERR_DENIED, "what is verified of others is for those who decide "
					   "requests or administer persons");
	return OK;
}

static enum err gather(struct criteria_facts *out, struct exchange *x,
		       struct route_context *context, const struct store_model *model,
		       const struct store_person *person, const json_t *body)
{
	struct opinion_question q = {.model = model, .person = person->id};

	TRY(opinion_read_list(&q.rights, exchange_arena(x), body, "rights"));
	TRY(opinion_read_list(&q.uses, exchange_arena(x), body, "uses"));
	TRY(json_get_int_or(&q.accessors, body, "accessors", 1));
	TRY(json_get_bool_or(&q.terms_are_signed, body, "terms_signed", false));
	TRY(json_get_bool_or(&q.has_library_card, body, "library_card", false));
	return opinion_gather(out, x, context, &q);
}

static json_t *describe(struct arena *arena, const struct store_person *person,
			const struct criteria *c, const struct criteria_facts *facts)
{
	struct criteria_verdict *v = arena_alloc(arena, sizeof *v);
	size_t ask[CRITERIA_MAX_EXTERNAL];
	size_t count = criteria_to_ask(ask, c, facts);
	json_t *one = json_object_new(), *not_asked = json_array_new();

	*v = criteria_evaluate(c, facts);
	json_put_text(one, "person", slice_of_string(api_uuid(arena, person->id)));
	json_put_text(one, "person_name", person->name);
	json_put_text(one, "sha256", slice_of_string(api_hex(arena, digest_slice(&c->sha256))));
	json_put_text(one, "outcome", slice_of_string(effect_name(v->outcome)));
	json_put_bool(one, "default", v->is_default);
	json_put(one, "rules", criteria_fired(c, v));
	json_put(one, "missing", criteria_missing(v));
	for (size_t i = 0; i < count; i++)
		json_push_text(not_asked, c->rules[ask[i]].id);
	json_put(one, "not_asked", not_asked);
	return one;
}

void criteria_test(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = NULL;
	struct arena *arena = exchange_arena(x);
	struct criteria_facts *facts = arena_alloc(arena, sizeof *facts);
	struct store_person person;
	struct store_model model;
	struct criteria c;
	enum err result;

	if (!hub_find_model(&model, x, context))
		return;
	body = api_body(x);
	if (!body || !versions_read(&c, x, context, &model, body))
		return;
	result = find_person(&person, x, context, &model, body);
	if (result == OK)
		result = gather(facts, x, context, &model, &person, body);
	if (result == OK)
		reply_json(x, 200, describe(arena, &person, &c, facts));
	else
		reply_failure(x, result);
}
