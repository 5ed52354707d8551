/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/pull.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "crypto/bulk.h"
#include "crypto/digest.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/output.h"
#include "gateway/cli/progress.h"

enum { PULL_PIECE = 1024 * 1024, PULL_TRIES = 5, PULL_GIT = 2 * BULK_GIT };

struct pull_file {
	const char *path;
	uint64_t size;
	struct slice sha256; /* empty: a small file, known by its git id */
	struct slice git;
};

struct pull {
	struct client *client;
	struct arena *arena;
	const char *model; /* encoded */
	const char *revision;
	int dir;
	int fd; /* of the file under way */
	uint8_t *piece;
	struct progress progress;
	struct pull_done *done;
};

enum err pull_check_path(struct slice path)
{
	struct slice part, rest = path;
	bool more = true;

	if (path.size == 0 || path.size > 500 || slice_find(path, '\0') < path.size)
		return failure(ERR_DENIED, "a file has a name that cannot be written");
	while (more) {
		more = slice_cut(rest, '/', &part, &rest);
		if (part.size == 0 || slice_equal(part, S(".")) || slice_equal(part, S("..")) ||
		    slice_find(part, '\\') < part.size)
			return failure(ERR_DENIED,
				       "the gateway names a file \"%.*s\", which "
				       "cannot be written below a directory",
				       SLICE_PRINT(path));
	}
	return OK;
}

static enum err read_file(struct pull_file *out, struct pull *p, const json_t *one)
{
	struct slice path;
	const json_t *lfs = json_object_get(one, "lfs");
	int64_t size;

	*out = (struct pull_file){.path = NULL};
	TRY(json_get_text(&path, one, "path"));
	TRY(json_get_int(&size, one, "size"));
	TRY(pull_check_path(path));
	if (size < 0)
		return failure(ERR_FORMAT, "a file has a negative size");
	if (json_is_object(lfs))
		TRY(json_get_text(&out->sha256, lfs, "oid"));
	else
		TRY(json_get_text(&out->git, one, "oid"));
	out->path = arena_string(p->arena, path);
	out->size = (uint64_t)size;
	return OK;
}

/* What stands in the descriptor, read again from its beginning. */
static enum err check_content(bool *good, struct pull *p, const struct pull_file *f)
{
	AUTO(bulk_auto) struct bulk *bulk = NULL;
	AUTO(buf_free) struct buf hex = buf_new(2 * BULK_SHA256);
	uint8_t sha256[BULK_SHA256], git[BULK_GIT];
	struct stat status;

	*good = false;
	if (fstat(p->fd, &status) != 0)
		return failure_errno("\"%s\"", f->path);
	if ((uint64_t)status.st_size != f->size)
		return OK;
	TRY(bulk_new(&bulk, f->size));
	for (uint64_t at = 0; at < f->size;) {
		uint64_t left = f->size - at;
		size_t size = left < PULL_PIECE ? (size_t)left : PULL_PIECE;

		TRY(file_read_at(p->fd, p->piece, size, at));
		TRY(bulk_add(bulk, slice_of(p->piece, size)));
		at += size;
	}
	TRY(bulk_end(bulk, sha256, git));
	text_write_hex(&hex, f->sha256.size ? slice_of(sha256, sizeof sha256)
					    : slice_of(git, sizeof git));
	*good = slice_equal(buf_slice(&hex), f->sha256.size ? f->sha256 : f->git);
	return OK;
}

static enum err take_piece(void *context, struct slice bytes)
{
	struct pull *p = context;

	TRY(file_write_all(p->fd, bytes));
	p->done->bytes += bytes.size;
	progress_add(&p->progress, bytes.size);
	return OK;
}

/* From where the partial file ends. A gateway that sends all of it starts it anew. */
static enum err fetch_rest(struct pull *p, const struct pull_file *f)
{
	AUTO(client_answer_clear) struct client_answer answer = client_answer_new();
	off_t have = lseek(p->fd, 0, SEEK_END);
	char range[32];
	struct client_request request = {
		.method = "GET",
		.path = arena_printf(p->arena, "/%s/resolve/%s/%s", p->model, p->revision,
				     client_encode_path(p->arena, slice_of_string(f->path))),
		.sink = take_piece,
		.sink_context = p,
	};

	if (have < 0)
		return failure_errno("\"%s\"", f->path);
	if ((uint64_t)have >= f->size && (f->size || have)) {
		if (ftruncate(p->fd, 0) != 0)
			return failure_errno("\"%s\"", f->path);
		have = lseek(p->fd, 0, SEEK_SET);
	}
	p->progress.done = (uint64_t)have;
	snprintf(range, sizeof range, "%lld-", (long long)have);
	request.range = have ? range : NULL;
	TRY(client_send(p->client, &answer, &request));
	TRY(client_check(p->client, &answer));
	if (have && answer.status != 206)
		return failure(ERR_CONFLICT, "\"%s\": the gateway does not go on where it stopped",
			       f->path);
	return OK;
}

static bool may_go_on(enum err kind)
{
	return kind == ERR_CLOSED || kind == ERR_TIMEOUT || kind == ERR_UNAVAILABLE;
}

static enum err fetch(struct pull *p, const struct pull_file *f)
{
	enum err result = OK;

	for (int i = 0; i < PULL_TRIES; i++) {
		result = fetch_rest(p, f);
		if (!may_go_on(result))
			return result;
	}
	return result;
}

static enum err make_parents(struct pull *p, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return OK;
	return file_make_directory(
		p->dir, arena_string(p->arena, slice_of(path, (size_t)(slash - path))), 0755);
}

/* Is the finished file there already? */
static enum err is_there(bool *there, struct pull *p, const struct pull_file *f)
{
	AUTO(file_close) int fd = openat(p->dir, f->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	*there = false;
	if (fd < 0)
		return OK;
	p->fd = fd;
	return check_content(there, p, f);
}

static enum err fetch_file(struct pull *p, const struct pull_file *f)
{
	const char *partial = arena_printf(p->arena, "%s.sallyport-partial", f->path);
	AUTO(file_close) int fd = -1;
	bool good;

	TRY(make_parents(p, f->path));
	TRY(is_there(&good, p, f));
	if (good)
		return OK;
	fd = openat(p->dir, partial, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return failure_errno("\"%s\" cannot be written", partial);
	p->fd = fd;
	p->progress = progress_begin(f->path, f->size);
	TRY(fetch(p, f));
	progress_end(&p->progress);
	TRY(check_content(&good, p, f));
	if (!good) {
		unlinkat(p->dir, partial, 0);
		return failure(ERR_FORGED,
			       "\"%s\": what came is not what the revision holds; it "
			       "was deleted, pull again",
			       f->path);
	}
	if (fsync(fd) != 0 || renameat(p->dir, partial, p->dir, f->path) != 0)
		return failure_errno("\"%s\" cannot get its name", f->path);
	p->done->fetched++;
	return OK;
}

/* A branch may move meanwhile: everything is fetched from the commit it names now. */
static enum err resolve_revision(struct pull *p, const char *revision)
{
	AUTO(json_auto) json_t *info = NULL;
	struct slice sha;

	TRY(client_call(p->client, &info, "GET",
			arena_printf(p->arena, "/api/models/%s/revision/%s", p->model,
				     client_encode(p->arena, slice_of_string(revision))),
			NULL));
	TRY(json_get_text(&sha, info, "sha"));
	p->done->revision = arena_string(p->arena, sha);
	p->revision = client_encode(p->arena, sha);
	return OK;
}

static void pull_clear(struct pull *p)
{
	file_close(&p->dir);
}

enum err pull_run(struct pull_done *out, struct arena *arena, struct client *c, const char *model,
		  const char *revision, const char *dir)
{
	AUTO(json_auto) json_t *tree = NULL;
	AUTO(pull_clear) struct pull p = {.client = c, .arena = arena, .dir = -1, .done = out};

	*out = (struct pull_done){.revision = NULL};
	p.model = client_encode_path(arena, slice_of_string(model));
	p.piece = arena_alloc(arena, PULL_PIECE);
	TRY(resolve_revision(&p, revision));
	TRY(client_call(
		c, &tree, "GET",
		arena_printf(arena, "/api/models/%s/tree/%s?recursive=true", p.model, p.revision),
		NULL));
	TRY(file_make_directory(AT_FDCWD, dir, 0755));
	TRY(file_open_directory(&p.dir, AT_FDCWD, dir));
	for (size_t i = 0; i < json_array_size(tree); i++) {
		const json_t *one = json_array_get(tree, i);
		struct pull_file file;
		struct slice type;

		TRY(json_get_text_or(&type, one, "type", S("file")));
		if (!slice_equal(type, S("file")))
			continue;
		TRY(read_file(&file, &p, one));
		TRY(fetch_file(&p, &file));
		out->files++;
	}
	return OK;
}

enum err command_pull(struct cli *cli)
{
	AUTO(json_auto) json_t *answer = json_object_new();
	const char *revision = arguments_value(&cli->arguments, "revision");
	struct pull_done done;
	struct client *c;

	TRY(cli_client(&c, cli));
	TRY(pull_run(&done, &cli->arena, c, cli_word(cli, 0), revision ? revision : "main",
		     cli_word(cli, 1)));
	json_put_text(answer, "revision", slice_of_string(done.revision));
	json_put_int(answer, "files", (int64_t)done.files);
	json_put_int(answer, "fetched", (int64_t)done.fetched);
	json_put_int(answer, "bytes", (int64_t)done.bytes);
	return output_done(cli, answer,
			   "revision %s: %zu files are there and checked; %zu fetched, %llu bytes",
			   done.revision, done.files, done.fetched, (unsigned long long)done.bytes);
}
