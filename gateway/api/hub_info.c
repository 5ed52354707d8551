/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What there is: models, revisions, trees, in the Hub's own words (research/access-and-hub.md
 * 1.3, 1.4, 1.6). Listings are public, as gated repositories are on the Hub; content is not.
 */
#include "crypto/json.h"
#include "gateway/api/hub.h"
#include "gateway/api/recall.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"

struct slice hub_model_name(struct exchange *x)
{
	struct slice ns = exchange_param(x, "ns"), name = exchange_param(x, "name");
	uint8_t *whole;

	if (slice_ends_with(name, S(".git"))) /* LFS addresses name the repository so */
		name.size -= sizeof ".git" - 1;
	if (ns.size == 0)
		return name;
	whole = arena_alloc(exchange_arena(x), ns.size + 1 + name.size);
	memcpy(whole, ns.data, ns.size);
	whole[ns.size] = '/';
	if (name.size)
		memcpy(whole + ns.size + 1, name.data, name.size);
	return slice_of(whole, ns.size + 1 + name.size);
}

static void reply_no_repository(struct exchange *x, struct slice name)
{
	reply_hub(x, authorize_principal(x)->authenticated ? 404 : 401, "RepoNotFound",
		  arena_printf(exchange_arena(x), "Repository %.*s not found", SLICE_PRINT(name)));
}

bool hub_find_model(struct store_model *out, struct exchange *x, struct route_context *context)
{
	struct slice name = hub_model_name(x);
	enum err result = store_model_get(context->store, exchange_arena(x), out, name);

	if (result == ERR_NOT_FOUND)
		reply_no_repository(x, name);
	else if (result != OK)
		reply_failure(x, result);
	return result == OK;
}

bool hub_find_revision(struct store_revision *out, struct exchange *x,
		       struct route_context *context, const struct store_model *model)
{
	struct slice wanted = exchange_param(x, "revision");
	enum err result;

	if (wanted.size == 0 || slice_equal(wanted, S("HEAD")))
		wanted = S("main");
	result = store_revision_get(context->store, exchange_arena(x), out, model->id, wanted);
	if (result == ERR_NOT_FOUND)
		reply_hub(x, 404, "RevisionNotFound",
			  arena_printf(exchange_arena(x), "Revision %.*s not found",
				       SLICE_PRINT(wanted)));
	else if (result != OK)
		reply_failure(x, result);
	return result == OK;
}

bool hub_may_read(struct exchange *x, struct route_context *context, struct slice model)
{
	struct grant grant;

	return authorize_weigh(&grant, x, context, RIGHT_WEIGHTS_READ, model, S(""), S("")) == OK &&
	       grant.decision.allow;
}

json_t *hub_describe_file(struct arena *arena, const struct store_file *file, bool masked)
{
	static const char mask[] =
		"****************************************************************";
	json_t *entry = json_object_new();

	json_put_text(entry, "type", S("file"));
	json_put_text(
		entry, "oid",
		slice_of_string(masked ? mask + 24
				       : api_hex(arena, slice_of(file->git_sha1, STORE_GIT_SHA1))));
	json_put_int(entry, "size", (int64_t)file->size);
	json_put_text(entry, "path", file->path);
	if (file->is_large) {
		json_t *lfs = json_object_new();

		json_put_text(lfs, "oid",
			      slice_of_string(masked ? mask
						     : api_hex(arena, slice_of(file->sha256, 32))));
		json_put_int(lfs, "size", (int64_t)file->size);
		json_put_int(lfs, "pointerSize", 134);
		json_put(entry, "lfs", lfs);
	}
	return entry;
}

/* The Hub knows false, "auto" and "manual"; what is open to any signed-in person is not gated
 * in its words. */
static json_t *gated_of(const struct store_model *m)
{
	if (slice_equal(m->gate, S("manual")) || slice_equal(m->gate, S("auto")))
		return json_stringn((const char *)m->gate.data, m->gate.size);
	return json_false();
}

/* What the Hub has no word for. */
static json_t *own_part(struct arena *arena, const struct store_model *m, bool runnable,
			struct slice reason, const uint8_t manifest[32])
{
	json_t *own = json_object_new();

	json_put_text(own, "state", m->state);
	json_put_text(own, "gate", m->gate);
	if (m->has_terms)
		json_put_text(
			own, "terms_sha256",
			slice_of_string(api_hex(arena, slice_of(m->terms_sha256, STORE_SHA256))));
	else
		json_put(own, "terms_sha256", json_null());
	json_put_bool(own, "inference", runnable);
	if (reason.size)
		json_put_text(own, "inference_reason", reason);
	else
		json_put(own, "inference_reason", json_null());
	json_put_text(own, "manifest_sha256",
		      slice_of_string(api_hex(arena, slice_of(manifest, 32))));
	return own;
}

static json_t *describe_model(struct arena *arena, const struct store_model *m)
{
	json_t *info = json_object_new();
	json_t *card = json_object_new();

	json_put_text(info, "_id", slice_of_string(api_hex(arena, slice_of(m->id, 12))));
	json_put_text(info, "id", m->name);
	json_put_text(info, "modelId", m->name);
	json_put_bool(info, "private", false);
	json_put(info, "gated", gated_of(m));
	json_put_bool(info, "disabled", !slice_equal(m->state, S("active")));
	json_put_int(info, "downloads", 0);
	json_put_int(info, "likes", 0);
	json_put(info, "tags", json_array_new());
	json_put_text(info, "pipeline_tag", S("text-generation"));
	json_put_text(info, "library_name", S("transformers"));
	json_put_text(info, "createdAt", slice_of_string(api_time(arena, m->created_ms)));
	json_put_text(info, "lastModified", slice_of_string(api_time(arena, m->changed_ms)));
	json_put_text(card, "license", S("other"));
	json_put(info, "cardData", card);
	return info;
}

/* The answer follows from the database alone, unless digests are asked for: then from the license
 * too, and so from the time. */
static struct facts_topic model_topic(struct exchange *x)
{
	return (struct facts_topic){.route = S("model"),
				    .person = authorize_principal(x)->person.id,
				    .model = hub_model_name(x),
				    .revision = exchange_param(x, "revision")};
}

static void reply_model(struct exchange *x, struct route_context *context,
			const struct store_model *m, const struct store_revision *r)
{
	const struct facts_topic topic = model_topic(x);
	struct arena *arena = exchange_arena(x);
	struct store_file *files;
	size_t count;
	json_t *info, *siblings;
	enum err result = store_revision_files(context->store, arena, &files, &count, m->id, r->id);
	bool blobs = slice_equal(api_query(x, "blobs"), S("true"));
	bool masked = blobs && !hub_may_read(x, context, m->name);

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	info = describe_model(arena, m);
	siblings = json_array_new();
	json_put_text(info, "sha", r->id);
	for (size_t i = 0; i < count; i++) {
		json_t *one = blobs ? hub_describe_file(arena, &files[i], masked)
				    : json_object_new();

		json_put_text(one, "rfilename", files[i].path);
		json_push(siblings, one);
	}
	json_put(info, "siblings", siblings);
	json_put(info, "sallyport",
		 own_part(arena, m, r->runnable, r->runnable_reason, r->manifest_sha256));
	if (exchange_request(x)->query.size) {
		exchange_header(x, "X-Repo-Commit", "%.*s", SLICE_PRINT(r->id));
		reply_json(x, 200, info);
		return;
	}
	remember_answer(x, context, &topic, r->id, info);
}

/* True: it was known, and is answered. */
static bool recall_model(struct exchange *x, struct route_context *context)
{
	const struct facts_topic topic = model_topic(x);

	if (exchange_request(x)->query.size) {
		exchange_may_wait(x);
		return false;
	}
	return recall_answer(x, context, &topic);
}

void hub_model(struct exchange *x, struct route_context *context)
{
	struct store_model model;
	struct store_revision revision;

	if (recall_model(x, context))
		return;
	if (!hub_find_model(&model, x, context))
		return;
	if (model.main.size == 0) { /* created, and nothing committed yet */
		json_t *info = describe_model(exchange_arena(x), &model);

		json_put(info, "siblings", json_array_new());
		json_put(info, "sallyport",
			 own_part(exchange_arena(x), &model, false, S("no revision yet"),
				  model.manifest_sha256));
		reply_json(x, 200, info);
		return;
	}
	if (hub_find_revision(&revision, x, context, &model))
		reply_model(x, context, &model, &revision);
}

void hub_revision(struct exchange *x, struct route_context *context)
{
	struct store_model model;
	struct store_revision revision;

	if (recall_model(x, context))
		return;
	if (hub_find_model(&model, x, context) && hub_find_revision(&revision, x, context, &model))
		reply_model(x, context, &model, &revision);
}

void hub_models(struct exchange *x, struct route_context *context)
{
	struct store_model *models;
	size_t count;
	json_t *list;
	enum err result = store_model_list_all(context->store, exchange_arena(x), &models, &count);

	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++) {
		json_t *info;

		if (models[i].main.size == 0 || slice_equal(models[i].state, S("shredded")))
			continue;
		info = describe_model(exchange_arena(x), &models[i]);
		json_put_text(info, "sha", models[i].main);
		json_put(info, "sallyport",
			 own_part(exchange_arena(x), &models[i], models[i].runnable,
				  models[i].runnable_reason, models[i].manifest_sha256));
		json_push(list, info);
	}
	reply_json(x, 200, list);
}

/* Is the file right below `folder` ("" is the root)? *child gets the name there, and whether it
 * is a folder itself. */
static bool below(struct slice path, struct slice folder, struct slice *child, bool *is_folder)
{
	struct slice rest = path, tail;

	if (folder.size) {
		if (!slice_starts_with(path, folder) || path.size <= folder.size ||
		    path.data[folder.size] != '/')
			return false;
		rest = slice_part(path, folder.size + 1, path.size);
	}
	*is_folder = slice_cut(rest, '/', child, &tail);
	*child = slice_of(path.data, path.size - rest.size + child->size);
	return true;
}

static json_t *describe_folder(struct slice path)
{
	json_t *entry = json_object_new();

	json_put_text(entry, "type", S("directory"));
	json_put_text(entry, "oid", S("0000000000000000000000000000000000000000"));
	json_put_int(entry, "size", 0);
	json_put_text(entry, "path", path);
	return entry;
}

static json_t *list_tree(struct arena *arena, const struct store_file *files, size_t count,
			 struct slice folder, bool recursive, bool masked)
{
	json_t *list = json_array_new();
	struct slice last = S("");

	for (size_t i = 0; i < count; i++) {
		struct slice child;
		bool is_folder;

		if (!below(files[i].path, folder, &child, &is_folder))
			continue;
		if (recursive || !is_folder)
			json_push(list, hub_describe_file(arena, &files[i], masked));
		else if (!slice_equal(child, last)) /* files come in path order */
			json_push(list, describe_folder(child));
		last = child;
	}
	return list;
}

void hub_tree(struct exchange *x, struct route_context *context)
{
	struct arena *arena = exchange_arena(x);
	struct slice folder = exchange_param(x, "path");
	struct slice recursive = api_query(x, "recursive");
	struct store_model model;
	struct store_revision revision;
	struct store_file *files;
	size_t count;
	json_t *list;

	if (!hub_find_model(&model, x, context) ||
	    !hub_find_revision(&revision, x, context, &model))
		return;
	if (store_revision_files(context->store, arena, &files, &count, model.id, revision.id) !=
	    OK) {
		reply_failure(x, ERR_UNAVAILABLE);
		return;
	}
	list = list_tree(arena, files, count, folder,
			 slice_equal_ignoring_case(recursive, S("true")) ||
				 slice_equal(recursive, S("1")),
			 !hub_may_read(x, context, model.name));
	exchange_header(x, "X-Repo-Commit", "%.*s", SLICE_PRINT(revision.id));
	/* Python's transformers asks for this folder at every start; an empty list is what all
	 * versions understand (research 1.4). */
	if (json_array_size(list) == 0 && folder.size &&
	    !slice_equal(folder, S("additional_chat_templates"))) {
		json_free(list);
		reply_hub(x, 404, "EntryNotFound",
			  arena_printf(arena, "%.*s does not exist", SLICE_PRINT(folder)));
		return;
	}
	reply_json(x, 200, list);
}

/* The paths asked for: JSON {"paths":[...]} from JavaScript, a form with paths=... from Python. */
static bool is_wanted(const json_t *paths, struct slice path)
{
	for (size_t i = 0; i < json_array_size(paths); i++) {
		struct slice one;

		if (json_text_at(&one, paths, i) == OK && slice_equal(one, path))
			return true;
	}
	return false;
}

void hub_paths_info(struct exchange *x, struct route_context *context)
{
	struct arena *arena = exchange_arena(x);
	struct store_model model;
	struct store_revision revision;
	struct store_file *files;
	size_t count;
	const json_t *paths;
	json_t *list;
	AUTO(json_auto) json_t *body = NULL;

	if (!hub_find_model(&model, x, context) ||
	    !hub_find_revision(&revision, x, context, &model))
		return;
	body = api_body(x);
	if (!body)
		return;
	if (json_get_array(&paths, body, "paths") != OK) {
		reply_failure(x, ERR_FORMAT);
		return;
	}
	if (store_revision_files(context->store, arena, &files, &count, model.id, revision.id) !=
	    OK) {
		reply_failure(x, ERR_UNAVAILABLE);
		return;
	}
	bool masked = !hub_may_read(x, context, model.name);
	list = json_array_new();
	for (size_t i = 0; i < count; i++)
		if (is_wanted(paths, files[i].path))
			json_push(list, hub_describe_file(arena, &files[i], masked));
	reply_json(x, 200, list);
}

void hub_refs(struct exchange *x, struct route_context *context)
{
	struct store_model model;
	struct store_branch *branches;
	size_t count;
	json_t *refs, *list;
	enum err result;

	if (!hub_find_model(&model, x, context))
		return;
	result = store_branch_list(context->store, exchange_arena(x), &branches, &count, model.id);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++) {
		json_t *one = json_object_new();

		json_put_text(one, "name", branches[i].name);
		json_put_text(one, "ref",
			      slice_of_string(arena_printf(exchange_arena(x), "refs/heads/%.*s",
							   SLICE_PRINT(branches[i].name))));
		json_put_text(one, "targetCommit", branches[i].revision);
		json_push(list, one);
	}
	refs = json_object_new();
	json_put(refs, "branches", list);
	json_put(refs, "tags", json_array_new());
	json_put(refs, "converts", json_array_new());
	reply_json(x, 200, refs);
}

void hub_commits(struct exchange *x, struct route_context *context)
{
	struct store_model model;
	struct store_revision *revisions;
	size_t count;
	json_t *list;
	enum err result;

	if (!hub_find_model(&model, x, context))
		return;
	result = store_revision_list(context->store, exchange_arena(x), &revisions, &count,
				     model.id);
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	list = json_array_new();
	for (size_t i = 0; i < count; i++) {
		json_t *one = json_object_new();

		json_put_text(one, "id", revisions[i].id);
		json_put_text(one, "title", revisions[i].title);
		json_put_text(one, "message", S(""));
		json_put_text(
			one, "date",
			slice_of_string(api_time(exchange_arena(x), revisions[i].created_ms)));
		json_put(one, "authors", json_array_new());
		json_push(list, one);
	}
	exchange_header(x, "X-Total-Count", "%zu", count);
	reply_json(x, 200, list);
}

void hub_whoami(struct exchange *x, struct route_context *context)
{
	const struct store_person *p = &authorize_principal(x)->person;
	struct arena *arena = exchange_arena(x);
	const struct facts_topic topic = {.route = S("whoami"), .person = p->id};
	json_t *who, *auth, *token;

	if (!authorize_person(x) || recall_answer(x, context, &topic))
		return;
	who = json_object_new();
	auth = json_object_new();
	token = json_object_new();
	json_put_text(token, "displayName", S("sallyport"));
	json_put_text(token, "role", S("write"));
	json_put_text(token, "createdAt", slice_of_string(api_time(arena, p->created_ms)));
	json_put_text(auth, "type", S("access_token"));
	json_put(auth, "accessToken", token);
	json_put_text(who, "type", S("user"));
	json_put_text(who, "id", slice_of_string(api_uuid(arena, p->id)));
	json_put_text(who, "name", p->name);
	json_put_text(who, "fullname", p->name);
	json_put_text(who, "email", p->email);
	json_put_bool(who, "emailVerified", false);
	json_put_bool(who, "canPay", false);
	json_put(who, "periodEnd", json_null());
	json_put_bool(who, "isPro", false);
	json_put_text(who, "avatarUrl", S(""));
	json_put(who, "orgs", json_array_new());
	json_put_text(who, "offices", p->offices);
	json_put(who, "auth", auth);
	remember_answer(x, context, &topic, S(""), who);
}

void hub_auth_check(struct exchange *x, struct route_context *context)
{
	if (authorize_model(x, context, RIGHT_WEIGHTS_READ, hub_model_name(x), S(""), S("")))
		reply_json(x, 200, json_object_new());
}
