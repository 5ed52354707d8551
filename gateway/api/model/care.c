/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /api/v1/models, GET /api/v1/models/{ns}/{name}: models for those who keep them. All they
 * administer, empty and shredded ones too; of one its revisions, uploads that are under way, and
 * what rests on it, which is what ends if it is stopped or shredded.
 */
#include "crypto/base/clock.h"
#include "crypto/json.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/model/settings_version.h"
#include "gateway/api/page.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "policy/open_paths.h"
#include "schema/store/model_care.h"
#include "schema/store/revision.h"

enum { CARE_PAGE = 100, CARE_MOST = 1000 };

static json_t *split(struct slice list)
{
	json_t *out = json_array_new();
	bool more = list.size > 0;

	while (more) {
		struct slice one;

		more = slice_cut(list, ',', &one, &list);
		json_push_text(out, one);
	}
	return out;
}

/* Of main, as an engine has counted it; null: nobody has yet. */
static void put_memory(json_t *one, const struct store_care *c)
{
	json_t *need;

	if (!c->least_bytes) {
		json_put(one, "memory", json_null());
		return;
	}
	need = json_object_new();
	json_put_int(need, "least_bytes", c->least_bytes);
	json_put_int(need, "most_bytes", c->most_bytes);
	json_put(one, "memory", need);
}

static json_t *describe(struct arena *arena, const struct store_care *c)
{
	json_t *one = json_object_new();

	json_put_text(one, "model", c->name);
	json_put_text(one, "state", c->state);
	json_put_text(one, "state_reason", c->state_reason);
	json_put_text(one, "gate", c->gate);
	json_put_bool(one, "hidden", c->hidden);
	json_put_text(one, "created", slice_of_string(api_time(arena, c->created_ms)));
	json_put_text(one, "changed", slice_of_string(api_time(arena, c->changed_ms)));
	json_put_text(one, "main", c->main);
	json_put_int(one, "files", c->files);
	json_put_int(one, "bytes", c->bytes);
	json_put_bool(one, "runnable", c->runnable);
	json_put_text(one, "runnable_reason", c->runnable_reason);
	json_put(one, "tasks", split(c->tasks));
	json_put_text(one, "quantize", c->quantize);
	json_put_bool(one, "pinned", c->is_pinned);
	put_memory(one, c);
	json_put_int(one, "revisions", c->revisions);
	json_put_int(one, "licenses", c->licenses);
	json_put_int(one, "requests", c->requests);
	json_put_int(one, "adapters", c->adapters);
	json_put_int(one, "uploads", c->uploads);
	return one;
}

/* --- all of them -------------------------------------------------------------------------- */

static enum err read_question(struct store_care_question *q, struct exchange *x)
{
	struct page page;

	TRY(page_read(&page, exchange_arena(x), exchange_request(x)->query, CARE_PAGE, CARE_MOST));
	*q = (struct store_care_question){
		.search = api_query(x, "q"),
		.state = api_query(x, "state"),
		.after = page.after,
		.limit = page.limit + 1, /* one more tells whether there is a next page */
		.now_ms = clock_now_ms(),
	};
	if (!slice_is_utf8(q->search) || !slice_is_utf8(q->state))
		return failure(ERR_FORMAT, "\"q\" and \"state\" must be UTF-8");
	return OK;
}

void model_care_list(struct exchange *x, struct route_context *context)
{
	const struct principal *who = authorize_principal(x);
	struct store_care_question question;
	struct store_care *rows;
	size_t count;
	json_t *list;
	enum err result = read_question(&question, x);

	if (result == OK)
		result = store_care_list(context->store, exchange_arena(x), &rows, &count,
					 &question);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	if (count == question.limit)
		hub_link_next(x, context, rows[--count - 1].name);
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		if (principal_holds_on(who, RIGHT_MODELS_MANAGE, rows[i].name))
			json_push(list, describe(exchange_arena(x), &rows[i]));
	reply_list(x, "models", list);
}

/* --- one ---------------------------------------------------------------------------------- */

static json_t *describe_revision(struct arena *arena, const struct store_care_revision *r)
{
	json_t *one = json_object_new();

	json_put_text(one, "id", r->id);
	json_put_text(one, "parent", r->parent);
	json_put_text(one, "title", r->title);
	json_put_text(one, "made_by", r->made_by);
	json_put_text(one, "made", slice_of_string(api_time(arena, r->made_ms)));
	json_put_bool(one, "runnable", r->runnable);
	json_put_text(one, "runnable_reason", r->runnable_reason);
	json_put(one, "tasks", split(r->tasks));
	json_put_bool(one, "recalled", r->is_recalled);
	json_put_text(one, "manifest_sha256",
		      slice_of_string(api_hex(arena, slice_of(r->manifest_sha256, STORE_SHA256))));
	json_put_int(one, "files", r->files);
	json_put_int(one, "bytes", r->bytes);
	json_put(one, "names", split(r->names));
	return one;
}

static enum err put_revisions(json_t *answer, struct exchange *x, struct route_context *context,
			      const struct store_model *model)
{
	struct store_care_revision *rows;
	json_t *list = json_array_new();
	size_t count;

	json_put(answer, "history", list);
	TRY(store_care_revisions(context->store, exchange_arena(x), &rows, &count, model->id));
	for (size_t i = 0; i < count; i++)
		json_push(list, describe_revision(exchange_arena(x), &rows[i]));
	return OK;
}

static enum err put_uploads(json_t *answer, struct exchange *x, struct route_context *context,
			    const struct store_model *model)
{
	struct arena *arena = exchange_arena(x);
	struct store_care_upload *rows;
	json_t *list = json_array_new();
	size_t count;

	json_put(answer, "under_way", list);
	TRY(store_care_uploads(context->store, arena, &rows, &count, model->id));
	for (size_t i = 0; i < count; i++) {
		json_t *one = json_object_new();

		json_put_text(
			one, "sha256",
			slice_of_string(api_hex(arena, slice_of(rows[i].sha256, STORE_SHA256))));
		json_put_int(one, "size", rows[i].size);
		json_put_int(one, "came", rows[i].came);
		json_put_text(one, "begun_by", rows[i].begun_by);
		json_put_text(one, "begun", slice_of_string(api_time(arena, rows[i].begun_ms)));
		json_put_text(one, "touched", slice_of_string(api_time(arena, rows[i].touched_ms)));
		json_push(list, one);
	}
	return OK;
}

/* Which of main's files anyone may read: by the same function that decides it. */
static enum err put_files(json_t *answer, struct exchange *x, struct route_context *context,
			  const struct store_model *m)
{
	json_t *list = json_array_new();
	struct store_file *files;
	size_t count;

	json_put(answer, "files_of_main", list);
	if (m->main.size == 0)
		return OK;
	TRY(store_revision_files(context->store, exchange_arena(x), &files, &count, m->id,
				 m->main));
	for (size_t i = 0; i < count; i++) {
		json_t *one = json_object_new();
		struct slice pattern;

		json_put_text(one, "path", files[i].path);
		json_put_int(one, "size", (int64_t)files[i].size);
		json_put_bool(one, "weights", open_path_is_weights(files[i].path));
		json_put_bool(one, "open", open_paths_find(&pattern, m->open_paths, files[i].path));
		json_push(list, one);
	}
	return OK;
}

static void put_settings(json_t *answer, struct arena *arena, const struct store_model *m)
{
	json_put(answer, "open_paths", hub_describe_open_paths(m->open_paths));
	json_put_bool(answer, "allow_pickle", m->allow_pickle);
	json_put(answer, "terms_sha256",
		 m->has_terms ? json_string(api_hex(arena, slice_of(m->terms_sha256, STORE_SHA256)))
			      : json_null());
	json_put_text(answer, "settings_version", settings_version(arena, m));
}

void model_care_get(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct store_model model;
	struct store_care care;
	enum err result;

	if (!hub_find_model(&model, x, context))
		return;
	result = store_care_get(context->store, exchange_arena(x), &care, model.id, clock_now_ms());
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = describe(exchange_arena(x), &care);
	put_settings(answer, exchange_arena(x), &model);
	result = put_revisions(answer, x, context, &model);
	if (result == OK)
		result = put_files(answer, x, context, &model);
	if (result == OK)
		result = put_uploads(answer, x, context, &model);
	if (result == OK)
		reply_json(x, 200, json_incref(answer));
	else
		reply_failure(x, result);
}
