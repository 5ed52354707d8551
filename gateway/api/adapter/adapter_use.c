/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/adapter/adapter_use.h"

#include "crypto/json.h"
#include "gateway/api/reply.h"
#include "schema/wire/engine.h"

struct slice adapter_split(struct slice *name, struct slice model)
{
	struct slice base;

	slice_cut(model, ':', &base, name);
	return base;
}

enum err adapter_choose(struct store_adapter *out, struct exchange *x,
			struct route_context *context, const struct grant *grant, struct slice name)
{
	struct arena *arena = exchange_arena(x);
	const char *obstacle;
	enum err found = slice_is_utf8(name) ? store_adapter_find(context->store, arena, out,
								  grant->access.model.id, name,
								  grant->who->person.id)
					     : ERR_NOT_FOUND;

	if (found == ERR_NOT_FOUND)
		return failure(ERR_NOT_FOUND,
			       "The model '%.*s:%.*s' does not exist or you do not have access to "
			       "it.",
			       SLICE_PRINT(grant->access.model.name),
			       SLICE_PRINT(slice_part(name, 0, ADAPTER_MAX_NAME)));
	TRY(found);
	obstacle = adapter_obstacle(out, grant->who, arena);
	return obstacle ? failure(ERR_DENIED, "%s", obstacle) : OK;
}

bool adapter_accept(struct call *c, struct slice name)
{
	struct store_adapter *adapter = arena_alloc(exchange_arena(c->x), sizeof *adapter);
	enum err result;

	if (name.size == 0)
		return true;
	if (!c->kind->adapts) {
		reply_code(c->x, CODE_UNSUPPORTED, "adapters are used for generation only",
			   "model");
		return false;
	}
	result = adapter_choose(adapter, c->x, c->context, c->grant, name);
	if (result == OK)
		c->adapter = adapter;
	else if (result == ERR_NOT_FOUND || result == ERR_DENIED)
		reply_code(c->x, result == ERR_DENIED ? CODE_RIGHT_NOT_GRANTED : CODE_NOT_FOUND,
			   failure_text(), "model");
	else
		reply_failure(c->x, result);
	return result == OK;
}

enum err adapter_enter(struct call *c)
{
	struct wire_engine_adapted adapted;

	return c->adapter ? adapter_load(&adapted, c->x, c->context, c->adapter, c->slot) : OK;
}

json_t *adapter_describe_model(struct arena *arena, const struct store_adapter *a)
{
	json_t *one = json_object_new();

	json_put_text(one, "id",
		      slice_of_string(arena_printf(arena, "%.*s:%.*s", SLICE_PRINT(a->model_name),
						   SLICE_PRINT(a->name))));
	json_put_text(one, "object", S("model"));
	json_put_int(one, "created", a->created_ms / 1000);
	json_put_text(one, "owned_by", a->owner_name);
	json_put_text(one, "root", a->model_name);
	json_put_text(one, "parent", a->model_name);
	return one;
}
