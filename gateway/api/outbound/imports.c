/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A model from another hub: POST /api/v1/imports {"source","name","revision"?,"token"?,"create"?,
 * "gate"?}. The courier fetches, porters seal, one commit shows the whole. With "create" a model
 * that is not there is made, once the source has been looked at, with that gate ("manual" if none
 * is said). The answer is a line of JSON now and then while it goes on, and a last one that says
 * how it ended:
 *
 *     {"commit":"<upstream commit>","files":9,"bytes":123,"created":true}      first
 *     {"file":"model.safetensors","size":123,"done":45}                        progress
 *     {"file":"model.safetensors","size":123,"done":123,"state":"sealed"}      or "present"
 *     {"revision":"...","notes":"","files":9,"sent":3,"bytes":123,"fetched":45,"commit":"...",
 *      "source":"https://host/org/name","unchanged":false,"milliseconds":900}  the end, or
 *     {"error":{"code":"BAD_REQUEST","detail":"..."}}
 *
 * Run again after a failure it fetches what is still missing: sealed files are found by SHA-256,
 * and what main holds already under the same name is kept. If that is all, no revision is made.
 */
#include "crypto/base/clock.h"
#include "crypto/base/log.h"
#include "crypto/json.h"
#include "gateway/api/outbound/importing.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"
#include "gateway/api/upload/seal.h"

enum {
	IMPORTS_AT_ONCE = 4, /* each holds a worker */
	IMPORTS_MAX_LINE = 64 * 1024,
};

static struct arena *arena_of(const struct importing *i)
{
	return exchange_arena(i->x);
}

enum err importing_say(const struct importing *i, json_t *line)
{
	AUTO(json_auto) json_t *owned = line;
	AUTO(buf_free) struct buf text = buf_new(IMPORTS_MAX_LINE);

	TRY(json_write_canonical(&text, owned));
	buf_write_string(&text, "\n");
	TRY(buf_done(&text));
	return exchange_stream_write(i->x, buf_slice(&text));
}

struct commit_operation *importing_operation(struct importing *i, enum commit_kind kind,
					     struct slice path)
{
	struct commit_operation *o = &i->commit.operations[i->commit.count++];

	*o = (struct commit_operation){.kind = kind, .path = path};
	return o;
}

static bool is_in_tree(const struct importing *i, struct slice path)
{
	for (size_t n = 0; n < i->tree.count; n++)
		if (slice_equal(i->tree.files[n].path, path))
			return true;
	return false;
}

/* The revision shall be the source's: what the model has and the source has not, goes. */
static void delete_the_rest(struct importing *i)
{
	for (size_t n = 0; n < i->before_count && n < COMMIT_MAX_FILES; n++)
		if (!is_in_tree(i, i->before[n].path))
			importing_operation(i, COMMIT_DELETE, i->before[n].path);
}

/* "https://host/org/name" */
static const char *address_of(const struct importing *i)
{
	return arena_printf(arena_of(i), "%.*s/%.*s", SLICE_PRINT(i->source.endpoint),
			    SLICE_PRINT(i->source.repository));
}

static enum err make_revision(struct hub_revision_made *made, struct importing *i)
{
	const char *source = arena_printf(arena_of(i), "%s@%.*s", address_of(i),
					  SLICE_PRINT(i->source.revision));

	delete_the_rest(i);
	if (i->commit.count == 0) { /* main is what the source has */
		*made = (struct hub_revision_made){
			.revision = arena_string(arena_of(i), i->model.main), .notes = ""};
		return OK;
	}
	i->commit.summary = slice_of_string(arena_printf(arena_of(i), "import of %s", source));
	return hub_make_revision(made, i->x, i->context, &i->model, &i->commit,
				 slice_of_string(source));
}

static enum err commit(struct importing *i)
{
	struct hub_revision_made made;
	json_t *line;

	TRY(make_revision(&made, i));
	line = json_object_new();
	json_put_text(line, "revision", slice_of_string(made.revision));
	json_put_text(line, "notes", slice_of_string(made.notes));
	json_put_int(line, "files", (int64_t)i->tree.count);
	json_put_int(line, "sent", (int64_t)i->sent);
	json_put_int(line, "bytes", (int64_t)i->bytes);
	json_put_int(line, "fetched", (int64_t)i->fetched);
	json_put_text(line, "commit", i->source.revision);
	json_put_text(line, "source", slice_of_string(address_of(i)));
	json_put_bool(line, "unchanged", i->commit.count == 0);
	json_put_int(line, "milliseconds", clock_monotonic_ms() - i->began_ms);
	return importing_say(i, line);
}

/* Before anything is fetched: what is too large to be imported. */
static enum err check_sizes(struct importing *i)
{
	const struct settings *settings = i->context->api->settings;
	uint64_t most = (uint64_t)settings->courier_max_model_bytes;

	if (i->tree.count == 0)
		return failure(ERR_NOT_FOUND, "the source has no files");
	for (size_t n = 0; n < i->tree.count; n++) {
		const struct upstream_file *file = &i->tree.files[n];

		if (file->size > (uint64_t)settings->courier_max_file_bytes)
			return failure(ERR_LIMIT,
				       "the source's file \"%.*s\" has %llu bytes; "
				       "courier.max_file_bytes is %lld",
				       SLICE_PRINT(file->path), (unsigned long long)file->size,
				       (long long)settings->courier_max_file_bytes);
		if (file->size > most - i->bytes)
			return failure(ERR_LIMIT,
				       "the source's files have more than %llu bytes together, and "
				       "courier.max_model_bytes is that",
				       (unsigned long long)most);
		i->bytes += file->size;
	}
	return OK;
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
	return check_sizes(i);
}

static enum err begin(struct importing *i)
{
	json_t *line = json_object_new();

	json_put_text(line, "commit", i->source.revision);
	json_put_int(line, "files", (int64_t)i->tree.count);
	json_put_int(line, "bytes", (int64_t)i->bytes);
	json_put_bool(line, "created", i->is_created);
	seal_sweep(i->context, arena_of(i));
	return importing_say(i, line);
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
	if (importing_say(i, line) != OK)
		log_info("import.unheard", "request=%s", exchange_request_id(i->x));
}

static enum err find_model(struct importing *i)
{
	TRY(store_model_get(i->context->store, arena_of(i), &i->model, i->model.name));
	if (i->model.main.size == 0)
		return OK;
	return store_revision_files(i->context->store, arena_of(i), &i->before, &i->before_count,
				    i->model.id, i->model.main);
}

/* False: it has answered. */
static bool make_model(struct importing *i)
{
	enum err result = OK;

	if (!store_id_is_none(i->model.id))
		return true;
	result = hub_make_model(i->x, i->context, i->model.name, i->gate, false);
	if (result == OK)
		result = find_model(i);
	i->is_created = result == OK;
	if (result != OK)
		reply_failure(i->x, result);
	return result == OK;
}

static void stream(struct importing *i)
{
	enum err result;

	if (exchange_stream_begin(i->x, 200, "application/x-ndjson") != OK)
		return;
	result = begin(i);
	if (result == OK)
		result = importing_take_files(i);
	if (result == OK)
		result = commit(i);
	if (result != OK)
		end_with_failure(i, result);
	exchange_stream_end(i->x);
}

static void run(struct importing *i)
{
	enum err result;

	i->began_ms = clock_monotonic_ms();
	result = look(i);
	/* Another host's failure is not ours: 503 and the like would say that it is. */
	if (result != OK && result != ERR_NOT_FOUND && result != ERR_INTERNAL)
		reply_code(i->x, CODE_BAD_REQUEST, failure_text(), NULL);
	else if (result != OK)
		reply_failure(i->x, result);
	else if (make_model(i))
		stream(i);
}

static enum err read_body(struct importing *i, const json_t *body)
{
	struct slice source, revision, token;
	enum model_gate gate;

	TRY(json_get_text(&source, body, "source"));
	TRY(json_get_text(&i->model.name, body, "name"));
	TRY(json_get_text_or(&revision, body, "revision", S("main")));
	TRY(json_get_text_or(&token, body, "token", S("")));
	TRY(json_get_bool_or(&i->create, body, "create", false));
	TRY(json_get_text_or(&i->gate, body, "gate", S("manual")));
	if (!model_gate_parse(&gate, i->gate))
		return failure(ERR_FORMAT,
			       "\"gate\" is \"%.*s\"; manual, auto, no or public expected",
			       SLICE_PRINT(slice_part(i->gate, 0, 40)));
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

static void find_and_run(struct importing *i)
{
	bool may = principal_holds_on(authorize_principal(i->x), RIGHT_MODELS_MANAGE,
				      i->model.name);
	enum err result = may ? find_model(i)
			      : failure(ERR_DENIED,
					"you administer some models only, not this one");

	if (result == ERR_NOT_FOUND && i->create)
		run(i);
	else if (result == ERR_NOT_FOUND)
		reply_code(i->x, CODE_NOT_FOUND,
			   "no such model here; say \"create\": true, or create it first "
			   "(POST /api/repos/create)",
			   NULL);
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

	if (!body)
		return;
	if (read_body(&i, body) != OK) {
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
		find_and_run(&i);
	atomic_fetch_sub(&api->imports, 1);
}
