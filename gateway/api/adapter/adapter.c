/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/adapter/adapter.h"

#include "crypto/json.h"
#include "gateway/api/reply.h"

bool adapter_is_own(const struct store_adapter *a, const struct principal *who)
{
	return who->authenticated && memcmp(a->owner, who->person.id, STORE_ID) == 0;
}

bool adapter_is_managed(const struct store_adapter *a, const struct principal *who)
{
	return principal_holds_on(who, RIGHT_MODELS_MANAGE, a->model_name);
}

bool adapter_find(struct store_adapter *out, struct exchange *x, struct route_context *context)
{
	const struct principal *who = authorize_principal(x);
	uint8_t id[STORE_ID];
	enum err result = api_param_uuid(id, x, "id");

	if (result == OK)
		result = store_adapter_get(context->store, exchange_arena(x), out, id);
	if (result == OK && !adapter_is_own(out, who) && !adapter_is_managed(out, who) &&
	    out->state != STORE_ADAPTER_PUBLISHED)
		result = failure(ERR_NOT_FOUND, "there is no such adapter");
	if (result != OK)
		reply_failure(x, result);
	return result == OK;
}

bool adapter_takes_files(const struct store_adapter *a, struct exchange *x)
{
	enum err result = OK;

	if (!adapter_is_own(a, authorize_principal(x)))
		result = failure(ERR_DENIED, "only its owner may do this with an adapter");
	else if (a->state != STORE_ADAPTER_UPLOADING && a->state != STORE_ADAPTER_REFUSED)
		result = failure(ERR_CONFLICT,
				 "the adapter is %s: what was checked is not changed; make a new "
				 "one",
				 store_adapter_state_name(a->state));
	if (result != OK)
		reply_failure(x, result);
	return result == OK;
}

const char *adapter_obstacle(const struct store_adapter *a, const struct principal *who,
			     struct arena *arena)
{
	switch (a->state) {
	case STORE_ADAPTER_UPLOADING:
		return "the adapter is not checked yet: upload its files and validate it";
	case STORE_ADAPTER_REFUSED:
		return arena_printf(arena, "the engine does not run the adapter: %.*s",
				    SLICE_PRINT(a->reason));
	case STORE_ADAPTER_PRIVATE:
	case STORE_ADAPTER_SUBMITTED:
	case STORE_ADAPTER_REJECTED:
	case STORE_ADAPTER_PUBLISHED:
		break;
	case STORE_ADAPTER_DELETED:
	case STORE_ADAPTER_STATE_COUNT:
		return "there is no such adapter";
	}
	if (adapter_is_own(a, who))
		return NULL;
	if (a->state != STORE_ADAPTER_PUBLISHED)
		return "the adapter is private to its owner";
	if (!a->owner_is_licensed)
		return "the adapter's owner has no license for the model any more";
	return NULL;
}

static void put_time(json_t *out, const char *name, struct arena *arena, int64_t ms)
{
	json_put_text(out, name, slice_of_string(api_time(arena, ms)));
}

static void describe_findings(json_t *one, struct arena *arena, const struct store_adapter *a)
{
	json_put_text(one, "sha256",
		      slice_of_string(api_hex(arena, slice_of(a->sha256, STORE_SHA256))));
	json_put_text(one, "checked_with", a->revision);
	json_put_int(one, "rank", a->rank);
	json_put_int(one, "products", a->products);
	json_put_int(one, "memory_bytes", a->memory_bytes);
}

/* The name that requests give as their model. */
static struct slice call_name(struct arena *arena, const struct store_adapter *a)
{
	return slice_of_string(
		arena_printf(arena, "%.*s:%.*s", SLICE_PRINT(a->model_name), SLICE_PRINT(a->name)));
}

json_t *adapter_describe(struct exchange *x, const struct store_adapter *a)
{
	const struct principal *who = authorize_principal(x);
	struct arena *arena = exchange_arena(x);
	const char *obstacle = adapter_obstacle(a, who, arena);
	json_t *one = json_object_new();

	json_put_text(one, "id", slice_of_string(api_uuid(arena, a->id)));
	json_put_text(one, "model", a->model_name);
	json_put_text(one, "name", a->name);
	json_put_text(one, "call_as", call_name(arena, a));
	json_put_text(one, "owner", a->owner_name);
	json_put_text(one, "state", slice_of_string(store_adapter_state_name(a->state)));
	json_put_text(one, "summary", a->summary);
	json_put_int(one, "size", a->size);
	json_put_bool(one, "yours", adapter_is_own(a, who));
	json_put_bool(one, "usable", !obstacle);
	if (obstacle)
		json_put_text(one, "obstacle", slice_of_string(obstacle));
	if (a->reason.size)
		json_put_text(one, "reason", a->reason);
	if (a->decided_by.size)
		json_put_text(one, "reviewed_by", a->decided_by);
	if (a->is_checked)
		describe_findings(one, arena, a);
	put_time(one, "created", arena, a->created_ms);
	put_time(one, "changed", arena, a->changed_ms);
	return one;
}

json_t *adapter_describe_files(struct arena *arena, const struct store_adapter_file *files,
			       size_t count)
{
	json_t *list = json_array_new();

	for (size_t i = 0; i < count; i++) {
		json_t *one = json_object_new();

		json_put_text(one, "path", files[i].path);
		json_put_int(one, "size", (int64_t)files[i].size);
		json_put_text(
			one, "sha256",
			slice_of_string(api_hex(arena, slice_of(files[i].sha256, STORE_SHA256))));
		json_push(list, one);
	}
	return list;
}

void adapter_tell(const struct store_adapter *a, struct audit_event *event)
{
	audit_event_text(event, "model", a->model_name);
	audit_event_uuid(event, "adapter", a->id);
	audit_event_text(event, "name", a->name);
	if (a->is_checked)
		audit_event_hex(event, "sha256", slice_of(a->sha256, STORE_SHA256));
}
