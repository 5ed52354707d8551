/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Persons who leave for now or come back, and keys that were lost. Somebody who is suspended keeps
 * what they hold, and can use none of it: what runs for them ends before the answer.
 */
#include "crypto/json.h"
#include "gateway/api/authorize.h"
#include "gateway/api/lease/withdraw.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/store/key.h"

/* One step of a person's life. */
struct step {
	enum audit_kind kind;
	struct slice from, to;
	const char *already; /* why it cannot be taken */
};

static enum err take_step(struct exchange *x, struct route_context *context,
			  const struct store_person *person, const struct step *step,
			  struct slice reason)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	if (!slice_equal(person->state, step->from))
		return failure(ERR_CONFLICT, "%.*s %s", SLICE_PRINT(person->name), step->already);
	if (principal_is(who, person->id))
		return failure(ERR_CONFLICT, "nobody does this to themselves; ask another "
					     "administrator");
	audit_event_begin(&event, step->kind, who->person.id, who->person.name);
	audit_event_uuid(&event, "person", person->id);
	audit_event_text(&event, "name", person->name);
	if (reason.size)
		audit_event_text(&event, "reason", reason);
	TRY(store_begin(store));
	TRY(store_person_set_state(store, person->id, step->to));
	return api_finish(x, context, &event);
}

static void change(struct exchange *x, struct route_context *context, const struct step *step)
{
	AUTO(json_auto) json_t *body = api_body_or_none(x);
	struct arena *arena = exchange_arena(x);
	struct store_person person;
	uint8_t id[STORE_ID];
	struct slice reason;
	json_t *answer;
	enum err result;

	if (!body)
		return;
	result = api_reason(&reason, body);
	if (result == OK)
		result = api_param_uuid(id, x, "id");
	if (result == OK)
		result = store_person_by_id(context->store, arena, &person, id);
	if (result == OK)
		result = take_step(x, context, &person, step, reason);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put_text(answer, "id", slice_of_string(api_uuid(arena, id)));
	json_put_text(answer, "name", person.name);
	json_put_text(answer, "state", step->to);
	withdraw_wait(x, context, answer);
	reply_json(x, 200, answer);
}

void person_suspend(struct exchange *x, struct route_context *context)
{
	const struct step step = {AUDIT_PERSON_SUSPEND, S("active"), S("suspended"),
				  "is suspended already"};

	change(x, context, &step);
}

void person_reinstate(struct exchange *x, struct route_context *context)
{
	const struct step step = {AUDIT_PERSON_REINSTATE, S("suspended"), S("active"),
				  "is not suspended"};

	change(x, context, &step);
}

/* One's own key, or (persons:manage) anybody's. It signs nothing more here; what it has signed
 * stays signed. */
static enum err revoke_key(struct exchange *x, struct route_context *context,
			   const uint8_t id[STORE_ID], struct slice reason)
{
	static const uint8_t anybody[STORE_ID];
	const struct principal *who = authorize_principal(x);
	bool manages = principal_holds(who, RIGHT_PERSONS_MANAGE);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	if (!manages && !principal_is_whole(who))
		return failure(ERR_DENIED, "a narrowed token revokes no key; sign in");
	audit_event_begin(&event, AUDIT_KEY_REVOKE, who->person.id, who->person.name);
	audit_event_uuid(&event, "key", id);
	if (reason.size)
		audit_event_text(&event, "reason", reason);
	TRY(store_begin(store));
	TRY(store_key_revoke(store, id, manages ? anybody : who->person.id, who->now_ms,
			     who->person.id));
	return api_finish(x, context, &event);
}

void key_revoke(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body_or_none(x);
	uint8_t id[STORE_ID];
	struct slice reason;
	enum err result;

	if (!body)
		return;
	result = api_reason(&reason, body);
	if (result == OK)
		result = api_param_uuid(id, x, "id");
	if (result == OK)
		result = revoke_key(x, context, id, reason);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	withdraw_wait(x, context, NULL);
	reply_empty(x, 204);
}
