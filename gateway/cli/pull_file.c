/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/pull_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "crypto/bulk.h"

enum {
	PULL_PIECE = 1024 * 1024,
	PULL_IDLE_TRIES = 10, /* one after the other, without a byte */
	PULL_PAUSE_MS = 250,  /* doubled each time, up to the longest */
	PULL_LONGEST_PAUSE_MS = 8000,
	PULL_STOP_POLL_MS = 100,
	PULL_SILENT_SECONDS = 30,
};

/* A part that grows. */
struct intake {
	struct pull_line *line;
	const struct tree_file *file;
	int fd;
	uint64_t have;
	bool is_begun; /* of this answer, the first byte came */
	const struct client_answer *answer;
};

static struct slice content_id(const struct tree_file *file)
{
	return slice_of_string(file->sha256 ? file->sha256 : file->git);
}

void pull_item_init(struct pull_item *out, const struct tree_file *file)
{
	AUTO(buf_free) struct buf hex = buf_new(2 * DIGEST_SIZE);
	struct digest_state state;
	struct digest digest;

	*out = (struct pull_item){.file = file};
	digest_begin(&state);
	digest_update(&state, slice_of(file->path, strlen(file->path) + 1));
	digest_update(&state, content_id(file));
	digest = digest_end(&state);
	text_write_hex(&hex, digest_slice(&digest));
	snprintf(out->part, sizeof out->part, TREE_PART_PREFIX "%.*s", PULL_PART_ID,
		 buf_string(&hex));
}

static void count(struct pull_line *line, uint64_t bytes)
{
	pthread_mutex_lock(&line->shared->lock);
	line->shared->received += bytes;
	progress_add(&line->shared->progress, bytes);
	pthread_mutex_unlock(&line->shared->lock);
}

/* Bytes that need not come (or must come again, negative) are no part of the bar. */
static void count_known(struct pull_line *line, int64_t bytes)
{
	pthread_mutex_lock(&line->shared->lock);
	line->shared->progress.total -= (uint64_t)bytes;
	pthread_mutex_unlock(&line->shared->lock);
}

static enum err set_size(struct intake *in, uint64_t size)
{
	if (ftruncate(in->fd, (off_t)size) != 0 || lseek(in->fd, (off_t)size, SEEK_SET) < 0)
		return failure_errno("the part of \"%s\"", in->file->path);
	count_known(in->line, (int64_t)size - (int64_t)in->have);
	in->have = size;
	return OK;
}

/* Do the bytes that come now belong where the part ends, and to this content? */
static enum err begin(struct intake *in)
{
	AUTO(buf_free) struct buf range = buf_new(64);
	struct slice etag = client_header(in->answer, "ETag");
	struct slice content_range = client_header(in->answer, "Content-Range");

	in->is_begun = true;
	if (etag.size >= 2 && etag.data[0] == '"')
		etag = slice_part(etag, 1, etag.size - 2);
	if (etag.size && !slice_equal(etag, content_id(in->file)))
		return failure(ERR_FORGED,
			       "\"%s\": the gateway sends another content than its "
			       "revision lists",
			       in->file->path);
	if (in->have == 0)
		return OK;
	if (content_range.size == 0)
		return set_size(in, 0); /* all of it comes */
	buf_printf(&range, "bytes %llu-", (unsigned long long)in->have);
	if (!slice_starts_with(content_range, buf_slice(&range)))
		return failure(ERR_FORMAT, "\"%s\": the gateway sends another range than was asked",
			       in->file->path);
	return OK;
}

static enum err take_piece(void *context, struct slice bytes)
{
	struct intake *in = context;

	if (atomic_load(&in->line->shared->is_stopped))
		return failure(ERR_CLOSED, "stopped");
	if (!in->is_begun)
		TRY(begin(in));
	if (bytes.size > in->file->size - in->have)
		return failure(ERR_FORGED, "\"%s\": the gateway sends more than its revision lists",
			       in->file->path);
	if (file_write_all(in->fd, bytes) != OK) {
		char why[FAILURE_MAX_TEXT];

		snprintf(why, sizeof why, "%s", failure_text());
		return failure(ERR_IO, "\"%s\": %s; what came is kept, pull again to go on",
			       in->file->path, why);
	}
	in->have += bytes.size;
	count(in->line, bytes.size);
	return OK;
}

/* One answer's worth. *again: it broke off or was put off, and may be asked again. */
static enum err fetch_once(struct intake *in, bool *again)
{
	AUTO(client_answer_clear) struct client_answer answer = client_answer_new();
	struct pull_line *line = in->line;
	char range[32];
	struct client_request request = {.method = "GET",
					 .sink = take_piece,
					 .sink_context = in,
					 .silent_seconds = PULL_SILENT_SECONDS};
	enum err result;

	in->answer = &answer;
	in->is_begun = false;
	request.path = arena_printf(
		&line->arena, "/%s/resolve/%s/%s", line->shared->model, line->shared->revision,
		client_encode_path(&line->arena, slice_of_string(in->file->path)));
	snprintf(range, sizeof range, "%llu-", (unsigned long long)in->have);
	request.range = in->have ? range : NULL;
	result = client_send(line->client, &answer, &request);
	*again = result == ERR_CLOSED || result == ERR_TIMEOUT || result == ERR_UNAVAILABLE;
	TRY(result);
	*again = answer.status == 503 || answer.status == 502 || answer.status == 504 ||
		 answer.status == 429;
	TRY(client_check(line->client, &answer));
	*again = in->have < in->file->size;
	if (*again)
		return failure(ERR_CLOSED, "\"%s\": the gateway broke off", in->file->path);
	return OK;
}

static void pause_before(const struct pull_line *line, unsigned idle)
{
	int left = PULL_PAUSE_MS;

	while (idle-- > 0 && left < PULL_LONGEST_PAUSE_MS)
		left *= 2;
	for (; left > 0 && !atomic_load(&line->shared->is_stopped); left -= PULL_STOP_POLL_MS)
		poll(NULL, 0, PULL_STOP_POLL_MS);
}

static enum err fetch_rest(struct intake *in)
{
	unsigned idle = 0;

	while (in->have < in->file->size) {
		uint64_t before = in->have;
		bool again;
		enum err result = fetch_once(in, &again);

		if (result == OK)
			return OK;
		idle = in->have > before ? 0 : idle + 1;
		if (!again || idle == PULL_IDLE_TRIES || atomic_load(&in->line->shared->is_stopped))
			return result;
		pause_before(in->line, idle);
	}
	return OK;
}

/* What stands in the descriptor, from its beginning. */
static enum err check_content(bool *good, struct digest *sha256, const struct pull_line *line,
			      int fd, const struct tree_file *f)
{
	AUTO(bulk_auto) struct bulk *bulk = NULL;
	AUTO(buf_free) struct buf hex = buf_new(2 * BULK_SHA256);
	uint8_t git[BULK_GIT];
	struct stat status;

	*good = false;
	if (fstat(fd, &status) != 0)
		return failure_errno("\"%s\"", f->path);
	if (!S_ISREG(status.st_mode) || (uint64_t)status.st_size != f->size)
		return OK;
	TRY(bulk_new(&bulk, f->size));
	for (uint64_t at = 0; at < f->size;) {
		uint64_t left = f->size - at;
		size_t size = left < PULL_PIECE ? (size_t)left : PULL_PIECE;

		TRY(file_read_at(fd, line->piece, size, at));
		TRY(bulk_add(bulk, slice_of(line->piece, size)));
		at += size;
	}
	TRY(bulk_end(bulk, sha256->bytes, git));
	text_write_hex(&hex, f->sha256 ? digest_slice(sha256) : slice_of(git, sizeof git));
	*good = slice_equal(buf_slice(&hex), content_id(f));
	return OK;
}

static enum err is_there(struct pull_line *line, struct pull_item *item)
{
	AUTO(file_close)
	int fd = openat(line->shared->dir, item->file->path,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return OK;
	TRY(check_content(&item->is_there, &item->sha256, line, fd, item->file));
	if (item->is_there)
		count_known(line, (int64_t)item->file->size);
	return OK;
}

/* A part that an earlier run left may have been damaged since: then once more from nothing. */
static enum err fill_part(struct intake *in, struct pull_item *item)
{
	bool was_begun = in->have > 0, good;

	TRY(fetch_rest(in));
	TRY(check_content(&good, &item->sha256, in->line, in->fd, in->file));
	if (!good && was_begun) {
		TRY(set_size(in, 0));
		TRY(fetch_rest(in));
		TRY(check_content(&good, &item->sha256, in->line, in->fd, in->file));
	}
	if (!good) {
		TRY(set_size(in, 0));
		return failure(ERR_FORGED,
			       "\"%s\": what came is not what the revision holds; it was thrown "
			       "away. Pull again; if it stays so, tell the administrator",
			       in->file->path);
	}
	if (fsync(in->fd) != 0)
		return failure_errno("\"%s\" cannot be kept", in->file->path);
	return OK;
}

enum err pull_file_fetch(struct pull_line *line, struct pull_item *item)
{
	AUTO(file_close) int fd = -1;
	struct intake in = {.line = line, .file = item->file};
	struct stat status;

	if (!line->piece)
		line->piece = arena_alloc(&line->arena, PULL_PIECE);
	TRY(is_there(line, item));
	if (item->is_there)
		return OK;
	fd = openat(line->shared->dir, item->part, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0 || fstat(fd, &status) != 0)
		return failure_errno("\"%s\" cannot be written", item->part);
	in.fd = fd;
	TRY(set_size(&in,
		     (uint64_t)status.st_size <= item->file->size ? (uint64_t)status.st_size : 0));
	return fill_part(&in, item);
}
