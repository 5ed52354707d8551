/* SPDX-License-Identifier: Apache-2.0 */
/* What the asker has used, by model and right; what limits them, and how much is left of it. */
#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "gateway/api/quota/quota.h"
#include "gateway/api/quota/quota_headers.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/store/decision.h"

static json_t *describe_use(const struct store_usage *usage, size_t count)
{
	json_t *list = json_array_new();

	for (size_t i = 0; i < count; i++) {
		json_t *one = json_object_new();

		json_put_text(one, "model", usage[i].model_name);
		json_put_text(one, "right", usage[i].right);
		json_put_int(one, "calls", (int64_t)usage[i].calls);
		json_put_int(one, "prompt_tokens", (int64_t)usage[i].prompt_tokens);
		json_put_int(one, "completion_tokens", (int64_t)usage[i].completion_tokens);
		json_put_int(one, "bytes", (int64_t)usage[i].bytes);
		json_push(list, one);
	}
	return list;
}

static json_t *describe_quota(struct arena *arena, const struct store_quota *q, struct slice model)
{
	json_t *one = json_object_new();

	json_put_text(one, "of", q->limit.subject_kind);
	json_put_text(one, "id", slice_of_string(api_uuid(arena, q->limit.subject)));
	if (model.size)
		json_put_text(one, "model", model);
	json_put_text(one, "measure", q->limit.measure);
	json_put_text(one, "per", q->limit.per);
	json_put_int(one, "max", q->limit.max);
	json_put_int(one, "used", q->used);
	json_put_int(one, "left", quota_left(q));
	if (q->ends_ms)
		json_put_text(one, "ends", slice_of_string(api_time(arena, q->ends_ms)));
	return one;
}

/* Of one license, or (NULL) of the person and their institutions. */
static enum err add_quotas(json_t *list, struct exchange *x, struct route_context *context,
			   const struct store_license *license, const struct store_limit *others,
			   size_t other_count)
{
	struct store_quota quotas[STORE_MAX_QUOTAS];
	size_t count;

	TRY(quota_list(quotas, &count, exchange_arena(x), license, others, other_count));
	TRY(store_quota_look(context->store, quotas, count));
	for (size_t i = 0; i < count; i++)
		json_push(list, describe_quota(exchange_arena(x), &quotas[i],
					       license ? license->model_name : S("")));
	return OK;
}

static enum err list_quotas(json_t *list, struct exchange *x, struct route_context *context)
{
	const uint8_t *person = authorize_principal(x)->person.id;
	static const uint8_t any_model[STORE_ID];
	struct store_license *licenses;
	struct store_limit *limits;
	int64_t now_ms = clock_now_ms();
	size_t count;

	TRY(store_license_list(context->store, exchange_arena(x), &licenses, &count, person,
			       any_model));
	for (size_t i = 0; i < count; i++)
		if (slice_equal(licenses[i].state, S("active")) && licenses[i].expires_ms > now_ms)
			TRY(add_quotas(list, x, context, &licenses[i], NULL, 0));
	TRY(store_limit_of_person(context->store, exchange_arena(x), &limits, &count, person));
	return add_quotas(list, x, context, NULL, limits, count);
}

void usage_list(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *limits = json_array_new();
	struct store_usage *usage;
	size_t count;
	json_t *answer;
	enum err result = store_usage_list(context->store, exchange_arena(x), &usage, &count,
					   authorize_principal(x)->person.id);

	if (result == OK)
		result = list_quotas(limits, x, context);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put(answer, "usage", describe_use(usage, count));
	json_put(answer, "limits", json_incref(limits));
	reply_json(x, 200, answer);
}
