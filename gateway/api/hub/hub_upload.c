/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way in, first half: a repository, its settings, and what will be sent how
 * (research/access-and-hub.md 1.8). Large files follow in hub_lfs.c.
 */
#include "crypto/base/clock.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/random.h"
#include "gateway/api/hub/hub.h"
#include "gateway/api/license/approvals.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/upload/commit.h"
#include "gateway/api/upload/pickles.h"
#include "policy/open_paths.h"
#include "schema/store/reference.h"

static const char *url_of(struct exchange *x, struct route_context *context, struct slice path)
{
	return arena_printf(exchange_arena(x), "%s/%.*s", context->api->settings->external_url,
			    SLICE_PRINT(path));
}

enum err hub_make_model(struct exchange *x, struct route_context *context, struct slice name,
			struct slice gate, bool hidden)
{
	const struct principal *who = authorize_principal(x);
	AUTO(store_end) struct store *store = context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct store_model model = {
		.name = name,
		.gate = gate,
		.open_paths = S(OPEN_PATHS_DEFAULT),
		.hidden = hidden,
		.created_ms = clock_now_ms(),
	};

	if (!principal_holds_on(who, RIGHT_MODELS_MANAGE, name))
		return failure(ERR_DENIED,
			       "you administer some models only, and %.*s is not among "
			       "them",
			       SLICE_PRINT(name));
	random_uuid(model.id, model.created_ms);
	audit_event_begin(&event, AUDIT_MODEL_CREATE, who->person.id, who->person.name);
	audit_event_text(&event, "model", name);
	audit_event_text(&event, "gate", model.gate);
	audit_event_json(&event, "open_paths", hub_describe_open_paths(model.open_paths));
	audit_event_flag(&event, "hidden", hidden);
	TRY(approvals_join(&event, x, context, NULL)); /* a model is not born open */
	TRY(store_begin(store));
	TRY(store_model_create(store, &model, who->person.id));
	return api_finish(x, context, &event);
}

/* With its url: huggingface_hub takes it from here where it was told exist_ok. */
static void reply_exists(struct exchange *x, struct route_context *context, struct slice name)
{
	json_t *answer = json_object_new();

	json_put_text(answer, "error", S("You already created this model repo"));
	json_put_text(answer, "url", slice_of_string(url_of(x, context, name)));
	json_put_text(answer, "name", name);
	exchange_header(x, "X-Error-Message", "You already created this model repo");
	reply_json(x, 409, answer);
}

void hub_create(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct slice name, organization, type;
	bool hidden;
	json_t *answer;
	enum err result;

	if (!body)
		return;
	if (json_get_text(&name, body, "name") != OK ||
	    json_get_text_or(&organization, body, "organization", S("")) != OK ||
	    json_get_text_or(&type, body, "type", S("model")) != OK ||
	    json_get_bool_or(&hidden, body, "private", false) != OK) {
		reply_failure(x, ERR_FORMAT);
		return;
	}
	if (!slice_equal(type, S("model"))) {
		reply_code(x, CODE_UNSUPPORTED, "only repositories of type \"model\" are kept here",
			   NULL);
		return;
	}
	if (organization.size)
		name = slice_of_string(arena_printf(exchange_arena(x), "%.*s/%.*s",
						    SLICE_PRINT(organization), SLICE_PRINT(name)));
	result = hub_make_model(x, context, name, S("manual"), hidden);
	if (result == ERR_CONFLICT)
		reply_exists(x, context, name);
	else if (result == ERR_FORMAT)
		reply_code(
			x, CODE_BAD_REQUEST,
			"a model's name is \"name\" or \"organization/name\", each 1 to 96 of "
			"A-Z a-z 0-9 . _ -, beginning with a letter or a digit, without \"..\" and "
			"\"--\"; the first is not api, c, log, upload or v1",
			"name");
	else if (result != OK)
		reply_failure(x, result);
	else {
		answer = json_object_new();
		json_put_text(answer, "url", slice_of_string(url_of(x, context, name)));
		json_put_text(answer, "name", name);
		reply_json(x, 200, answer);
	}
}

bool hub_refuses_pull_request(struct exchange *x)
{
	struct slice wanted = api_query(x, "create_pr");

	if (!slice_equal(wanted, S("1")) && !slice_equal_ignoring_case(wanted, S("true")))
		return false;
	reply_code(x, CODE_UNSUPPORTED,
		   "pull requests are not kept here; commit to a branch instead", NULL);
	return true;
}

static bool goes_by_lfs(struct slice path, int64_t size)
{
	return size > COMMIT_MAX_REGULAR || slice_ends_with(path, S(".safetensors")) ||
	       slice_ends_with(path, S(".gguf")) || slice_ends_with(path, S(".bin"));
}

/* What the branch holds now: a client need not send again what has the same digest. */
struct present {
	const struct store_model *model;
	struct store_file *files;
	size_t count;
};

static void put_present(json_t *one, struct arena *arena, const struct present *present,
			struct slice path)
{
	for (size_t i = 0; i < present->count; i++) {
		const struct store_file *f = &present->files[i];

		if (slice_equal(f->path, path))
			json_put_text(one, "oid",
				      slice_of_string(api_hex(
					      arena, f->is_large ? slice_of(f->sha256, STORE_SHA256)
								 : slice_of(f->git_sha1,
									    STORE_GIT_SHA1))));
	}
}

/* Small files travel in the commit, large ones by LFS. */
static enum err describe_file(json_t *list, struct arena *arena, const struct present *present,
			      const json_t *file)
{
	json_t *one = json_object_new();
	struct slice path;
	int64_t size;

	json_push(list, one);
	TRY(json_get_text(&path, file, "path"));
	TRY(json_get_int_or(&size, file, "size", 0));
	TRY(commit_check_path(path));
	TRY(pickles_check(present->model, path, false));
	json_put_text(one, "path", path);
	json_put_text(one, "uploadMode", goes_by_lfs(path, size) ? S("lfs") : S("regular"));
	json_put_bool(one, "shouldIgnore", false);
	put_present(one, arena, present, path);
	return OK;
}

static enum err find_present(struct present *out, struct exchange *x, struct route_context *context,
			     const struct store_model *model)
{
	struct slice branch = exchange_param(x, "revision"), revision;
	struct arena *arena = exchange_arena(x);
	enum err result = store_branch_find(context->store, arena, &revision, model->id, branch);

	*out = (struct present){.model = model};
	if (result == ERR_NOT_FOUND && slice_equal(branch, S("main")))
		return OK;
	TRY(result);
	return store_revision_files(context->store, arena, &out->files, &out->count, model->id,
				    revision);
}

static enum err describe_files(json_t *list, struct exchange *x, struct route_context *context,
			       const struct store_model *model, const json_t *body)
{
	struct present present;
	const json_t *files;

	TRY(find_present(&present, x, context, model));
	TRY(json_get_array(&files, body, "files"));
	for (size_t i = 0; i < json_array_size(files); i++)
		TRY(describe_file(list, exchange_arena(x), &present, json_array_get(files, i)));
	return OK;
}

void hub_preupload(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	AUTO(json_auto) json_t *list = json_array_new();
	struct store_model model;
	enum err result;

	if (!body || !hub_find_model(&model, x, context) || hub_refuses_pull_request(x))
		return;
	result = describe_files(list, x, context, &model, body);
	if (result == OK)
		reply_list(x, "files", json_incref(list));
	else if (result == ERR_NOT_FOUND)
		reply_hub(x, 404, "RevisionNotFound", failure_text());
	else
		reply_failure(x, result);
}
