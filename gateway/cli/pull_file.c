/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* sync_file_range */
#include "gateway/cli/pull_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "gateway/cli/pull_place.h"
#include "gateway/http/retry.h"

enum {
	PULL_READ = 1024 * 1024,   /* bytes read at a time to be hashed */
	PULL_NOTE = 1024 * 1024,   /* bytes after which the map is told */
	PULL_IDLE_TRIES = 10,      /* one after the other, without a byte */
	PULL_SAID_PAUSE_MS = 2000, /* a longer pause is explained */
	PULL_STOP_POLL_MS = 100,
	PULL_SILENT_SECONDS = 30,
};

/* A piece that grows. */
struct intake {
	struct pull_line *line;
	struct pull_item *item;
	size_t index;
	uint64_t at;    /* in the file: where the next byte goes */
	uint64_t end;   /* of the piece */
	uint64_t noted; /* what the map was told */
	bool is_begun;  /* of this answer, the first byte came */
	const struct client_answer *answer;
};

/* What the gateway's ETag is, without its quotes. */
static struct slice etag_of(const struct tree_file *file)
{
	return slice_of_string(file->git ? file->git : file->sha256);
}

static bool is_right(const struct pull_item *item)
{
	AUTO(buf_free) struct buf hex = buf_new(2 * DIGEST_SIZE);

	text_write_hex(&hex, digest_slice(&item->sha256));
	return slice_equal(buf_slice(&hex), slice_of_string(item->file->sha256));
}

static struct digest id_of(const struct tree_file *file)
{
	struct digest_state state;

	digest_begin(&state);
	digest_update(&state, slice_of(file->path, strlen(file->path) + 1));
	digest_update(&state, slice_of_string(file->sha256));
	return digest_end(&state);
}

void pull_item_init(struct pull_item *out, const struct tree_file *file)
{
	AUTO(buf_free) struct buf hex = buf_new(2 * DIGEST_SIZE);
	struct digest id = id_of(file);

	*out = (struct pull_item){.file = file, .fd = -1, .map_fd = -1};
	text_write_hex(&hex, digest_slice(&id));
	snprintf(out->part, sizeof out->part, TREE_PART_PREFIX "%.*s", PULL_PART_ID,
		 buf_string(&hex));
	snprintf(out->map_name, sizeof out->map_name, "%.*s.map", (int)sizeof out->part - 5,
		 out->part);
	pull_map_init(&out->map, &id, file->size);
	out->claimed = calloc(out->map.count + 1, sizeof *out->claimed);
	if (!out->claimed)
		abort();
}

static void close_part(struct pull_item *item)
{
	file_close(&item->fd);
	file_close(&item->map_fd);
	item->fd = item->map_fd = -1;
	bulk_free(item->bulk);
	item->bulk = NULL;
}

void pull_item_clear(struct pull_item *item)
{
	close_part(item);
	pull_map_clear(&item->map);
	free(item->claimed);
	item->claimed = NULL;
}

static bool is_stopped(const struct pull_shared *s)
{
	return atomic_load(&s->is_stopped) || (s->interrupted && s->interrupted());
}

static enum err hash_range(struct bulk *bulk, struct pull_line *line, int fd, uint64_t at,
			   uint64_t end)
{
	if (!line->piece)
		line->piece = arena_alloc(&line->arena, PULL_READ);
	while (at < end) {
		size_t size = end - at < PULL_READ ? (size_t)(end - at) : PULL_READ;

		if (is_stopped(line->shared))
			return failure(ERR_CLOSED, "interrupted");
		TRY(file_read_at(fd, line->piece, size, at));
		TRY(bulk_add(bulk, slice_of(line->piece, size)));
		at += size;
	}
	return OK;
}

/* Only what may be right, or ours, is worth hashing. */
static enum err look_into(struct pull_line *line, struct pull_item *item, int fd, uint64_t size)
{
	AUTO(bulk_auto) struct bulk *bulk = NULL;
	const char *path = item->file->path;
	uint8_t git[BULK_GIT];

	item->is_foreign = true;
	if (size != item->file->size && !json_object_get(line->shared->record, path))
		return OK;
	TRY(bulk_new_pointed(&bulk, size));
	TRY(hash_range(bulk, line, fd, 0, size));
	TRY(bulk_end(bulk, item->sha256.bytes, git));
	item->is_foreign = !is_right(item) &&
			   !place_record_has(line->shared->record, path, &item->sha256);
	if (is_right(item))
		item->state = PULL_THERE;
	return OK;
}

enum err pull_item_look(struct pull_line *line, struct pull_item *item)
{
	AUTO(file_close) int fd = -1;
	struct stat status;

	TRY(place_open(&fd, line->shared->dir, item->file->path));
	if (fd < 0)
		return OK;
	if (fstat(fd, &status) != 0)
		return failure_errno("\"%s\"", item->file->path);
	return look_into(line, item, fd, (uint64_t)status.st_size);
}

/* No map, a damaged one, or a part that is shorter than its map says: nothing is there. */
static void read_map(const struct pull_shared *s, struct pull_item *item)
{
	AUTO(buf_free) struct buf text = buf_new(PULL_MAP_MAX);
	struct stat status;

	pull_map_reset(&item->map);
	if (file_read(&text, s->dir, item->map_name) != OK ||
	    pull_map_read(&item->map, buf_slice(&text)) != OK ||
	    fstatat(s->dir, item->part, &status, AT_SYMLINK_NOFOLLOW) != 0)
		return;
	for (size_t i = item->map.count; i-- > 0;)
		if (item->map.done[i] &&
		    pull_map_begin(&item->map, i) + item->map.done[i] > (uint64_t)status.st_size)
			item->map.done[i] = 0;
}

uint64_t pull_item_missing(const struct pull_shared *s, struct pull_item *item)
{
	uint64_t missing;

	read_map(s, item);
	missing = pull_map_missing(&item->map);
	item->was_begun = missing < item->file->size;
	return missing;
}

static enum err write_map(struct pull_item *item)
{
	AUTO(buf_free) struct buf text = buf_new(PULL_MAP_MAX);

	pull_map_write(&text, &item->map);
	TRY(buf_done(&text));
	if (pwrite(item->map_fd, text.data, text.size, 0) != (ssize_t)text.size ||
	    ftruncate(item->map_fd, (off_t)text.size) != 0)
		return failure_errno("the map of \"%s\" cannot be written", item->file->path);
	return OK;
}

enum err pull_item_open(const struct pull_shared *s, struct pull_item *item)
{
	const int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC;

	item->fd = openat(s->dir, item->part, flags, 0644);
	item->map_fd = openat(s->dir, item->map_name, flags, 0644);
	if (item->fd < 0 || item->map_fd < 0)
		return failure_errno("\"%s\" cannot be written", item->part);
	if (!item->was_begun && ftruncate(item->fd, 0) != 0)
		return failure_errno("\"%s\" cannot be written", item->part);
	TRY(write_map(item));
	TRY(bulk_new_pointed(&item->bulk, item->file->size));
	item->state = PULL_OPEN;
	return OK;
}

static void count(struct pull_line *line, uint64_t bytes)
{
	pthread_mutex_lock(&line->shared->lock);
	line->shared->received += bytes;
	progress_add(&line->shared->progress, bytes);
	pthread_mutex_unlock(&line->shared->lock);
}

/* The bytes first, then the map that says they are there. A cell belongs to one connection. Once
 * the last byte of the piece is noted, others may end the file: its descriptors are not touched
 * here from then on. */
static enum err note(struct intake *in)
{
	AUTO(buf_free) struct buf cell = buf_new(8);
	uint64_t done = in->at - pull_map_begin(&in->item->map, in->index);

	buf_write_u64(&cell, done);
	/* Begins to write out, so that the wait at the end is short. Not needed: not checked. */
	(void)sync_file_range(in->item->fd, (off_t)in->noted, (off_t)(in->at - in->noted),
			      SYNC_FILE_RANGE_WRITE);
	if (pwrite(in->item->map_fd, cell.data, cell.size, (off_t)pull_map_cell(in->index)) != 8)
		return failure_errno("the map of \"%s\" cannot be written", in->item->file->path);
	in->noted = in->at;
	pthread_mutex_lock(&in->line->shared->lock); /* others ask whether the piece is done */
	in->item->map.done[in->index] = done;
	pthread_mutex_unlock(&in->line->shared->lock);
	return OK;
}

/* Do the bytes that come now belong where they shall go, and to this content? */
static enum err begin(struct intake *in)
{
	AUTO(buf_free) struct buf range = buf_new(96);
	const struct tree_file *file = in->item->file;
	struct slice etag = client_header(in->answer, "ETag");
	struct slice content_range = client_header(in->answer, "Content-Range");
	bool is_whole = in->at == 0 && in->end == file->size;

	in->is_begun = true;
	if (etag.size >= 2 && etag.data[0] == '"')
		etag = slice_part(etag, 1, etag.size - 2);
	if (etag.size && !slice_equal(etag, etag_of(file)))
		return failure(ERR_FORGED,
			       "\"%s\": the gateway sends another content than its "
			       "revision lists",
			       file->path);
	if (is_whole && content_range.size == 0)
		return OK;
	buf_printf(&range, "bytes %llu-%llu/%llu", (unsigned long long)in->at,
		   (unsigned long long)in->end - 1, (unsigned long long)file->size);
	if (!slice_equal(content_range, buf_slice(&range)))
		return failure(ERR_FORMAT, "\"%s\": the gateway sends another range than was asked",
			       file->path);
	return OK;
}

static enum err write_at(int fd, struct slice bytes, uint64_t at)
{
	while (bytes.size) {
		ssize_t put = pwrite(fd, bytes.data, bytes.size, (off_t)at);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return failure_errno("cannot write");
		at += (uint64_t)put;
		bytes = slice_part(bytes, (size_t)put, bytes.size);
	}
	return OK;
}

static enum err take_bytes(void *context, struct slice bytes)
{
	struct intake *in = context;

	if (is_stopped(in->line->shared))
		return failure(ERR_CLOSED, "interrupted");
	if (!in->is_begun)
		TRY(begin(in));
	if (bytes.size > in->end - in->at)
		return failure(ERR_FORGED, "\"%s\": the gateway sends more than its revision lists",
			       in->item->file->path);
	if (write_at(in->item->fd, bytes, in->at) != OK) {
		char why[FAILURE_MAX_TEXT];

		snprintf(why, sizeof why, "%s", failure_text());
		return failure(ERR_IO, "\"%s\": %s; what came is kept, pull again to go on",
			       in->item->file->path, why);
	}
	in->at += bytes.size;
	count(in->line, bytes.size);
	return in->at - in->noted >= PULL_NOTE ? note(in) : OK;
}

/* One answer's worth. *again: it broke off or was put off, and may be asked again, after so many
 * seconds if it says how many. */
static enum err fetch_once(struct intake *in, bool *again, int64_t *asked)
{
	AUTO(client_answer_clear) struct client_answer answer = client_answer_new();
	struct pull_line *line = in->line;
	char range[64];
	struct client_request request = {.method = "GET",
					 .sink = take_bytes,
					 .sink_context = in,
					 .most_per_second = line->shared->limit_rate,
					 .silent_seconds = PULL_SILENT_SECONDS};
	enum err result;

	in->answer = &answer;
	in->is_begun = false;
	*asked = 0;
	request.path = arena_printf(
		&line->arena, "/%s/resolve/%s/%s", line->shared->model, line->shared->revision,
		client_encode_path(&line->arena, slice_of_string(in->item->file->path)));
	snprintf(range, sizeof range, "%llu-%llu", (unsigned long long)in->at,
		 (unsigned long long)in->end - 1);
	request.range = in->at > 0 || in->end < in->item->file->size ? range : NULL;
	result = client_send(line->client, &answer, &request);
	*again = result == ERR_CLOSED || result == ERR_TIMEOUT || result == ERR_UNAVAILABLE;
	TRY(result);
	*again = retry_is_worth(answer.status);
	*asked = answer.retry_after;
	TRY(client_check(line->client, &answer));
	*again = in->at < in->end;
	if (*again)
		return failure(ERR_CLOSED, "\"%s\": the gateway broke off", in->item->file->path);
	return OK;
}

static void pause_before(struct pull_line *line, unsigned idle, int64_t asked)
{
	int64_t left = retry_pause_ms(idle, asked);

	pthread_mutex_lock(&line->shared->lock);
	line->shared->retries++;
	if (left >= PULL_SAID_PAUSE_MS) {
		char text[FAILURE_MAX_TEXT + 64];

		snprintf(text, sizeof text, "%.200s; trying again in %lld s", failure_text(),
			 (long long)(left + 999) / 1000);
		progress_say(&line->shared->progress, text);
	}
	pthread_mutex_unlock(&line->shared->lock);
	for (; left > 0 && !is_stopped(line->shared); left -= PULL_STOP_POLL_MS)
		poll(NULL, 0, PULL_STOP_POLL_MS);
}

static enum err give_up(enum err result, unsigned tries)
{
	char why[FAILURE_MAX_TEXT];

	snprintf(why, sizeof why, "%s", failure_text());
	return failure(result, "%.400s; given up after %u tries", why, tries);
}

static enum err fetch_rest(struct intake *in)
{
	unsigned idle = 0;

	while (in->at < in->end) {
		uint64_t before = in->at;
		int64_t asked;
		bool again;
		enum err result = fetch_once(in, &again, &asked);

		if (result == OK)
			return OK;
		idle = in->at > before ? 1 : idle + 1;
		if (!again || is_stopped(in->line->shared))
			return result;
		if (idle == PULL_IDLE_TRIES)
			return give_up(result, idle);
		pause_before(in->line, idle, asked);
	}
	return OK;
}

enum err pull_item_fetch(struct pull_line *line, struct pull_item *item, size_t index)
{
	uint64_t begin_at = pull_map_begin(&item->map, index);
	struct intake in = {.line = line,
			    .item = item,
			    .index = index,
			    .at = begin_at + item->map.done[index],
			    .end = begin_at + pull_map_length(&item->map, index)};
	enum err result;

	in.noted = in.at;
	result = fetch_rest(&in);
	if (in.at > in.noted && result != ERR_IO && result != ERR_FULL) {
		char why[FAILURE_MAX_TEXT];

		snprintf(why, sizeof why, "%s", failure_text());
		TRY(note(&in));
		if (result != OK)
			return failure(result, "%s", why);
	}
	TRY(result);
	return OK;
}

enum err pull_item_hash(struct pull_line *line, struct pull_item *item, size_t index)
{
	uint64_t at = pull_map_begin(&item->map, index);

	return hash_range(item->bulk, line, item->fd, at, at + pull_map_length(&item->map, index));
}

/* What is wrong is thrown away, so that it is not taken up again. */
static enum err throw_away(struct pull_item *item)
{
	pull_map_reset(&item->map);
	memset(item->claimed, 0, item->map.count * sizeof *item->claimed);
	item->hashed = 0;
	item->was_begun = false;
	bulk_free(item->bulk);
	item->bulk = NULL;
	TRY(write_map(item));
	TRY(bulk_new_pointed(&item->bulk, item->file->size));
	return ftruncate(item->fd, 0) == 0 ? OK
					   : failure_errno("the part of \"%s\"", item->file->path);
}

enum err pull_item_reject(struct pull_item *item, bool *again)
{
	*again = item->was_begun;
	TRY(throw_away(item));
	if (*again)
		return OK;
	return failure(ERR_FORGED,
		       "\"%s\": what came is not what the revision holds; it was thrown away. Pull "
		       "again; if it stays so, tell the administrator",
		       item->file->path);
}

enum err pull_item_finish(struct pull_item *item, bool *good)
{
	uint8_t git[BULK_GIT];

	TRY(bulk_end(item->bulk, item->sha256.bytes, git));
	*good = is_right(item);
	if (!*good)
		return OK;
	if (ftruncate(item->fd, (off_t)item->file->size) != 0 || fsync(item->fd) != 0)
		return failure_errno("\"%s\" cannot be kept", item->file->path);
	close_part(item);
	return OK;
}
