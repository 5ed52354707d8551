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
#include "gateway/api/hub/hub.h"
#include "gateway/api/hub/hub_runnable.h"
#include "gateway/api/model/form.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/slots/slots.h"
#include "gateway/api/upload/commit.h"
#include "gateway/api/upload/pickles.h"
#include "gateway/api/upload/seal.h"
#include "schema/store/reference.h"

/* A commit under way. Everything lives in the exchange's arena. */
struct committing {
	struct exchange *x;
	struct route_context *context;
	struct store_model model;
	struct store_revision parent; /* meaningful if has_parent */
	bool has_parent;
	struct commit commit;
	struct slice branch;      /* it moves */
	struct slice source;      /* where the files were fetched; "" for an upload */
	struct store_file *files; /* of the new revision; headers are those of the blobs */
	size_t count;
	struct store_file *before; /* of the parent */
	size_t before_count;
	bool is_behind; /* the branch is not where the client thinks */
	char revision[COMMIT_REVISION];
	struct digest manifest;
	struct runnable engine; /* what an engine says of it */
	struct form_of_commit form;
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

/* The same bytes under the same name: there is nothing to seal. */
static bool is_there_already(struct committing *c, const struct commit_operation *o)
{
	const struct store_file *file = find_path(c, o->path);
	struct digest digest = digest_of(o->content);

	return file && !file->is_large && file->size == o->content.size &&
	       memcmp(file->sha256, digest.bytes, DIGEST_SIZE) == 0;
}

/* A new file, or other bytes than the revision before has under the name. */
static enum err take_file(struct committing *c, const struct commit_operation *o,
			  const struct store_blob *blob, bool is_large)
{
	const struct store_file *file = find_path(c, o->path);

	if (!file || memcmp(file->sha256, blob->sha256, DIGEST_SIZE) != 0)
		TRY(pickles_check(&c->model, o->path, blob->is_pickle));
	return put_file(c, o->path, blob, is_large);
}

static enum err apply(struct committing *c, const struct commit_operation *o)
{
	struct store_blob blob;
	struct store_file *file;

	switch (o->kind) {
	case COMMIT_REGULAR:
		if (is_there_already(c, o))
			return OK;
		TRY(seal_bytes(&blob, c->x, c->context, c->model.id, o->content));
		if (o->git_sha1 && memcmp(o->git_sha1, blob.git_sha1, sizeof blob.git_sha1) != 0)
			return failure(ERR_FORMAT,
				       "file \"%.*s\": its content does not have the hash that "
				       "was announced",
				       SLICE_PRINT(o->path));
		return take_file(c, o, &blob, false);
	case COMMIT_LARGE:
		TRY(find_large(c, o, &blob));
		return take_file(c, o, &blob, true);
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

/* The branch is elsewhere than the client thinks; the words are the Hub's, clients look for them.
 */
static enum err is_behind(struct committing *c)
{
	c->is_behind = true;
	return failure(
		ERR_CONFLICT,
		"A commit has happened since. Please refresh and try again. (%.*s is at %.*s)",
		SLICE_PRINT(c->branch),
		SLICE_PRINT(c->has_parent ? c->parent.id : S("no commit yet")));
}

/* Only a branch takes commits; main is made by its first. */
static enum err find_parent(struct committing *c)
{
	struct arena *arena = exchange_arena(c->x);
	struct slice revision;
	enum err result = store_branch_find(c->context->store, arena, &revision, c->model.id,
					    c->branch);

	if (result == ERR_NOT_FOUND && slice_equal(c->branch, S("main")))
		return OK;
	if (result == ERR_NOT_FOUND)
		return failure(ERR_NOT_FOUND,
			       "\"%.*s\" is no branch of this model; create it "
			       "first",
			       SLICE_PRINT(slice_part(c->branch, 0, 100)));
	TRY(result);
	c->has_parent = true;
	return store_revision_get(c->context->store, arena, &c->parent, c->model.id, revision);
}

/* The parent's files, with the headers it has bound: the keeper binds each anew to the revision. */
static enum err start_from_parent(struct committing *c)
{
	c->files = arena_alloc(exchange_arena(c->x), COMMIT_MAX_FILES * sizeof *c->files);
	TRY(find_parent(c));
	if (c->commit.parent.size && !slice_equal(c->commit.parent, c->parent.id))
		return is_behind(c);
	if (!c->has_parent)
		return OK;
	TRY(store_revision_files(c->context->store, exchange_arena(c->x), &c->before,
				 &c->before_count, c->model.id, c->parent.id));
	for (c->count = 0; c->count < c->before_count && c->count < COMMIT_MAX_FILES; c->count++)
		c->files[c->count] = c->before[c->count];
	return OK;
}

/* Does the revision hold exactly what its parent holds? */
static bool changes_nothing(struct committing *c)
{
	if (!c->has_parent || c->count != c->before_count)
		return false;
	for (size_t i = 0; i < c->before_count; i++) {
		const struct store_file *now = find_path(c, c->before[i].path);

		if (!now || now->is_large != c->before[i].is_large ||
		    memcmp(now->sha256, c->before[i].sha256, DIGEST_SIZE) != 0)
			return false;
	}
	return true;
}

static size_t count_top(struct committing *c, struct slice ending, uint64_t *bytes)
{
	size_t count = 0;

	*bytes = 0;
	for (size_t i = 0; i < c->count; i++) {
		if (slice_find(c->files[i].path, '/') < c->files[i].path.size ||
		    !slice_ends_with(c->files[i].path, ending))
			continue;
		*bytes += c->files[i].size;
		count++;
	}
	return count;
}

static enum err ask_runnable(struct committing *c)
{
	uint64_t stored, described;
	size_t safetensors = count_top(c, S(".safetensors"), &stored);
	const struct runnable_question question = {
		.commit = &c->commit,
		.parent = &c->parent,
		.has_config = find_path(c, S("config.json")) != NULL,
		.has_template = find_path(c, S("chat_template.jinja")) != NULL,
		.has_safetensors = safetensors > 0,
		.gguf_count = count_top(c, S(".gguf"), &described),
		.stored_bytes = stored,
	};

	return hub_runnable(&c->engine, c->context, exchange_arena(c->x), c->model.id, &question);
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
		.runnable = c->engine.runnable,
		.tasks = c->engine.tasks,
		.chat = c->engine.chat,
		.runnable_reason = slice_part(slice_of_string(c->engine.reason), 0, 500),
		.has_template = c->engine.has_template,
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
	audit_event_text(&event, "branch", c->branch);
	audit_event_flag(&event, "serve", c->engine.runnable);
	audit_event_text(&event, "gate", c->model.gate);
	audit_event_hex(&event, "manifest_sha256", slice_of(c->manifest.bytes, DIGEST_SIZE));
	audit_event_json(&event, "files", list_files(c));
	if (c->source.size)
		audit_event_text(&event, "source", c->source);
	if (c->form.document.size)
		audit_event_hex(&event, "form_sha256",
				slice_of(digest_of(c->form.document).bytes, DIGEST_SIZE));
	TRY(store_begin(store));
	TRY(store_revision_create(store, &row, who->person.id, unbound, c->count));
	if (c->engine.need.least_bytes)
		TRY(store_need_set(store, c->model.id, row.id, &c->engine.need));
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
	enum err result;

	TRY(store_begin(store));
	TRY(store_revision_set_headers(store, c->model.id, revision, c->files, c->count));
	result = store_revision_ready(store, c->model.id, revision, c->branch, now_ms);
	if (result == ERR_CONFLICT)
		return is_behind(c);
	TRY(result);
	TRY(form_of_commit_take(&c->form, c->x, c->context, c->model.id, revision));
	TRY(store_commit(store));
	facts_touch(c->context->api->facts); /* an import answers before it is done */
	slots_poke(c->context->api->slots);  /* is it to be looked at? */
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
	if (slice_equal(c->branch, S("main")))
		TRY(form_of_commit(&c->form, exchange_arena(c->x), &c->commit));
	for (size_t i = 0; i < c->commit.count; i++)
		TRY(apply(c, &c->commit.operations[i]));
	if (c->count == 0)
		return failure(ERR_FORMAT, "a revision without files cannot be made");
	if (changes_nothing(c)) {
		memcpy(c->revision, c->parent.id.data, COMMIT_REVISION - 1);
		c->engine.runnable = c->parent.runnable;
		c->engine.chat = c->parent.chat;
		c->engine.reason = arena_string(exchange_arena(c->x), c->parent.runnable_reason);
		return OK;
	}
	TRY(ask_runnable(c));
	TRY(name_revision(c, now_ms));
	TRY(insert_revision(c, event, now_ms));
	return finish(c, event, now_ms);
}

enum err hub_make_revision(struct hub_revision_made *out, struct exchange *x,
			   struct route_context *context, const struct store_model *model,
			   const struct commit *commit, struct slice source)
{
	return hub_make_revision_on(out, x, context, model, commit,
				    (struct hub_target){S("main"), source});
}

/* What who sent it should know: what is in the engine's way, and in that of chats. */
static const char *notes_of(const struct committing *c)
{
	struct arena *arena = exchange_arena(c->x);
	const struct runnable *engine = &c->engine;

	if (!engine->runnable)
		return arena_printf(arena, "download only: %s", engine->reason);
	if (!slice_starts_with(engine->chat, S("no")))
		return engine->reason;
	return arena_printf(arena, "%s%schat: %.*s", engine->reason, *engine->reason ? "; " : "",
			    SLICE_PRINT(engine->chat));
}

enum err hub_make_revision_on(struct hub_revision_made *out, struct exchange *x,
			      struct route_context *context, const struct store_model *model,
			      const struct commit *commit, struct hub_target target)
{
	struct committing *c = arena_alloc(exchange_arena(x), sizeof *c);
	enum err result;

	*c = (struct committing){.x = x,
				 .context = context,
				 .model = *model,
				 .commit = *commit,
				 .branch = target.branch,
				 .source = target.source};
	result = run(c);
	out->is_behind = c->is_behind;
	TRY(result);
	out->revision = c->revision;
	out->notes = notes_of(c);
	return OK;
}

static enum err commit_body(struct hub_revision_made *made, struct exchange *x,
			    struct route_context *context, const struct store_model *model)
{
	struct hub_target target = {exchange_param(x, "revision"), S("")};
	struct commit commit;

	TRY(commit_parse(&commit, exchange_arena(x), exchange_body(x)));
	return hub_make_revision_on(made, x, context, model, &commit, target);
}

static json_t *describe_commit(struct exchange *x, struct route_context *context,
			       const struct store_model *model,
			       const struct hub_revision_made *made)
{
	json_t *answer = json_object_new();

	json_put_bool(answer, "success", true);
	json_put_text(answer, "commitOid", slice_of_string(made->revision));
	json_put_text(answer, "commitUrl",
		      slice_of_string(arena_printf(exchange_arena(x), "%s/%.*s/commit/%s",
						   context->api->settings->external_url,
						   SLICE_PRINT(model->name), made->revision)));
	json_put_text(answer, "hookOutput", slice_of_string(made->notes));
	return answer;
}

void hub_commit(struct exchange *x, struct route_context *context)
{
	struct hub_revision_made made = {0};
	struct store_model model;
	enum err result;

	if (!hub_find_model(&model, x, context) || hub_refuses_pull_request(x))
		return;
	if (!slice_equal(model.state, S("active"))) {
		reply_code(x, CODE_MODEL_DISABLED, NULL, NULL);
		return;
	}
	result = commit_body(&made, x, context, &model);
	if (result == OK)
		reply_json(x, 200, describe_commit(x, context, &model, &made));
	else if (made.is_behind)
		reply_hub(x, 412, NULL, failure_text());
	else if (result == ERR_NOT_FOUND)
		reply_hub(x, 404, "RevisionNotFound", failure_text());
	else
		reply_failure(x, result);
}
