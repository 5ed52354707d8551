/* SPDX-License-Identifier: Apache-2.0 */
/* Where a model's names point, and what led there: refs and commits. */
#include "crypto/json.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "schema/store/reference.h"

enum { COMMITS_PAGE = 100, COMMITS_MOST = 1000 };

static json_t *describe_reference(struct arena *arena, const char *kind, struct slice name,
				  struct slice revision)
{
	json_t *one = json_object_new();

	json_put_text(one, "name", name);
	json_put_text(
		one, "ref",
		slice_of_string(arena_printf(arena, "refs/%s/%.*s", kind, SLICE_PRINT(name))));
	json_put_text(one, "targetCommit", revision);
	return one;
}

void hub_refs(struct exchange *x, struct route_context *context)
{
	struct store_model model;
	struct store_branch *branches;
	struct store_tag *tags;
	size_t branch_count, tag_count;
	json_t *refs, *list;
	enum err result;

	if (!hub_find_model(&model, x, context))
		return;
	result = store_branch_list(context->store, exchange_arena(x), &branches, &branch_count,
				   model.id);
	if (result == OK)
		result = store_tag_list(context->store, exchange_arena(x), &tags, &tag_count,
					model.id);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	refs = json_object_new();
	list = json_array_new();
	for (size_t i = 0; i < branch_count; i++)
		json_push(list, describe_reference(exchange_arena(x), "heads", branches[i].name,
						   branches[i].revision));
	json_put(refs, "branches", list);
	list = json_array_new();
	for (size_t i = 0; i < tag_count; i++)
		json_push(list, describe_reference(exchange_arena(x), "tags", tags[i].name,
						   tags[i].revision));
	json_put(refs, "tags", list);
	json_put(refs, "converts", json_array_new());
	reply_json(x, 200, refs);
}

static json_t *describe(struct arena *arena, const struct store_commit *commit)
{
	json_t *one = hub_describe_commit(arena, commit);

	json_put_text(one, "message", S(""));
	json_put(one, "authors", json_array_new());
	return one;
}

static enum err read_question(struct store_history_question *q, struct exchange *x,
			      const struct store_model *model,
			      const struct store_revision *revision)
{
	struct page page;

	TRY(page_read(&page, exchange_arena(x), exchange_request(x)->query, COMMITS_PAGE,
		      COMMITS_MOST));
	*q = (struct store_history_question){
		.head = revision->id,
		.after = page.after,
		.limit = page.limit + 1, /* one more tells whether there is a next page */
	};
	memcpy(q->model, model->id, STORE_ID);
	return OK;
}

void hub_commits(struct exchange *x, struct route_context *context)
{
	struct store_history_question question;
	struct store_model model;
	struct store_revision revision;
	struct store_commit *commits;
	size_t count;
	uint64_t total;
	json_t *list;
	enum err result;

	if (!hub_find_model(&model, x, context) ||
	    !hub_find_revision(&revision, x, context, &model))
		return;
	result = read_question(&question, x, &model, &revision);
	if (result == OK)
		result = store_history(context->store, exchange_arena(x), &commits, &count, &total,
				       &question);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	if (count == question.limit)
		hub_link_next(x, context, commits[--count - 1].id);
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		json_push(list, describe(exchange_arena(x), &commits[i]));
	exchange_header(x, "X-Total-Count", "%llu", (unsigned long long)total);
	reply_json(x, 200, list);
}
