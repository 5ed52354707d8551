/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/import.h"

#include <fcntl.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "crypto/bulk.h"
#include "crypto/digest.h"
#include "gateway/cli/progress.h"

enum {
	IMPORT_PIECE = 1024 * 1024,
	IMPORT_MAX_TERMS = 256 * 1024,
	IMPORT_MAX_SMALL = 1024 * 1024,      /* of a file that travels in the commit */
	IMPORT_MAX_COMMIT = 8 * 1024 * 1024, /* of all of them; the rest goes by LFS */
	IMPORT_DIGEST = 2 * DIGEST_SIZE + 1,
};

struct import_file {
	const struct walk_file *file;
	char sha256[IMPORT_DIGEST];
	bool is_small; /* travels in the commit */
};

/* An import under way. */
struct import {
	const struct import_plan *plan;
	struct client *client;
	struct arena *arena;
	struct walk walk;
	struct import_file *files;
	struct progress progress;
	struct import_done *done;
};

static const char *model_path(struct import *m, const char *before, const char *behind)
{
	return arena_printf(m->arena, "%s%s%s", before,
			    client_encode_path(m->arena, slice_of_string(m->plan->name)), behind);
}

/* /api/models/NAME/ACT/BRANCH */
static const char *branch_path(struct import *m, const char *act)
{
	return arena_printf(m->arena, "%s/%s/%s", model_path(m, "/api/models/", ""), act,
			    client_encode(m->arena, slice_of_string(m->plan->branch)));
}

static enum err add_piece(void *context, struct slice bytes)
{
	progress_add(context, bytes.size);
	return OK;
}

static enum err hash_file(struct import *m, struct import_file *f, uint8_t *piece)
{
	AUTO(file_close) int fd = -1;
	AUTO(bulk_auto) struct bulk *bulk = NULL;
	AUTO(buf_free) struct buf hex = buf_new(IMPORT_DIGEST);
	uint8_t sha256[BULK_SHA256], git[BULK_GIT];

	TRY(walk_open(&fd, &m->walk, m->arena, f->file));
	TRY(bulk_new_pointed(&bulk, f->file->size)); /* git's digest is not asked for */
	for (uint64_t at = 0; at < f->file->size;) {
		uint64_t left = f->file->size - at;
		size_t size = left < IMPORT_PIECE ? (size_t)left : IMPORT_PIECE;

		TRY(file_read_at(fd, piece, size, at));
		TRY(bulk_add(bulk, slice_of(piece, size)));
		progress_add(&m->progress, size);
		at += size;
	}
	TRY(bulk_end(bulk, sha256, git));
	text_write_hex(&hex, slice_of(sha256, sizeof sha256));
	memcpy(f->sha256, hex.data, IMPORT_DIGEST - 1);
	return OK;
}

static enum err hash_files(struct import *m)
{
	uint8_t *piece = arena_alloc(m->arena, IMPORT_PIECE);

	m->files = arena_alloc(m->arena, m->walk.count * sizeof *m->files);
	m->progress = progress_begin("hashing", m->walk.bytes);
	for (size_t i = 0; i < m->walk.count; i++) {
		m->files[i].file = &m->walk.files[i];
		TRY(hash_file(m, &m->files[i], piece));
	}
	progress_end(&m->progress);
	return OK;
}

/* "ns/name" is organization and name to the Hub. An existing one is fine. */
static enum err create_repository(struct import *m)
{
	struct slice whole = slice_of_string(m->plan->name), organization, name;
	json_t *body = json_object_new();
	enum err result;

	if (slice_cut(whole, '/', &organization, &name))
		json_put_text(body, "organization", organization);
	else
		name = whole;
	json_put_text(body, "name", name);
	json_put_text(body, "type", S("model"));
	result = client_call(m->client, NULL, "POST", "/api/repos/create", body);
	return result == ERR_CONFLICT ? OK : result;
}

static enum err post_terms(const char **sha256, struct import *m)
{
	AUTO(buf_free) struct buf text = buf_new(IMPORT_MAX_TERMS);
	AUTO(client_answer_clear) struct client_answer answer = client_answer_new();
	AUTO(json_auto) json_t *object = NULL;
	struct client_request request = {
		.method = "POST", .path = "/api/v1/terms", .content_type = "text/markdown"};
	struct slice hex;

	TRY(file_read(&text, AT_FDCWD, m->plan->terms));
	request.body = buf_slice(&text);
	TRY(client_send(m->client, &answer, &request));
	TRY(client_check(m->client, &answer));
	TRY(json_read(&object, buf_slice(&answer.body), CLIENT_MAX_BODY));
	TRY(json_get_text(&hex, object, "sha256"));
	*sha256 = arena_string(m->arena, hex);
	return OK;
}

static json_t *open_paths(const struct import_plan *plan)
{
	json_t *list = json_array_new();

	for (size_t i = 0; i < plan->open_count; i++)
		if (plan->open[i][0])
			json_push_text(list, slice_of_string(plan->open[i]));
	return list;
}

static enum err change_settings(struct import *m)
{
	const char *sha256 = NULL;
	json_t *body;

	if (!m->plan->terms && !m->plan->gate && !m->plan->open_count && !m->plan->hidden &&
	    !m->plan->allow_pickle)
		return OK;
	if (m->plan->terms)
		TRY(post_terms(&sha256, m));
	body = json_object_new();
	if (m->plan->gate)
		json_put_text(body, "gate", slice_of_string(m->plan->gate));
	if (sha256)
		json_put_text(body, "terms_sha256", slice_of_string(sha256));
	if (m->plan->open_count)
		json_put(body, "open_paths", open_paths(m->plan));
	if (m->plan->hidden)
		json_put_bool(body, "hidden", true);
	if (m->plan->allow_pickle)
		json_put_bool(body, "allow_pickle", true);
	return client_call(m->client, NULL, "PUT", model_path(m, "/api/models/", "/settings"),
			   body);
}

/* The gateway says which files may travel in the commit; there is room for so many only. */
static enum err ask_how(struct import *m)
{
	AUTO(json_auto) json_t *answer = NULL;
	json_t *body = json_object_new(), *list = json_array_new();
	const json_t *modes;
	uint64_t small = 0;

	json_put(body, "files", list);
	for (size_t i = 0; i < m->walk.count; i++) {
		json_t *one = json_object_new();

		json_put_text(one, "path", m->walk.files[i].path);
		json_put_int(one, "size", (int64_t)m->walk.files[i].size);
		json_push(list, one);
	}
	TRY(client_call(m->client, &answer, "POST", branch_path(m, "preupload"), body));
	TRY(json_get_array(&modes, answer, "files"));
	if (json_array_size(modes) != m->walk.count)
		return failure(ERR_FORMAT, "preupload: %zu files asked about, %zu answered",
			       m->walk.count, json_array_size(modes));
	for (size_t i = 0; i < m->walk.count; i++) {
		uint64_t size = m->walk.files[i].size;
		struct slice mode;

		TRY(json_get_text(&mode, json_array_get(modes, i), "uploadMode"));
		m->files[i].is_small = slice_equal(mode, S("regular")) &&
				       size <= IMPORT_MAX_SMALL &&
				       small + size <= IMPORT_MAX_COMMIT;
		small += m->files[i].is_small ? size : 0;
	}
	return OK;
}

static enum err ask_batch(json_t **answer, struct import *m)
{
	json_t *body = json_object_new(), *objects = json_array_new(),
	       *transfers = json_array_new();

	json_push_text(transfers, S("basic"));
	json_put(body, "transfers", transfers);
	json_put_text(body, "operation", S("upload"));
	json_put_text(body, "hash_algo", S("sha256"));
	json_put(body, "objects", objects);
	for (size_t i = 0; i < m->walk.count; i++) {
		json_t *one;

		if (m->files[i].is_small)
			continue;
		one = json_object_new();
		json_put_text(one, "oid", slice_of_string(m->files[i].sha256));
		json_put_int(one, "size", (int64_t)m->walk.files[i].size);
		json_push(objects, one);
	}
	return client_call(m->client, answer, "POST",
			   model_path(m, "/", ".git/info/lfs/objects/batch"), body);
}

static enum err send_file(struct import *m, const struct import_file *f, const char *href)
{
	AUTO(file_close) int fd = -1;
	AUTO(client_answer_clear) struct client_answer answer = client_answer_new();
	const char *what = arena_printf(m->arena, "sealing %.*s", SLICE_PRINT(f->file->path));
	struct client_request request = {.method = "PUT",
					 .path = href,
					 .is_anonymous = true, /* the address is the permission */
					 .upload_size = f->file->size,
					 .sent = add_piece,
					 .sent_context = &m->progress};

	TRY(walk_open(&fd, &m->walk, m->arena, f->file));
	request.upload_fd = fd;
	m->progress = progress_begin(what, f->file->size);
	TRY(client_send(m->client, &answer, &request));
	progress_end(&m->progress);
	m->done->sent++;
	return client_check(m->client, &answer);
}

static const struct import_file *find_digest(const struct import *m, struct slice sha256)
{
	for (size_t i = 0; i < m->walk.count; i++)
		if (!m->files[i].is_small &&
		    slice_equal(sha256, slice_of_string(m->files[i].sha256)))
			return &m->files[i];
	return NULL;
}

/* Objects without an upload action are there already. */
static enum err send_object(struct import *m, const json_t *object)
{
	const json_t *error = json_object_get(object, "error");
	const json_t *upload = json_object_get(json_object_get(object, "actions"), "upload");
	const struct import_file *file;
	struct slice oid, href, why;

	TRY(json_get_text(&oid, object, "oid"));
	if (json_is_object(error)) {
		TRY(json_get_text_or(&why, error, "message", S("no reason given")));
		return failure(ERR_DENIED, "upload refused: %.*s", SLICE_PRINT(why));
	}
	if (!json_is_object(upload))
		return OK;
	TRY(json_get_text(&href, upload, "href"));
	file = find_digest(m, oid);
	if (!file)
		return failure(ERR_FORMAT, "the gateway asks for a file that was not offered");
	return send_file(m, file, arena_string(m->arena, href));
}

static enum err send_large_files(struct import *m)
{
	AUTO(json_auto) json_t *answer = NULL;
	const json_t *objects;
	bool any = false;

	for (size_t i = 0; i < m->walk.count; i++)
		any = any || !m->files[i].is_small;
	if (!any)
		return OK;
	TRY(ask_batch(&answer, m));
	TRY(json_get_array(&objects, answer, "objects"));
	for (size_t i = 0; i < json_array_size(objects); i++)
		TRY(send_object(m, json_array_get(objects, i)));
	return OK;
}

static enum err write_line(struct buf *out, const char *key, json_t *value)
{
	AUTO(json_auto) json_t *line = json_object_new();

	json_put_text(line, "key", slice_of_string(key));
	json_put(line, "value", value);
	TRY(json_write_canonical(out, line));
	buf_write_string(out, "\n");
	return OK;
}

static enum err write_small_file(struct buf *out, struct import *m, const struct import_file *f)
{
	AUTO(file_close) int fd = -1;
	AUTO(buf_free) struct buf text = buf_new(2 * IMPORT_MAX_SMALL);
	size_t size = (size_t)f->file->size;
	uint8_t *bytes = arena_alloc(m->arena, size + 1);
	json_t *value;

	TRY(walk_open(&fd, &m->walk, m->arena, f->file));
	TRY(file_read_at(fd, bytes, size, 0));
	text_write_base64(&text, slice_of(bytes, size), TEXT_BASE64);
	value = json_object_new();
	json_put_text(value, "path", f->file->path);
	json_put_text(value, "encoding", S("base64"));
	json_put_text(value, "content", buf_slice(&text));
	return write_line(out, "file", value);
}

static enum err write_large_file(struct buf *out, const struct import_file *f)
{
	json_t *value = json_object_new();

	json_put_text(value, "path", f->file->path);
	json_put_text(value, "algo", S("sha256"));
	json_put_text(value, "oid", slice_of_string(f->sha256));
	json_put_int(value, "size", (int64_t)f->file->size);
	return write_line(out, "lfsFile", value);
}

static bool has_path(const struct import *m, struct slice path)
{
	for (size_t i = 0; i < m->walk.count; i++)
		if (slice_equal(m->walk.files[i].path, path))
			return true;
	return false;
}

/* The revision shall be the directory: what the model has and the directory has not, goes. */
static enum err write_deletions(struct buf *out, struct import *m)
{
	AUTO(json_auto) json_t *tree = NULL;
	const char *path_of_tree = arena_printf(m->arena, "%s?recursive=true",
						branch_path(m, "tree"));
	enum err result = client_list(m->client, &tree, path_of_tree);

	if (result == ERR_NOT_FOUND)
		return OK; /* no revision yet */
	TRY(result);
	for (size_t i = 0; i < json_array_size(tree); i++) {
		const json_t *one = json_array_get(tree, i);
		struct slice path, type;
		json_t *value;

		TRY(json_get_text(&path, one, "path"));
		TRY(json_get_text_or(&type, one, "type", S("file")));
		if (!slice_equal(type, S("file")) || has_path(m, path))
			continue;
		value = json_object_new();
		json_put_text(value, "path", path);
		json_push_text(m->done->removed, path);
		TRY(write_line(out, "deletedFile", value));
	}
	return OK;
}

static enum err write_commit(struct buf *out, struct import *m)
{
	json_t *header = json_object_new();

	json_put_text(header, "summary", S("sallyport model import"));
	json_put_text(header, "description", S(""));
	TRY(write_line(out, "header", header));
	for (size_t i = 0; i < m->walk.count; i++)
		TRY(m->files[i].is_small ? write_small_file(out, m, &m->files[i])
					 : write_large_file(out, &m->files[i]));
	TRY(write_deletions(out, m));
	return buf_done(out);
}

static enum err commit(struct import *m)
{
	AUTO(buf_free) struct buf text = buf_new(2 * IMPORT_MAX_COMMIT);
	AUTO(client_answer_clear) struct client_answer answer = client_answer_new();
	AUTO(json_auto) json_t *object = NULL;
	struct client_request request = {.method = "POST",
					 .path = branch_path(m, "commit"),
					 .content_type = "application/x-ndjson"};
	struct slice revision, notes;

	TRY(write_commit(&text, m));
	request.body = buf_slice(&text);
	TRY(client_send(m->client, &answer, &request));
	TRY(client_check(m->client, &answer));
	TRY(json_read(&object, buf_slice(&answer.body), CLIENT_MAX_BODY));
	TRY(json_get_text(&revision, object, "commitOid"));
	TRY(json_get_text_or(&notes, object, "hookOutput", S("")));
	m->done->revision = arena_string(m->arena, revision);
	m->done->notes = arena_string(m->arena, notes);
	return OK;
}

void import_done_clear(struct import_done *done)
{
	json_free(done->removed);
	done->removed = NULL;
}

static void import_clear(struct import *m)
{
	walk_clear(&m->walk);
}

/* Another branch than main begins where main is. One that is there stays as it is. */
static enum err create_branch(struct import *m)
{
	AUTO(json_auto) json_t *answer = NULL;
	enum err result;

	if (strcmp(m->plan->branch, "main") == 0)
		return OK;
	result = client_call(m->client, &answer, "POST", branch_path(m, "branch"), NULL);
	return result == ERR_CONFLICT ? OK : result;
}

enum err import_prepare(struct arena *arena, struct client *c, const struct import_plan *plan)
{
	struct import m = {.plan = plan, .client = c, .arena = arena, .walk = {.dir = -1}};

	TRY(create_repository(&m));
	return change_settings(&m);
}

enum err import_run(struct import_done *out, struct arena *arena, struct client *c,
		    const struct import_plan *plan)
{
	AUTO(import_clear)
	struct import m = {
		.plan = plan, .client = c, .arena = arena, .walk = {.dir = -1}, .done = out};

	*out = (struct import_done){.removed = json_array_new()};
	TRY(walk_directory(&m.walk, arena, plan->path));
	out->files = m.walk.count;
	out->hidden = m.walk.hidden;
	out->bytes = m.walk.bytes;
	TRY(hash_files(&m));
	TRY(import_prepare(arena, c, plan));
	TRY(create_branch(&m));
	TRY(ask_how(&m));
	TRY(send_large_files(&m));
	return commit(&m);
}
