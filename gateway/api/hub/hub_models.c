/* SPDX-License-Identifier: Apache-2.0 */
/* GET /api/models: what there is to be asked for. Gated models are listed, as on the Hub; hidden
 * ones only for those they concern. */
#include "crypto/json.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/sight.h"

enum { MODELS_PAGE = 1000 };

static enum err read_question(struct store_models_question *q, struct exchange *x)
{
	const struct principal *who = authorize_principal(x);
	struct page page;

	TRY(page_read(&page, exchange_arena(x), exchange_request(x)->query, MODELS_PAGE,
		      MODELS_PAGE));
	*q = (struct store_models_question){
		.sees_hidden = sight_of_hidden(who),
		.search = api_query(x, "search"),
		.author = api_query(x, "author"),
		.after = page.after,
		.limit = page.limit + 1, /* one more tells whether there is a next page */
	};
	memcpy(q->person, who->person.id, STORE_ID);
	if (!slice_is_utf8(q->search) || !slice_is_utf8(q->author))
		return failure(ERR_FORMAT, "\"search\" and \"author\" must be UTF-8");
	return OK;
}

void hub_models(struct exchange *x, struct route_context *context)
{
	struct store_models_question question;
	struct store_model *models;
	size_t count;
	json_t *list;
	enum err result = read_question(&question, x);

	if (result == OK)
		result = store_model_page(context->store, exchange_arena(x), &models, &count,
					  &question);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	if (count == question.limit)
		hub_link_next(x, context, models[--count - 1].name);
	list = json_array_new();
	for (size_t i = 0; i < count; i++) {
		json_t *info = hub_describe_model(
			exchange_arena(x), context->api->settings->external_url, &models[i], NULL);

		json_put_text(info, "sha", models[i].main);
		json_push(list, info);
	}
	reply_json(x, 200, list);
}
