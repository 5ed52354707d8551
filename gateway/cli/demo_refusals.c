/* SPDX-License-Identifier: Apache-2.0 */
/* What must not work, and with which reason it does not. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "gateway/cli/chat.h"
#include "gateway/cli/demo.h"
#include "gateway/cli/demo_fetch.h"
#include "gateway/cli/import.h"

enum {
	SCRATCH_BYTES = 150001, /* three chunks; a size no other file has */
	SCRATCH_SEALED = 150001 + 16 + 3 * 16,
	SCRATCH_CHUNK = 65536,
	SCRATCH_FLIP = 16 + 65552 + 100, /* in the second chunk */
};

#define SCRATCH_MODEL "sallyport/scratch"
#define SCRATCH_FILE "notes.txt"

/* The call must have been refused so; what it said is shown. */
static enum err expect(struct demo *d, const char *what, enum err result, enum err wanted)
{
	if (result == OK)
		return failure(ERR_INTERNAL, "%s was NOT refused", what);
	if (result != wanted)
		return result;
	demo_say_below(d, arena_printf(&d->arena, "%-22s ", what), slice_of_string(failure_text()));
	return OK;
}

static enum err ignore(void *context, struct slice bytes)
{
	(void)context;
	(void)bytes;
	return OK;
}

enum err demo_refuse_stranger(struct demo *d)
{
	struct client *c = d->clients[DEMO_STRANGER];
	struct chat_ask ask = {.model = DEMO_MODEL, .prompt = S("Once"), .temperature = -1};
	struct chat_done done;
	struct demo_fetched fetched;
	enum err result = demo_fetch(&fetched, d, c, DEMO_MODEL, d->revision,
				     S("model.safetensors"));

	TRY(expect(d, "a download:", result, ERR_DENIED));
	result = chat_run(&done, c, &ask, ignore, NULL);
	return expect(d, "a chat:", result, ERR_DENIED);
}

enum err demo_refuse_token(struct demo *d)
{
	AUTO(client_auto) struct client *c = NULL;
	char *token = arena_string(&d->arena, slice_of_string(d->tokens[DEMO_RESEARCHER]));
	size_t middle = strlen(token) / 2;

	token[middle] = token[middle] == 'A' ? 'B' : 'A';
	TRY(client_new(&c, d->url, d->made.ca, token));
	return expect(d, "one character changed:",
		      client_call(c, NULL, "GET", "/api/v1/licenses", NULL), ERR_DENIED);
}

static void list_auto(DIR **list)
{
	if (*list)
		closedir(*list);
}

/* The one sealed file of that size in a folder of the store; empty if it is not there. */
static enum err find_in(const char **out, struct demo *d, const char *folder)
{
	AUTO(list_auto) DIR *list = opendir(folder);

	if (!list)
		return failure_errno("\"%s\"", folder);
	for (const struct dirent *e = readdir(list); e; e = readdir(list)) {
		const char *path = arena_printf(&d->arena, "%s/%s", folder, e->d_name);
		struct stat status;

		if (lstat(path, &status) == 0 && S_ISREG(status.st_mode) &&
		    status.st_size == SCRATCH_SEALED)
			*out = path;
	}
	return OK;
}

static enum err find_sealed(const char **out, struct demo *d)
{
	const char *store = arena_printf(&d->arena, "%s/store", d->dir);
	AUTO(list_auto) DIR *list = opendir(store);

	*out = NULL;
	if (!list)
		return failure_errno("\"%s\"", store);
	for (const struct dirent *e = readdir(list); e; e = readdir(list))
		if (e->d_name[0] != '.' && strlen(e->d_name) == 2)
			TRY(find_in(out, d, arena_printf(&d->arena, "%s/%s", store, e->d_name)));
	return *out ? OK : failure(ERR_NOT_FOUND, "the sealed file was not found in the store");
}

/* Twice is as before. */
static enum err flip(const char *path)
{
	AUTO(file_close) int fd = -1;
	struct stat status;
	uint8_t byte;

	if (stat(path, &status) != 0 || chmod(path, 0600) != 0)
		return failure_errno("\"%s\"", path);
	fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || pread(fd, &byte, 1, SCRATCH_FLIP) != 1)
		return failure_errno("\"%s\"", path);
	byte ^= 1;
	if (pwrite(fd, &byte, 1, SCRATCH_FLIP) != 1 || fchmod(fd, status.st_mode & 07777) != 0)
		return failure_errno("\"%s\"", path);
	return OK;
}

/* No weights: lines of text, made for this step. */
static enum err write_scratch(const char *folder)
{
	AUTO(buf_free) struct buf text = buf_new(SCRATCH_BYTES);
	AUTO(file_close) int dir = -1;

	while (text.size < SCRATCH_BYTES)
		buf_write_u8(&text, (uint8_t)("notes of the demo\n"[text.size % 18]));
	TRY(file_make_directory(AT_FDCWD, folder, 0700));
	TRY(file_open_directory(&dir, AT_FDCWD, folder));
	return file_write_atomic(dir, SCRATCH_FILE, buf_slice(&text), 0600);
}

static enum err import_scratch(struct import_done *done, struct demo *d)
{
	const char *folder = arena_printf(&d->arena, "%s/run/scratch", d->dir);
	struct import_plan plan = {
		.name = SCRATCH_MODEL, .path = folder, .branch = "main", .gate = "manual"};
	enum err result = write_scratch(folder);

	if (result == OK)
		result = import_run(done, &d->arena, d->clients[DEMO_ADMIN], &plan);
	unlink(arena_printf(&d->arena, "%s/" SCRATCH_FILE, folder));
	rmdir(folder);
	return result;
}

enum err demo_refuse_changed_file(struct demo *d)
{
	struct client *c = d->clients[DEMO_ADMIN];
	AUTO(import_done_clear) struct import_done done = {.removed = NULL};
	struct demo_fetched good, bad, again;
	const char *path;
	enum err result;

	TRY(import_scratch(&done, d));
	TRY(demo_open_model(d, SCRATCH_MODEL));
	TRY(find_sealed(&path, d));
	TRY(demo_fetch(&good, d, c, SCRATCH_MODEL, done.revision, S(SCRATCH_FILE)));
	TRY(flip(path));
	result = demo_fetch(&bad, d, c, SCRATCH_MODEL, done.revision, S(SCRATCH_FILE));
	if (result == OK || bad.bytes > SCRATCH_CHUNK)
		return failure(ERR_INTERNAL, "the changed file was NOT refused");
	demo_say(d, "one bit changed:       %llu of %d bytes came, none of the changed chunk",
		 (unsigned long long)bad.bytes, SCRATCH_BYTES);
	demo_say_below(d, "                       ", slice_of_string(failure_text()));
	TRY(flip(path));
	TRY(demo_fetch(&again, d, c, SCRATCH_MODEL, done.revision, S(SCRATCH_FILE)));
	if (!digest_equal(&good.sha256, &again.sha256))
		return failure(ERR_FORGED, "the restored file came back different");
	demo_say(d, "changed back:          whole again, the same SHA-256");
	return OK;
}
