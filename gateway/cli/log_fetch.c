/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/log_fetch.h"

#include <fcntl.h>
#include <libgen.h>
#include <poll.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"

enum { LOG_FETCH_PAUSE_MS = 250 };

static enum err fetch_remote(struct buf *out, struct client *c, const char *path)
{
	AUTO(arena_free) struct arena arena = {NULL};
	AUTO(client_answer_clear) struct client_answer answer = client_answer_new();
	struct client_request request = {.method = "GET",
					 .path = arena_printf(&arena, "/log/%s", path),
					 .is_anonymous = true}; /* the log is public */

	TRY(client_send(c, &answer, &request));
	TRY(client_check(c, &answer));
	buf_write(out, buf_slice(&answer.body));
	return buf_done(out);
}

static bool is_cosigned(const struct log_from *from, struct slice note)
{
	struct checkpoint checkpoint;
	uint64_t witnesses;

	return log_policy_check(&checkpoint, &witnesses, from->policy, note) == OK &&
	       checkpoint.size >= from->least;
}

/* What a log that grows all the time has instead of its newest: the gateway's own account of the
 * newest checkpoint with enough cosignatures. Not everybody may ask for it. */
static bool fetch_cosigned(struct buf *out, const struct log_from *from)
{
	AUTO(json_auto) json_t *answer = NULL;
	struct slice note;

	if (client_call(from->client, &answer, "GET", "/api/v1/log/witnesses", NULL) != OK ||
	    json_get_text(&note, answer, "checkpoint") != OK || !is_cosigned(from, note))
		return false;
	buf_write(out, note);
	return true;
}

/* Witnesses cosign a moment after publication, which does not wait for them. */
static enum err fetch_checkpoint(struct buf *out, const struct log_from *from)
{
	int64_t end = clock_monotonic_ms() + LOG_FETCH_PATIENCE_MS;
	AUTO(buf_free) struct buf note = buf_new(NOTE_MAX);

	for (;;) {
		buf_reset(&note);
		TRY(fetch_remote(&note, from->client, "checkpoint"));
		if (!from->policy || is_cosigned(from, buf_slice(&note)) ||
		    clock_monotonic_ms() >= end)
			break;
		buf_reset(&note);
		if (fetch_cosigned(&note, from))
			break;
		poll(NULL, 0, LOG_FETCH_PAUSE_MS);
	}
	buf_write(out, buf_slice(&note));
	return buf_done(out);
}

static enum err fetch_remote_file(struct buf *out, const struct log_from *from, const char *path)
{
	return strcmp(path, "checkpoint") == 0 ? fetch_checkpoint(out, from)
					       : fetch_remote(out, from->client, path);
}

static enum err fetch_local(struct buf *out, const char *dir, const char *path)
{
	AUTO(arena_free) struct arena arena = {NULL};

	return file_read(out, AT_FDCWD, arena_printf(&arena, "%s/%s", dir, path));
}

static enum err save(int dir, const char *path, struct slice bytes)
{
	AUTO(arena_free) struct arena arena = {NULL};
	const char *parent = dirname(arena_string(&arena, slice_of_string(path)));

	TRY(file_make_directory(dir, parent, 0755));
	return file_write_atomic(dir, path, bytes, 0644);
}

enum err log_fetch(void *context, struct buf *out, const char *path)
{
	struct log_from *from = context;
	size_t before = out->size;
	struct slice bytes;

	TRY(from->client ? fetch_remote_file(out, from, path) : fetch_local(out, from->dir, path));
	bytes = slice_part(buf_slice(out), before, out->size);
	if (from->checkpoint.limit > 0 && strcmp(path, "checkpoint") == 0) {
		buf_reset(&from->checkpoint);
		buf_write(&from->checkpoint, bytes);
		TRY(buf_done(&from->checkpoint));
	}
	return from->save_to < 0 ? OK : save(from->save_to, path, bytes);
}

enum err log_fetch_tile(void *context, struct digest *out, struct tile tile)
{
	const struct log_tiles *tiles = context;
	struct tile now = tile_of(tile.level, tile.index, tiles->size);
	AUTO(buf_free) struct buf bytes = buf_new(TILE_BYTES);
	char path[TILE_PATH];
	enum err result;

	tile_path(path, now.width > tile.width ? now : tile);
	result = log_fetch(tiles->from, &bytes, path);
	if (result == ERR_NOT_FOUND && now.width < TILE_WIDTH) { /* it has grown meanwhile */
		now = tile;
		now.width = TILE_WIDTH;
		tile_path(path, now);
		result = log_fetch(tiles->from, &bytes, path);
	}
	TRY(result);
	if (bytes.size < tile.width * sizeof *out)
		return failure(ERR_FORMAT, "%s is too short", path);
	memcpy(out, bytes.data, tile.width * sizeof *out);
	return OK;
}

enum err log_fetch_vkey(const char **out, struct arena *arena, struct log_from *from)
{
	AUTO(buf_free) struct buf text = buf_new(4096);
	struct slice line, rest;

	TRY(log_fetch(from, &text, "vkey"));
	slice_cut(buf_slice(&text), '\n', &line, &rest);
	*out = arena_string(arena, line);
	return OK;
}
