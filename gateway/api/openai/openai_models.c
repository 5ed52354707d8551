/* SPDX-License-Identifier: Apache-2.0 */
/* What a token may use, in OpenAI's shape. */
#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "gateway/api/adapter/adapter_use.h"
#include "gateway/api/authorize.h"
#include "gateway/api/infer/able.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"

static json_t *describe_model(const struct store_model *m)
{
	json_t *one = json_object_new();

	json_put_text(one, "id", m->name);
	json_put_text(one, "object", S("model"));
	json_put_int(one, "created", m->created_ms / 1000);
	json_put_text(one, "owned_by", S("sallyport"));
	json_put(one, "tasks", able_list(m->tasks));
	return one;
}

static bool has_right(struct exchange *x, struct route_context *context,
		      const struct store_model *m, enum right right)
{
	struct grant grant;

	return authorize_weigh(&grant, x, context, right, m->name, S(""), S("")) == OK &&
	       grant.decision.allow;
}

/* What this token may use, and the engine serves: nothing else is listed. */
static bool may_use(struct exchange *x, struct route_context *context, const struct store_model *m)
{
	static const enum right rights[] = {RIGHT_INFER_GENERATE, RIGHT_INFER_EMBED,
					    RIGHT_INTERNALS_READ};

	for (size_t i = 0; i < sizeof rights / sizeof *rights && m->runnable; i++)
		if (able_to(m->tasks, rights[i]) && has_right(x, context, m, rights[i]))
			return true;
	return false;
}

static bool may_generate(struct exchange *x, struct route_context *context,
			 const struct store_model *m)
{
	return able_to(m->tasks, RIGHT_INFER_GENERATE) &&
	       has_right(x, context, m, RIGHT_INFER_GENERATE);
}

/* The adapters of a listed model that this person may call, behind it. */
static void push_adapters(json_t *list, struct exchange *x, const struct store_model *m,
			  const struct store_adapter *adapters, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (memcmp(adapters[i].model, m->id, STORE_ID) == 0 &&
		    !adapter_obstacle(&adapters[i], authorize_principal(x), exchange_arena(x)))
			json_push(list, adapter_describe_model(exchange_arena(x), &adapters[i]));
}

static enum err list_models(json_t *list, struct exchange *x, struct route_context *context)
{
	const struct principal *who = authorize_principal(x);
	struct arena *arena = exchange_arena(x);
	struct store_adapter *adapters;
	struct store_model *models;
	size_t count, adapter_count;

	TRY(store_model_list_visible(context->store, arena, &models, &count, who->person.id,
				     clock_now_ms()));
	TRY(store_adapter_list(context->store, arena, &adapters, &adapter_count, NULL,
			       who->person.id, false));
	for (size_t i = 0; i < count; i++) {
		if (!may_use(x, context, &models[i]))
			continue;
		json_push(list, describe_model(&models[i]));
		if (may_generate(x, context, &models[i]))
			push_adapters(list, x, &models[i], adapters, adapter_count);
	}
	return OK;
}

void openai_models(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *list = json_array_new();
	json_t *answer;
	enum err result;

	if (!authorize_person(x))
		return;
	result = list_models(list, x, context);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put_text(answer, "object", S("list"));
	json_put(answer, "data", json_incref(list));
	reply_json(x, 200, answer);
}

/* The model itself, or an adapter of it; ERR_NOT_FOUND also for what is not for this person. */
static enum err find_model(json_t **out, struct exchange *x, struct route_context *context,
			   struct slice name)
{
	struct store_adapter adapter;
	struct store_model model;
	struct grant grant;
	struct slice behind, base = adapter_split(&behind, name);
	enum err result;

	TRY(store_model_get(context->store, exchange_arena(x), &model, base));
	if (!may_use(x, context, &model))
		return failure(ERR_NOT_FOUND, "not for use");
	if (behind.size == 0) {
		*out = describe_model(&model);
		return OK;
	}
	TRY(authorize_weigh(&grant, x, context, RIGHT_INFER_GENERATE, base, S(""), S("")));
	result = adapter_choose(&adapter, x, context, &grant, behind);
	if (result == ERR_DENIED || !grant.decision.allow)
		return failure(ERR_NOT_FOUND, "not for use");
	TRY(result);
	*out = adapter_describe_model(exchange_arena(x), &adapter);
	return OK;
}

void openai_model(struct exchange *x, struct route_context *context)
{
	struct slice name = exchange_param(x, "model");
	json_t *answer;
	enum err result;

	if (!authorize_person(x))
		return;
	result = find_model(&answer, x, context, name);
	if (result == OK)
		reply_json(x, 200, answer);
	else if (result != ERR_NOT_FOUND)
		reply_failure(x, result);
	else
		reply_code(
			x, CODE_NOT_FOUND,
			arena_printf(
				exchange_arena(x),
				"The model '%.*s' does not exist or you do not have access to it.",
				SLICE_PRINT(name)),
			"model");
}
