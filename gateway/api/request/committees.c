/* SPDX-License-Identifier: Apache-2.0 */
/* How the requests for a model are decided: read by whoever may know of the model, set by those who
 * administer it. And the closed list of uses. */
#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/reply.h"
#include "gateway/api/request/request.h"
#include "gateway/api/routes.h"
#include "policy/uses.h"
#include "schema/store/committee.h"

/* The rule is published with the model; who decides is for those who work with them. */
static json_t *describe(struct arena *arena, const struct store_committee *c)
{
	json_t *one = json_object_new();

	json_put_int(one, "needed", c->needed);
	json_put_int(one, "member_count", c->member_count);
	json_put_bool(one, "any_denial_denies", c->any_denial_denies || c->needed == 1);
	json_put_bool(one, "not_same_institution", c->not_same_institution);
	json_put_bool(one, "handlers_differ", c->handlers_differ);
	json_put_bool(one, "needs_card", c->needs_card);
	json_put_int(one, "remind_days", c->remind_days);
	json_put_int(one, "escalate_days", c->escalate_days);
	json_put(one, "permitted_uses", request_describe_list(c->permitted_uses));
	json_put(one, "required_uses", request_describe_list(c->required_uses));
	if (c->changed_ms)
		json_put_text(one, "changed", slice_of_string(api_time(arena, c->changed_ms)));
	return one;
}

static json_t *describe_with_names(struct arena *arena, const struct store_committee *c)
{
	json_t *one = describe(arena, c);

	json_put(one, "members", request_describe_list(c->members));
	json_put_text(one, "escalate_to", c->escalate_to_name);
	return one;
}

static bool sees_names(const struct principal *who, struct slice model)
{
	return principal_holds_on(who, RIGHT_REQUESTS_HANDLE, model) ||
	       principal_holds_on(who, RIGHT_MODELS_MANAGE, model) ||
	       principal_holds_on(who, RIGHT_AUDIT_READ, model);
}

void committee_get(struct exchange *x, struct route_context *context)
{
	struct store_committee committee;
	struct store_model model;
	enum err result;

	if (!hub_find_model(&model, x, context))
		return;
	result = store_committee_get(context->store, exchange_arena(x), &committee, model.id);
	if (result != OK)
		reply_failure(x, result);
	else if (sees_names(authorize_principal(x), model.name))
		reply_json(x, 200, describe_with_names(exchange_arena(x), &committee));
	else
		reply_json(x, 200, describe(exchange_arena(x), &committee));
}

static enum err read_uses(struct slice *out, struct arena *arena, const json_t *body,
			  const char *name)
{
	AUTO(buf_free) struct buf text = buf_new(USES_MAX_TEXT);
	const json_t *array;
	use_set all = 0;

	if (!json_has(body, name))
		return OK;
	TRY(json_get_array(&array, body, name));
	for (size_t i = 0; i < json_array_size(array); i++) {
		struct slice one;
		enum use use;

		TRY(json_text_at(&one, array, i));
		if (!use_parse(&use, one))
			return failure(ERR_FORMAT,
				       "\"%s\": \"%.*s\" is not in the list; see "
				       "/api/v1/uses",
				       name, SLICE_PRINT(slice_part(one, 0, 40)));
		all |= use_bit(use);
	}
	uses_write(&text, all);
	*out = arena_copy(arena, buf_slice(&text));
	return buf_done(&text);
}

static enum err read_members(struct store_committee *c, struct arena *arena, const json_t *body)
{
	AUTO(buf_free) struct buf text = buf_new(STORE_COMMITTEE_MAX * 72);
	const json_t *array;

	if (!json_has(body, "members"))
		return OK;
	TRY(json_get_array(&array, body, "members"));
	if (json_array_size(array) > STORE_COMMITTEE_MAX)
		return failure(ERR_FORMAT, "\"members\" has at most %d names", STORE_COMMITTEE_MAX);
	for (size_t i = 0; i < json_array_size(array); i++) {
		struct slice one;

		TRY(json_text_at(&one, array, i));
		if (one.size == 0 || one.size > 64 || slice_find(one, ',') < one.size)
			return failure(ERR_FORMAT, "\"members\": \"%.*s\" is no person's name",
				       SLICE_PRINT(slice_part(one, 0, 40)));
		if (store_list_has(buf_slice(&text), one))
			return failure(ERR_FORMAT, "\"members\": \"%.*s\" stands there twice",
				       SLICE_PRINT(one));
		buf_write_string(&text, i ? "," : "");
		buf_write(&text, one);
	}
	c->member_count = (int64_t)json_array_size(array);
	c->members = arena_copy(arena, buf_slice(&text));
	return buf_done(&text);
}

static enum err read_days(int64_t *out, const json_t *body, const char *name)
{
	TRY(json_get_int_or(out, body, name, *out));
	if (*out < 0 || *out > 365)
		return failure(ERR_FORMAT, "\"%s\" is 1 to 365, or 0 for never", name);
	return OK;
}

static enum err read_clock(struct store_committee *c, struct exchange *x,
			   struct route_context *context, const json_t *body)
{
	struct store_person person;
	enum err found;

	TRY(read_days(&c->remind_days, body, "remind_days"));
	TRY(read_days(&c->escalate_days, body, "escalate_days"));
	TRY(json_get_text_or(&c->escalate_to_name, body, "escalate_to", c->escalate_to_name));
	memset(c->escalate_to, 0, STORE_ID);
	if (c->escalate_to_name.size) {
		found = store_person_by_name(context->store, exchange_arena(x), &person,
					     c->escalate_to_name);
		if (found == ERR_NOT_FOUND)
			return failure(ERR_FORMAT, "\"escalate_to\": there is no such person");
		TRY(found);
		memcpy(c->escalate_to, person.id, STORE_ID);
	}
	if (c->escalate_days && !c->escalate_to_name.size)
		return failure(ERR_FORMAT, "\"escalate_to\" is missing: to whom?");
	return OK;
}

/* What the body does not name stays as it is. */
static enum err read_rule(struct store_committee *c, struct exchange *x,
			  struct route_context *context, const json_t *body)
{
	struct arena *arena = exchange_arena(x);

	TRY(json_get_int_or(&c->needed, body, "needed", c->needed));
	TRY(read_members(c, arena, body));
	if (c->needed < 1 || c->needed > STORE_COMMITTEE_MAX)
		return failure(ERR_FORMAT, "\"needed\" is 1 to %d", STORE_COMMITTEE_MAX);
	if (c->member_count && c->needed > c->member_count)
		return failure(ERR_FORMAT, "\"needed\" is %lld, and there are %lld members",
			       (long long)c->needed, (long long)c->member_count);
	TRY(json_get_bool_or(&c->any_denial_denies, body, "any_denial_denies",
			     c->any_denial_denies));
	TRY(json_get_bool_or(&c->not_same_institution, body, "not_same_institution",
			     c->not_same_institution));
	TRY(json_get_bool_or(&c->handlers_differ, body, "handlers_differ", c->handlers_differ));
	TRY(json_get_bool_or(&c->needs_card, body, "needs_card", c->needs_card));
	TRY(read_uses(&c->permitted_uses, arena, body, "permitted_uses"));
	TRY(read_uses(&c->required_uses, arena, body, "required_uses"));
	return read_clock(c, x, context, body);
}

static enum err set(struct store_committee *c, struct exchange *x, struct route_context *context,
		    const struct store_model *model, const json_t *body)
{
	static const char *const known[] = {"needed",
					    "members",
					    "any_denial_denies",
					    "not_same_institution",
					    "handlers_differ",
					    "needs_card",
					    "remind_days",
					    "escalate_days",
					    "escalate_to",
					    "permitted_uses",
					    "required_uses",
					    "reason",
					    NULL};
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct slice reason;

	TRY(json_only(body, known)); /* a rule that is misspelt is a rule that is missing */
	TRY(api_reason(&reason, body));
	TRY(store_committee_get(store, exchange_arena(x), c, model->id));
	TRY(read_rule(c, x, context, body));
	c->changed_ms = clock_now_ms();
	memcpy(c->changed_by, who->person.id, STORE_ID);
	audit_event_begin(&event, AUDIT_COMMITTEE_SET, who->person.id, who->person.name);
	audit_event_text(&event, "model", model->name);
	audit_event_text(&event, "reason", reason);
	audit_event_json(&event, "rule", describe_with_names(exchange_arena(x), c));
	TRY(store_begin(store));
	TRY(store_committee_set(store, c));
	return api_finish(x, context, &event);
}

void committee_set(struct exchange *x, struct route_context *context)
{
	struct store_committee committee;
	struct store_model model;
	enum err result;

	if (!hub_find_model(&model, x, context))
		return;
	AUTO(json_auto) json_t *body = api_body(x);
	if (!body)
		return;
	result = set(&committee, x, context, &model, body);
	if (result == OK)
		reply_json(x, 200, describe_with_names(exchange_arena(x), &committee));
	else
		reply_failure(x, result);
}

void use_list(struct exchange *x, struct route_context *context)
{
	json_t *list = json_array_new();

	(void)context;
	for (int i = 0; i < USE_COUNT; i++) {
		enum use use = (enum use)i;
		json_t *one = json_object_new();

		json_put_text(one, "code", slice_of_string(use_code(use)));
		json_put_text(one, "label", slice_of_string(use_label(use)));
		json_put_text(one, "kind",
			      use_kind_of(use) == USE_PERMISSION ? S("permission") : S("modifier"));
		if (use_acronym(use)[0])
			json_put_text(one, "acronym", slice_of_string(use_acronym(use)));
		json_put_bool(one, "ours", use_is_ours(use));
		json_push(list, one);
	}
	reply_list(x, "uses", list);
}
