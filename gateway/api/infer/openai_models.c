/* SPDX-License-Identifier: Apache-2.0 */
/* What a token may use, in OpenAI's shape. */
#include "crypto/base/clock.h"
#include "crypto/json.h"
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
	static const enum right rights[] = {RIGHT_INFER_GENERATE, RIGHT_INFER_EMBED};

	for (size_t i = 0; i < sizeof rights / sizeof *rights && m->runnable; i++)
		if (able_to(m->tasks, rights[i]) && has_right(x, context, m, rights[i]))
			return true;
	return false;
}

void openai_models(struct exchange *x, struct route_context *context)
{
	struct store_model *models;
	size_t count;
	json_t *answer, *list;
	enum err result;

	if (!authorize_person(x))
		return;
	result = store_model_list_visible(context->store, exchange_arena(x), &models, &count,
					  authorize_principal(x)->person.id, clock_now_ms());
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		if (may_use(x, context, &models[i]))
			json_push(list, describe_model(&models[i]));
	answer = json_object_new();
	json_put_text(answer, "object", S("list"));
	json_put(answer, "data", list);
	reply_json(x, 200, answer);
}

void openai_model(struct exchange *x, struct route_context *context)
{
	struct slice name = exchange_param(x, "model");
	struct store_model model;
	enum err result;

	if (!authorize_person(x))
		return;
	result = store_model_get(context->store, exchange_arena(x), &model, name);
	if (result != OK && result != ERR_NOT_FOUND)
		reply_failure(x, result);
	else if (result == OK && may_use(x, context, &model))
		reply_json(x, 200, describe_model(&model));
	else
		reply_code(
			x, CODE_NOT_FOUND,
			arena_printf(
				exchange_arena(x),
				"The model '%.*s' does not exist or you do not have access to it.",
				SLICE_PRINT(name)),
			"model");
}
