/* SPDX-License-Identifier: Apache-2.0 */
/* An adapter's life besides its files: made, listed, submitted for review, approved or rejected by
 * somebody else, taken back, deleted. Every step is an entry. */
#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/adapter/adapter.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/lease/withdraw.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/upload/seal.h"

static enum err check_name(struct slice name)
{
	bool good = name.size >= 1 && name.size <= ADAPTER_MAX_NAME;

	for (size_t i = 0; i < name.size; i++) {
		uint8_t c = name.data[i];
		bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
				 (c >= '0' && c <= '9');

		good = good && (is_letter || (i > 0 && (c == '.' || c == '_' || c == '-')));
	}
	if (good)
		return OK;
	return failure(ERR_FORMAT,
		       "\"name\" is 1 to %d of A-Z a-z 0-9 . _ -, the first a letter "
		       "or digit",
		       ADAPTER_MAX_NAME);
}

static enum err read_new(struct store_adapter *out, const struct grant *grant, const json_t *body)
{
	*out = (struct store_adapter){.created_ms = clock_now_ms()};
	TRY(json_get_text(&out->name, body, "name"));
	TRY(json_get_text_or(&out->summary, body, "summary", S("")));
	TRY(check_name(out->name));
	if (out->summary.size > ADAPTER_MAX_SUMMARY)
		return failure(ERR_LIMIT, "\"summary\" has more than %d bytes",
			       ADAPTER_MAX_SUMMARY);
	if (grant->access.model.name.size > ADAPTER_MAX_MODEL)
		return failure(ERR_LIMIT, "the model's name is too long to have adapters");
	random_uuid(out->id, out->created_ms);
	memcpy(out->model, grant->access.model.id, STORE_ID);
	memcpy(out->owner, grant->who->person.id, STORE_ID);
	out->model_name = grant->access.model.name;
	return OK;
}

/* A published one would be hidden from its maker's calls by one of their own. */
static enum err check_free(struct route_context *context, struct arena *arena,
			   const struct store_adapter *a)
{
	struct store_adapter other;
	enum err found = store_adapter_find(context->store, arena, &other, a->model, a->name,
					    a->owner);

	if (found == OK)
		return failure(ERR_CONFLICT, "an adapter \"%.*s\" of this model is there already",
			       SLICE_PRINT(a->name));
	return found == ERR_NOT_FOUND ? OK : found;
}

static enum err create(struct store_adapter *a, struct exchange *x, struct route_context *context,
		       const struct grant *grant, const json_t *body)
{
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};

	TRY(read_new(a, grant, body));
	TRY(check_free(context, exchange_arena(x), a));
	audit_event_begin(&event, AUDIT_ADAPTER_CREATE, grant->who->person.id,
			  grant->who->person.name);
	adapter_tell(a, &event);
	audit_event_text(&event, "decision", slice_of_string(exchange_request_id(x)));
	TRY(store_begin(store));
	TRY(store_adapter_create(store, a));
	TRY(authorize_record(store, x, grant));
	TRY(store_adapter_get(store, exchange_arena(x), a, a->id));
	return api_finish(x, context, &event);
}

void adapter_create(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = NULL;
	struct store_adapter adapter;
	struct grant *grant;
	enum err result;

	grant = authorize_model(x, context, RIGHT_ADAPTERS_WRITE, hub_model_name(x), S(""), S(""));
	body = grant && authorize_person(x) ? api_body(x) : NULL; /* an open model asks no name */
	if (!body)
		return;
	result = create(&adapter, x, context, grant, body);
	if (result == OK)
		reply_json(x, 201, adapter_describe(x, &adapter));
	else
		reply_failure(x, result);
}

static void reply_adapters(struct exchange *x, const struct store_adapter *adapters, size_t count)
{
	json_t *list = json_array_new();

	for (size_t i = 0; i < count; i++)
		json_push(list, adapter_describe(x, &adapters[i]));
	reply_list(x, "adapters", list);
}

void adapter_list(struct exchange *x, struct route_context *context)
{
	const struct principal *who = authorize_principal(x);
	struct store_adapter *adapters;
	struct store_model model;
	size_t count;
	enum err result;

	if (!hub_find_model(&model, x, context))
		return;
	result = store_adapter_list(context->store, exchange_arena(x), &adapters, &count, model.id,
				    who->person.id,
				    principal_holds_on(who, RIGHT_MODELS_MANAGE, model.name));
	if (result == OK)
		reply_adapters(x, adapters, count);
	else
		reply_failure(x, result);
}

void adapter_get(struct exchange *x, struct route_context *context)
{
	struct store_adapter adapter;
	struct store_adapter_file *files;
	json_t *answer;
	size_t count;
	enum err result;

	if (!adapter_find(&adapter, x, context))
		return;
	result = store_adapter_files(context->store, exchange_arena(x), &files, &count, adapter.id);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = adapter_describe(x, &adapter);
	json_put(answer, "files", adapter_describe_files(exchange_arena(x), files, count));
	reply_json(x, 200, answer);
}

/* A step of an adapter, as its table row says it. */
struct act {
	enum audit_kind kind;
	enum store_adapter_state to;
	bool from[STORE_ADAPTER_STATE_COUNT];
	bool is_review;    /* by who administers the model, not by its owner; else by the owner */
	bool needs_right;  /* adapters:write, now */
	bool needs_reason; /* and it stays with the adapter */
};

static const struct act submit_act = {
	.kind = AUDIT_ADAPTER_SUBMIT,
	.to = STORE_ADAPTER_SUBMITTED,
	.from = {[STORE_ADAPTER_PRIVATE] = true, [STORE_ADAPTER_REJECTED] = true},
	.needs_right = true,
};
static const struct act withdraw_act = {
	.kind = AUDIT_ADAPTER_WITHDRAW,
	.to = STORE_ADAPTER_PRIVATE,
	.from = {[STORE_ADAPTER_SUBMITTED] = true, [STORE_ADAPTER_PUBLISHED] = true},
};
static const struct act approve_act = {
	.kind = AUDIT_ADAPTER_APPROVE,
	.to = STORE_ADAPTER_PUBLISHED,
	.from = {[STORE_ADAPTER_SUBMITTED] = true},
	.is_review = true,
};
static const struct act reject_act = {
	.kind = AUDIT_ADAPTER_REJECT,
	.to = STORE_ADAPTER_REJECTED,
	.from = {[STORE_ADAPTER_SUBMITTED] = true, [STORE_ADAPTER_PUBLISHED] = true},
	.is_review = true,
	.needs_reason = true,
};

/* Nobody reviews their own, whatever office they hold. */
static enum err check_actor(const struct store_adapter *a, const struct act *act,
			    const struct principal *who)
{
	if (!act->is_review && !adapter_is_own(a, who))
		return failure(ERR_DENIED, "only its owner may do this with an adapter");
	if (act->is_review && !adapter_is_managed(a, who))
		return failure(ERR_DENIED, "an adapter is reviewed by who administers its model");
	if (act->is_review && adapter_is_own(a, who))
		return failure(ERR_DENIED, "nobody reviews their own adapter");
	if (!act->from[a->state])
		return failure(ERR_CONFLICT, "the adapter is %s",
			       store_adapter_state_name(a->state));
	return OK;
}

static enum err carry_out(struct store_adapter *a, const struct act *act, struct exchange *x,
			  struct route_context *context, struct slice reason,
			  const struct grant *grant)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct store_adapter_step step = {
		.from = a->state,
		.to = act->to,
		.reason = reason,
		.decided_by = act->is_review ? who->person.id : NULL,
		.now_ms = clock_now_ms(),
	};

	if (act->needs_reason && slice_trim(reason).size == 0)
		return failure(ERR_FORMAT, "\"reason\" is missing: its owner will read it");
	audit_event_begin(&event, act->kind, who->person.id, who->person.name);
	adapter_tell(a, &event);
	audit_event_uuid(&event, "person", a->owner);
	if (reason.size)
		audit_event_text(&event, "reason", reason);
	TRY(store_begin(store));
	TRY(store_adapter_step(store, a->id, &step));
	if (grant)
		TRY(authorize_record(store, x, grant));
	TRY(store_adapter_get(store, exchange_arena(x), a, a->id));
	return api_finish(x, context, &event);
}

static void reply_adapter(struct exchange *x, struct route_context *context,
			  const struct store_adapter *a, bool ends)
{
	json_t *answer = adapter_describe(x, a);

	if (ends)
		withdraw_wait(x, context, answer);
	reply_json(x, 200, answer);
}

/* False: it has answered. */
static bool may_act(struct store_adapter *a, struct grant **grant, struct exchange *x,
		    struct route_context *context, const struct act *act)
{
	enum err result;

	*grant = NULL;
	if (!authorize_person(x) || !adapter_find(a, x, context))
		return false;
	result = check_actor(a, act, authorize_principal(x));
	if (result != OK) {
		reply_failure(x, result);
		return false;
	}
	if (act->needs_right)
		*grant = authorize_model(x, context, RIGHT_ADAPTERS_WRITE, a->model_name, S(""),
					 S(""));
	return *grant || !act->needs_right;
}

static void run(struct exchange *x, struct route_context *context, const struct act *act)
{
	AUTO(json_auto) json_t *body = NULL;
	struct store_adapter a;
	struct grant *grant;
	struct slice reason;
	bool ends;
	enum err result;

	if (!may_act(&a, &grant, x, context, act))
		return;
	body = api_body_or_none(x);
	if (!body)
		return;
	ends = a.state == STORE_ADAPTER_PUBLISHED;
	result = api_reason(&reason, body);
	if (result == OK)
		result = carry_out(&a, act, x, context, reason, grant);
	if (result == OK)
		reply_adapter(x, context, &a, ends);
	else
		reply_failure(x, result);
}

void adapter_submit(struct exchange *x, struct route_context *context)
{
	run(x, context, &submit_act);
}

void adapter_withdraw(struct exchange *x, struct route_context *context)
{
	run(x, context, &withdraw_act);
}

void adapter_approve(struct exchange *x, struct route_context *context)
{
	run(x, context, &approve_act);
}

void adapter_reject(struct exchange *x, struct route_context *context)
{
	run(x, context, &reject_act);
}

/* Its key is destroyed when the keeper appends the entry; what is left of its files takes room. */
static enum err destroy(struct exchange *x, struct route_context *context,
			const struct store_adapter *a, struct slice reason,
			struct audit_event *event)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	struct store_adapter_step step = {.from = a->state, .to = STORE_ADAPTER_DELETED};

	step.reason = reason;
	step.now_ms = clock_now_ms();
	audit_event_begin(event, AUDIT_ADAPTER_DELETE, who->person.id, who->person.name);
	adapter_tell(a, event);
	audit_event_uuid(event, "person", a->owner);
	if (reason.size)
		audit_event_text(event, "reason", reason);
	TRY(store_begin(store));
	TRY(store_adapter_step(store, a->id, &step));
	TRY(store_adapter_files_drop(store, a->id));
	return api_commit(context, event);
}

static enum err destroy_with_files(uint8_t event_id[WIRE_ID], struct exchange *x,
				   struct route_context *context, const struct store_adapter *a,
				   struct slice reason)
{
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct store_adapter_file *files;
	size_t count;

	TRY(store_adapter_files(context->store, exchange_arena(x), &files, &count, a->id));
	TRY(destroy(x, context, a, reason, &event));
	memcpy(event_id, event.id, WIRE_ID);
	for (size_t i = 0; i < count; i++)
		seal_forget(files[i].blob, context);
	return OK;
}

enum err adapter_delete_all(struct exchange *x, struct route_context *context,
			    const struct store_model *model)
{
	struct store_adapter *adapters;
	uint8_t event[WIRE_ID];
	size_t count;

	TRY(store_adapter_list(context->store, exchange_arena(x), &adapters, &count, model->id,
			       authorize_principal(x)->person.id, true));
	for (size_t i = 0; i < count; i++)
		TRY(destroy_with_files(event, x, context, &adapters[i],
				       S("the model is shredded")));
	return OK;
}

void adapter_delete(struct exchange *x, struct route_context *context)
{
	struct slice reason = api_query(x, "reason");
	uint8_t event[WIRE_ID];
	struct store_adapter a;
	json_t *answer;
	enum err result = OK;

	if (!authorize_person(x) || !adapter_find(&a, x, context))
		return;
	if (!adapter_is_own(&a, authorize_principal(x)) &&
	    !adapter_is_managed(&a, authorize_principal(x)))
		result = failure(ERR_DENIED, "only its owner, or who administers its model, "
					     "deletes an adapter");
	else if (reason.size > API_MAX_REASON || !slice_is_utf8(reason))
		result = failure(ERR_FORMAT, "\"reason\" is a text of at most %d bytes",
				 API_MAX_REASON);
	if (result == OK)
		result = destroy_with_files(event, x, context, &a, reason);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	exchange_header(x, "X-Audit-Receipt", "%s", api_uuid(exchange_arena(x), event));
	answer = json_object_new();
	json_put_text(answer, "id", slice_of_string(api_uuid(exchange_arena(x), a.id)));
	json_put_text(answer, "state", S("deleted"));
	withdraw_wait(x, context, answer);
	reply_json(x, 200, answer);
}
