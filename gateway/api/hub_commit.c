/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way in, second half: a commit makes a revision. It is built out of sight: small files are
 * sealed, the whole is inserted as `binding` together with its model.commit entry, the keeper
 * binds each file's header to (model, revision, path), and one statement makes it visible. What a
 * crash leaves before that is seen by nobody.
 */
#include <stdlib.h>

#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "gateway/api/commit.h"
#include "gateway/api/hub.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/seal.h"
#include "gateway/api/slots.h"

/* A commit under way. Everything lives in the exchange's arena. */
struct committing {
	struct exchange *x;
	struct route_context *context;
	struct store_model model;
	struct store_revision parent; /* meaningful if has_parent */
	bool has_parent;
	struct commit commit;
	struct slice source;      /* where the files were fetched; "" for an upload */
	struct store_file *files; /* of the new revision; headers are those of the blobs */
	size_t count;
	char revision[COMMIT_REVISION];
	struct digest manifest;
	bool runnable;
	const char *runnable_reason;
	bool has_template;
};

static struct store_file *find_path(struct committing *c, struct slice path)
{
	for (size_t i = 0; i < c->count; i++)
		if (slice_equal(c->files[i].path, path))
			return &c->files[i];
	return NULL;
}

static void remove_file(struct committing *c, struct store_file *file)
{
	*file = c->files[--c->count];
}

static void remove_folder(struct committing *c, struct slice folder)
{
	for (size_t i = c->count; i-- > 0;) {
		struct slice path = c->files[i].path;

		if (slice_starts_with(path, folder) && path.size > folder.size &&
		    path.data[folder.size] == '/')
			remove_file(c, &c->files[i]);
	}
}

static enum err put_file(struct committing *c, struct slice path, const struct store_blob *blob,
			 bool is_large)
{
	struct store_file *file = find_path(c, path);

	if (!file) {
		if (c->count == COMMIT_MAX_FILES)
			return failure(ERR_LIMIT, "a revision has at most %d files",
				       COMMIT_MAX_FILES);
		file = &c->files[c->count++];
	}
	*file = (struct store_file){
		.path = path, .size = blob->size, .is_large = is_large, .header = blob->header};
	memcpy(file->blob, blob->id, STORE_ID);
	memcpy(file->sha256, blob->sha256, sizeof file->sha256);
	memcpy(file->git_sha1, blob->git_sha1, sizeof file->git_sha1);
	return OK;
}

/* An uploaded large file: it must be there, whole, under the digest the commit names. */
static enum err find_large(struct committing *c, const struct commit_operation *o,
			   struct store_blob *blob)
{
	enum err result = store_blob_by_sha256(c->context->store, exchange_arena(c->x), blob,
					       c->model.id, o->sha256.bytes);

	if (result == ERR_NOT_FOUND)
		return failure(ERR_FORMAT, "file \"%.*s\": its content was not uploaded",
			       SLICE_PRINT(o->path));
	TRY(result);
	if (o->size && blob->size != o->size)
		return failure(ERR_FORMAT,
			       "file \"%.*s\": %llu bytes were uploaded, the commit says %llu",
			       SLICE_PRINT(o->path), (unsigned long long)blob->size,
			       (unsigned long long)o->size);
	return OK;
}

static enum err apply(struct committing *c, const struct commit_operation *o)
{
	struct store_blob blob;
	struct store_file *file;

	switch (o->kind) {
	case COMMIT_REGULAR:
		TRY(seal_bytes(&blob, c->x, c->context, c->model.id, o->content));
		if (o->git_sha1 && memcmp(o->git_sha1, blob.git_sha1, sizeof blob.git_sha1) != 0)
			return failure(ERR_FORMAT,
				       "file \"%.*s\": its content does not have the hash that "
				       "was announced",
				       SLICE_PRINT(o->path));
		return put_file(c, o->path, &blob, false);
	case COMMIT_LARGE:
		TRY(find_large(c, o, &blob));
		return put_file(c, o->path, &blob, true);
	case COMMIT_DELETE:
		file = find_path(c, o->path);
		if (!file)
			return failure(ERR_FORMAT, "file \"%.*s\" is not there to be deleted",
				       SLICE_PRINT(o->path));
		remove_file(c, file);
		return OK;
	case COMMIT_DELETE_FOLDER:
		remove_folder(c, o->path);
		return OK;
	}
	return failure(ERR_INTERNAL, "commit: unknown operation");
}

/* The parent's files, with the headers it has bound: the keeper binds each anew to the revision. */
static enum err start_from_parent(struct committing *c)
{
	struct store_file *files;
	size_t count;
	enum err result = store_revision_get(c->context->store, exchange_arena(c->x), &c->parent,
					     c->model.id, S("main"));

	c->files = arena_alloc(exchange_arena(c->x), COMMIT_MAX_FILES * sizeof *c->files);
	if (result == ERR_NOT_FOUND)
		return OK;
	TRY(result);
	c->has_parent = true;
	if (c->commit.parent.size && !slice_equal(c->commit.parent, c->parent.id))
		return failure(ERR_CONFLICT,
			       "main has moved on to %.*s; look at it and commit again",
			       SLICE_PRINT(c->parent.id));
	TRY(store_revision_files(c->context->store, exchange_arena(c->x), &files, &count,
				 c->model.id, c->parent.id));
	for (c->count = 0; c->count < count && c->count < COMMIT_MAX_FILES; c->count++)
		c->files[c->count] = files[c->count];
	return OK;
}

/* Can the engine run it? What it says of config.json stands with the revision. */
static enum err check_runnable(struct committing *c)
{
	struct store_file *config = find_path(c, S("config.json"));
	const struct commit_operation *sent = NULL;
	enum err result;

	c->runnable_reason = "there is no config.json";
	for (size_t i = 0; i < c->commit.count; i++)
		if (slice_equal(c->commit.operations[i].path, S("config.json")))
			sent = &c->commit.operations[i];
	if (!config)
		return OK;
	if (!sent) {
		c->runnable = c->parent.runnable;
		c->runnable_reason = arena_string(exchange_arena(c->x), c->parent.runnable_reason);
		return OK;
	}
	c->runnable_reason = "config.json was sent as a large file, which is not looked into";
	if (sent->kind != COMMIT_REGULAR)
		return OK;
	result = slots_check(c->context->api, sent->content);
	c->runnable = result == OK;
	c->runnable_reason = "";
	if (result == ERR_UNSUPPORTED || result == ERR_FORMAT || result == ERR_LIMIT)
		c->runnable_reason = arena_string(exchange_arena(c->x),
						  slice_of_string(failure_text()));
	else
		TRY(result);
	return OK;
}

/* Does tokenizer_config.json bring a chat_template, or a file of that name come along? */
static void look_for_template(struct committing *c)
{
	c->has_template = c->parent.has_template;
	for (size_t i = 0; i < c->commit.count; i++) {
		const struct commit_operation *o = &c->commit.operations[i];
		AUTO(json_auto) json_t *json = NULL;

		if (!slice_equal(o->path, S("tokenizer_config.json")) || o->kind != COMMIT_REGULAR)
			continue;
		c->has_template = json_read(&json, o->content, COMMIT_MAX_REGULAR) == OK &&
				  json_has(json, "chat_template");
	}
	if (find_path(c, S("chat_template.jinja")))
		c->has_template = true;
}

static enum err name_revision(struct committing *c, int64_t now_ms)
{
	AUTO(buf_free) struct buf manifest = buf_new(1024 * 1024);
	struct commit_file *list = arena_alloc(exchange_arena(c->x), (c->count + 1) * sizeof *list);

	for (size_t i = 0; i < c->count; i++) {
		list[i] = (struct commit_file){.path = c->files[i].path, .size = c->files[i].size};
		memcpy(list[i].sha256.bytes, c->files[i].sha256, DIGEST_SIZE);
	}
	TRY(commit_write_manifest(&manifest, list, c->count));
	c->manifest = digest_of(buf_slice(&manifest));
	commit_revision(c->revision, &c->manifest, c->parent.id, c->model.name, now_ms,
			c->commit.summary);
	return OK;
}

static json_t *list_files(struct committing *c)
{
	json_t *list = json_array_new();

	for (size_t i = 0; i < c->count; i++) {
		json_t *one = json_object_new();

		json_put_text(one, "path", c->files[i].path);
		json_put_int(one, "size", (int64_t)c->files[i].size);
		json_put_text(one, "sha256",
			      slice_of_string(api_hex(exchange_arena(c->x),
						      slice_of(c->files[i].sha256, 32))));
		json_push(list, one);
	}
	return list;
}

/* The revision, out of sight, and its entry; *event gets the entry's id. */
static enum err insert_revision(struct committing *c, uint8_t event_id[WIRE_ID], int64_t now_ms)
{
	const struct principal *who = authorize_principal(c->x);
	AUTO(store_end) struct store *store = c->context->store;
	AUTO(audit_event_clear) struct audit_event event = {0};
	struct slice title = c->commit.summary.size ? slice_part(c->commit.summary, 0, 400)
						    : S("commit");
	struct store_revision row = {
		.id = slice_of_string(c->revision),
		.parent = c->parent.id,
		.title = slice_is_utf8(title) ? title : S("commit"),
		.runnable = c->runnable,
		.runnable_reason = slice_part(slice_of_string(c->runnable_reason), 0, 500),
		.has_template = c->has_template,
		.created_ms = now_ms,
	};
	struct store_file *unbound = arena_alloc(exchange_arena(c->x),
						 c->count * sizeof *unbound + 1);

	memcpy(row.model, c->model.id, STORE_ID);
	memcpy(row.manifest_sha256, c->manifest.bytes, DIGEST_SIZE);
	for (size_t i = 0; i < c->count; i++) {
		unbound[i] = c->files[i];
		unbound[i].header = S("");
	}
	audit_event_begin(&event, AUDIT_MODEL_COMMIT, who->person.id, who->person.name);
	audit_event_text(&event, "model", c->model.name);
	audit_event_text(&event, "revision", row.id);
	audit_event_flag(&event, "serve", c->runnable);
	audit_event_text(&event, "gate", c->model.gate);
	audit_event_hex(&event, "manifest_sha256", slice_of(c->manifest.bytes, DIGEST_SIZE));
	audit_event_json(&event, "files", list_files(c));
	if (c->source.size)
		audit_event_text(&event, "source", c->source);
	TRY(store_begin(store));
	TRY(store_revision_create(store, &row, who->person.id, unbound, c->count));
	TRY(api_log(store, &event));
	TRY(store_commit(store));
	memcpy(event_id, event.id, WIRE_ID);
	return api_publish(c->context->api, event.id);
}

static enum err bind_file(struct committing *c, const uint8_t event[WIRE_ID],
			  struct store_file *file)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);
	struct wire_key_bind ask = {.model = c->model.name,
				    .revision = slice_of_string(c->revision),
				    .path = file->path,
				    .header = file->header};
	struct wire_key_bound bound;

	memcpy(ask.event, event, WIRE_ID);
	memcpy(ask.sha256, file->sha256, WIRE_DIGEST);
	wire_write_key_bind(&body, &ask);
	TRY(buf_done(&body));
	TRY(api_ask_keeper(&reply, c->context->api, WIRE_KEY_BIND, buf_slice(&body)));
	TRY(wire_read_key_bound(&bound, buf_slice(&reply.body)));
	file->header = arena_copy(exchange_arena(c->x), bound.header);
	return OK;
}

static enum err make_visible(struct committing *c, int64_t now_ms)
{
	AUTO(store_end) struct store *store = c->context->store;
	struct slice revision = slice_of_string(c->revision);

	TRY(store_begin(store));
	TRY(store_revision_set_headers(store, c->model.id, revision, c->files, c->count));
	TRY(store_revision_ready(store, c->model.id, revision, S("main"), now_ms));
	TRY(store_commit(store));
	facts_touch(c->context->api->facts); /* an import answers before it is done */
	return OK;
}

/* The revision stands in the database: bind it and show it, or take it back. */
static enum err finish(struct committing *c, const uint8_t event[WIRE_ID], int64_t now_ms)
{
	enum err result = OK;

	for (size_t i = 0; i < c->count && result == OK; i++)
		result = bind_file(c, event, &c->files[i]);
	if (result == OK)
		result = make_visible(c, now_ms);
	if (result == OK)
		return OK;
	const char *why = arena_string(exchange_arena(c->x), slice_of_string(failure_text()));

	if (store_revision_drop(c->context->store, c->model.id, slice_of_string(c->revision)) != OK)
		log_warn("revision.left", "reason=\"%s\"", failure_text()); /* the sweep finds it */
	return failure(result, "%s", why);
}

static enum err run(struct committing *c)
{
	int64_t now_ms = clock_now_ms();
	uint8_t event[WIRE_ID];

	TRY(start_from_parent(c));
	for (size_t i = 0; i < c->commit.count; i++)
		TRY(apply(c, &c->commit.operations[i]));
	if (c->count == 0)
		return failure(ERR_FORMAT, "a revision without files cannot be made");
	TRY(check_runnable(c));
	look_for_template(c);
	TRY(name_revision(c, now_ms));
	TRY(insert_revision(c, event, now_ms));
	return finish(c, event, now_ms);
}

enum err hub_make_revision(struct hub_revision_made *out, struct exchange *x,
			   struct route_context *context, const struct store_model *model,
			   const struct commit *commit, struct slice source)
{
	struct committing *c = arena_alloc(exchange_arena(x), sizeof *c);

	*c = (struct committing){
		.x = x, .context = context, .model = *model, .commit = *commit, .source = source};
	TRY(run(c));
	out->revision = c->revision;
	out->notes = c->runnable ? ""
				 : arena_printf(exchange_arena(x), "download only: %s",
						c->runnable_reason);
	return OK;
}

void hub_commit(struct exchange *x, struct route_context *context)
{
	struct slice branch = exchange_param(x, "revision");
	struct hub_revision_made made;
	struct store_model model;
	struct commit commit;
	json_t *answer;
	enum err result;

	if (!hub_find_model(&model, x, context))
		return;
	if (!slice_equal(branch, S("main"))) {
		reply_hub(x, 404, "RevisionNotFound", "only the branch main takes commits");
		return;
	}
	if (!slice_equal(model.state, S("active"))) {
		reply_code(x, CODE_MODEL_DISABLED, NULL, NULL);
		return;
	}
	result = commit_parse(&commit, exchange_arena(x), exchange_body(x));
	if (result == OK)
		result = hub_make_revision(&made, x, context, &model, &commit, S(""));
	if (result != OK) {
		reply_failure(x, result);
		return;
	}
	answer = json_object_new();
	json_put_bool(answer, "success", true);
	json_put_text(answer, "commitOid", slice_of_string(made.revision));
	json_put_text(answer, "commitUrl",
		      slice_of_string(arena_printf(exchange_arena(x), "%s/%.*s/commit/%s",
						   context->api->settings->external_url,
						   SLICE_PRINT(model.name), made.revision)));
	json_put_text(answer, "hookOutput", slice_of_string(made.notes));
	reply_json(x, 200, answer);
}
