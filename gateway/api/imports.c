/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model from another hub: POST /api/v1/imports {"source","name","revision"?,"token"?}. The
 * courier fetches, porters seal, one commit shows the whole. The answer is a line of JSON now and
 * then while it goes on, and a last one that says how it ended:
 *
 *     {"commit":"<upstream commit>","files":9,"bytes":123}                      first
 *     {"file":"model.safetensors","size":123,"done":45}                        progress
 *     {"file":"model.safetensors","size":123,"done":123,"state":"sealed"}      or "present"
 *     {"revision":"...","notes":"","files":9,"sent":3,"bytes":123}             the end, or
 *     {"error":{"code":"BAD_REQUEST","detail":"..."}}
 *
 * Run again after a failure it fetches what is still missing: sealed files are found by SHA-256.
 */
#include "crypto/base/log.h"
#include "crypto/json.h"
#include "gateway/api/hub.h"
#include "gateway/api/outbound.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/seal.h"
#include "gateway/api/upstream.h"

enum {
	IMPORTS_AT_ONCE = 4,                 /* each holds a worker */
	IMPORTS_MAX_SMALL = 8 * 1024 * 1024, /* of files that are held in memory */
	IMPORTS_MAX_LINE = 64 * 1024,
};

struct importing {
	struct exchange *x;
	struct route_context *context;
	struct outbound outbound;
	struct store_model model;
	struct upstream source;
	struct upstream_tree tree;
	struct commit commit;
	const struct upstream_file *current;
	uint64_t bytes;
	uint64_t small; /* bytes held in memory so far */
	size_t sent;
};

static struct arena *arena_of(const struct importing *i)
{
	return exchange_arena(i->x);
}

/* One line to the client. ERR_CLOSED: it has gone. Takes `line` over. */
static enum err say(const struct importing *i, json_t *line)
{
	AUTO(json_auto) json_t *owned = line;
	AUTO(buf_free) struct buf text = buf_new(IMPORTS_MAX_LINE);

	TRY(json_write_canonical(&text, owned));
	buf_write_string(&text, "\n");
	TRY(buf_done(&text));
	return exchange_stream_write(i->x, buf_slice(&text));
}

static json_t *file_line(const struct upstream_file *file, uint64_t done)
{
	json_t *line = json_object_new();

	json_put_text(line, "file", file->path);
	json_put_int(line, "size", (int64_t)file->size);
	json_put_int(line, "done", (int64_t)done);
	return line;
}

static enum err say_moved(void *context, uint64_t bytes)
{
	const struct importing *i = context;

	return say(i, file_line(i->current, bytes));
}

static enum err say_ready(struct importing *i, const struct upstream_file *file, bool was_present)
{
	json_t *line = file_line(file, file->size);

	i->sent += !was_present;
	json_put_text(line, "state", was_present ? S("present") : S("sealed"));
	return say(i, line);
}

static enum err about_file(enum err kind, const struct importing *i,
			   const struct upstream_file *file)
{
	const char *why = arena_string(arena_of(i), slice_of_string(failure_text()));

	return failure(kind, "file \"%.*s\": %s", SLICE_PRINT(file->path), why);
}

static struct commit_operation *add_operation(struct importing *i, enum commit_kind kind,
					      struct slice path)
{
	struct commit_operation *o = &i->commit.operations[i->commit.count++];

	*o = (struct commit_operation){.kind = kind, .path = path};
	return o;
}

/* Small files are looked into when the revision is made (config.json), so they are held. */
static bool is_held(const struct importing *i, const struct upstream_file *file)
{
	return !file->is_large && file->size <= COMMIT_MAX_REGULAR &&
	       file->size <= IMPORTS_MAX_SMALL - i->small;
}

static enum err take_small(struct importing *i, const struct upstream_file *file)
{
	AUTO(buf_free) struct buf text = buf_new((size_t)file->size + 1);
	struct slice next;
	struct commit_operation *o;

	TRY(outbound_text(&text, &next, &i->outbound,
			  upstream_file_url(arena_of(i), &i->source, file->path)));
	if (text.size != file->size)
		return failure(ERR_FORMAT, "the host sent %zu bytes, and had announced %llu",
			       text.size, (unsigned long long)file->size);
	o = add_operation(i, COMMIT_REGULAR, file->path);
	o->content = arena_copy(arena_of(i), buf_slice(&text));
	o->size = file->size;
	o->git_sha1 = file->git_sha1;
	i->small += file->size;
	return say_ready(i, file, false);
}

/* From the courier to a porter: the bytes do not pass through here. */
static enum err seal_file(struct store_blob *blob, struct importing *i,
			  const struct upstream_file *file)
{
	AUTO(seal_clear) struct seal seal = {.pipe = -1};
	int pipe;

	TRY(seal_begin(&seal, i->x, i->context, i->model.id, file->size));
	pipe = seal.pipe;
	seal.pipe = -1;
	TRY(outbound_file(&i->outbound, upstream_file_url(arena_of(i), &i->source, file->path),
			  file->size, pipe, say_moved, i));
	TRY(seal_end(&seal, i->context, file->is_large ? file->sha256 : NULL));
	*blob = seal.blob;
	if (!file->is_large && memcmp(blob->git_sha1, file->git_sha1, sizeof file->git_sha1) != 0)
		return failure(ERR_FORMAT, "its content does not have the hash that was announced");
	return OK;
}

static enum err take_large(struct importing *i, const struct upstream_file *file)
{
	struct commit_operation *o;
	struct store_blob blob;
	enum err known = ERR_NOT_FOUND;

	if (file->is_large)
		known = store_blob_by_sha256(i->context->store, arena_of(i), &blob, i->model.id,
					     file->sha256);
	if (known == ERR_NOT_FOUND)
		TRY(seal_file(&blob, i, file));
	else
		TRY(known);
	o = add_operation(i, COMMIT_LARGE, file->path);
	memcpy(o->sha256.bytes, blob.sha256, sizeof o->sha256.bytes);
	o->size = file->size;
	return say_ready(i, file, known == OK);
}

static enum err take_files(struct importing *i)
{
	for (size_t n = 0; n < i->tree.count; n++) {
		const struct upstream_file *file = &i->tree.files[n];
		enum err result;

		i->current = file;
		result = is_held(i, file) ? take_small(i, file) : take_large(i, file);
		if (result != OK)
			return about_file(result, i, file);
	}
	return OK;
}

static bool is_in_tree(const struct importing *i, struct slice path)
{
	for (size_t n = 0; n < i->tree.count; n++)
		if (slice_equal(i->tree.files[n].path, path))
			return true;
	return false;
}

/* The revision shall be the source's: what the model has and the source has not, goes. */
static enum err delete_the_rest(struct importing *i)
{
	struct store_file *files;
	size_t count;

	if (i->model.main.size == 0)
		return OK;
	TRY(store_revision_files(i->context->store, arena_of(i), &files, &count, i->model.id,
				 i->model.main));
	for (size_t n = 0; n < count && n < COMMIT_MAX_FILES; n++)
		if (!is_in_tree(i, files[n].path))
			add_operation(i, COMMIT_DELETE, files[n].path);
	return OK;
}

static enum err commit(struct importing *i)
{
	const char *source = arena_printf(
		arena_of(i), "%.*s/%.*s@%.*s", SLICE_PRINT(i->source.endpoint),
		SLICE_PRINT(i->source.repository), SLICE_PRINT(i->source.revision));
	json_t *line = json_object_new();
	struct hub_revision_made made;
	enum err result = delete_the_rest(i);

	i->commit.summary = slice_of_string(arena_printf(arena_of(i), "import of %s", source));
	if (result == OK)
		result = hub_make_revision(&made, i->x, i->context, &i->model, &i->commit,
					   slice_of_string(source));
	if (result != OK) {
		json_free(line);
		return result;
	}
	json_put_text(line, "revision", slice_of_string(made.revision));
	json_put_text(line, "notes", slice_of_string(made.notes));
	json_put_int(line, "files", (int64_t)i->tree.count);
	json_put_int(line, "sent", (int64_t)i->sent);
	json_put_int(line, "bytes", (int64_t)i->bytes);
	return say(i, line);
}

/* What the source has: the commit its revision stands for, and the files of that. */
static enum err look(struct importing *i)
{
	AUTO(buf_free) struct buf text = buf_new(UPSTREAM_MAX_ANSWER);
	struct slice next;

	TRY(outbound_text(&text, &next, &i->outbound, upstream_info_url(arena_of(i), &i->source)));
	TRY(upstream_read_info(&i->source.revision, arena_of(i), buf_slice(&text)));
	next = upstream_tree_url(arena_of(i), &i->source);
	for (unsigned page = 0; next.size; page++) {
		struct slice url = next;

		if (page == UPSTREAM_MAX_PAGES)
			return failure(ERR_LIMIT, "the source's tree does not end");
		buf_reset(&text);
		TRY(outbound_text(&text, &next, &i->outbound, url));
		TRY(upstream_read_tree(&i->tree, arena_of(i), buf_slice(&text)));
	}
	for (size_t n = 0; n < i->tree.count; n++)
		i->bytes += i->tree.files[n].size;
	return i->tree.count ? OK : failure(ERR_NOT_FOUND, "the source has no files");
}

static enum err begin(struct importing *i)
{
	json_t *line = json_object_new();

	json_put_text(line, "commit", i->source.revision);
	json_put_int(line, "files", (int64_t)i->tree.count);
	json_put_int(line, "bytes", (int64_t)i->bytes);
	seal_sweep(i->context, arena_of(i));
	return say(i, line);
}

/* Within the stream a failure is the last line. */
static void end_with_failure(const struct importing *i, enum err kind)
{
	json_t *error = json_object_new(), *line = json_object_new();
	bool ours = kind == ERR_IO || kind == ERR_INTERNAL;

	log_warn("import.failed", "request=%s kind=%s why=\"%s\"", exchange_request_id(i->x),
		 err_name(kind), failure_text());
	json_put_text(error, "code", ours ? S("INTERNAL") : S("BAD_REQUEST"));
	json_put_text(error, "detail", slice_of_string(failure_text()));
	json_put(line, "error", error);
	if (say(i, line) != OK)
		log_info("import.unheard", "request=%s", exchange_request_id(i->x));
}

static void run(struct importing *i)
{
	enum err result = look(i);

	/* Another host's failure is not ours: 503 and the like would say that it is. */
	if (result != OK && result != ERR_NOT_FOUND && result != ERR_INTERNAL)
		reply_code(i->x, CODE_BAD_REQUEST, failure_text(), NULL);
	else if (result != OK)
		reply_failure(i->x, result);
	if (result != OK || exchange_stream_begin(i->x, 200, "application/x-ndjson") != OK)
		return;
	result = begin(i);
	if (result == OK)
		result = take_files(i);
	if (result == OK)
		result = commit(i);
	if (result != OK)
		end_with_failure(i, result);
	exchange_stream_end(i->x);
}

static enum err read_body(struct importing *i, struct slice *name, const json_t *body)
{
	struct slice source, revision, token;

	TRY(json_get_text(&source, body, "source"));
	TRY(json_get_text(name, body, "name"));
	TRY(json_get_text_or(&revision, body, "revision", S("main")));
	TRY(json_get_text_or(&token, body, "token", S("")));
	i->outbound.token = token;
	i->source.revision = revision;
	return upstream_parse(&i->source, source,
			      slice_of_string(i->context->api->settings->courier_hub_endpoint));
}

/* A quarter of the workers, so that imports do not hold up what is quick. */
static int at_once(const struct api *api)
{
	int quarter = (int)api->settings->workers / 4;

	return quarter < 1 ? 1 : quarter < IMPORTS_AT_ONCE ? quarter : IMPORTS_AT_ONCE;
}

static void find_and_run(struct importing *i, struct slice name)
{
	enum err result = store_model_get(i->context->store, arena_of(i), &i->model, name);

	if (result == ERR_NOT_FOUND)
		reply_code(i->x, CODE_NOT_FOUND,
			   "no such model here; create it first (POST /api/repos/create)", NULL);
	else if (result != OK)
		reply_failure(i->x, result);
	else if (!slice_equal(i->model.state, S("active")))
		reply_code(i->x, CODE_MODEL_DISABLED, NULL, NULL);
	else
		run(i);
}

void import_start(struct exchange *x, struct route_context *context)
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct api *api = context->api;
	struct importing i = {.x = x, .context = context, .outbound = {.x = x, .api = api}};
	struct slice name;

	if (!body)
		return;
	if (read_body(&i, &name, body) != OK) {
		reply_failure(x, ERR_FORMAT);
		return;
	}
	i.tree.files = arena_alloc(exchange_arena(x), COMMIT_MAX_FILES * sizeof *i.tree.files);
	i.commit.operations = arena_alloc(exchange_arena(x),
					  2 * COMMIT_MAX_FILES * sizeof *i.commit.operations);
	if (atomic_fetch_add(&api->imports, 1) >= at_once(api))
		reply_busy(x, "other imports are running; wait for one to end",
			   (unsigned)at_once(api));
	else
		find_and_run(&i, name);
	atomic_fetch_sub(&api->imports, 1);
}
