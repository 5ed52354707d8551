/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* F_SETPIPE_SZ */
#include "gateway/porter/sealing.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "crypto/age_stream.h"
#include "crypto/base/file.h"
#include "gateway/porter/blobs.h"
#include "gateway/porter/hashing.h"

enum { PIPE_BYTES = 1024 * 1024 }; /* what an ordinary user may ask for */

/* One file on its way into the store. */
struct sealing {
	int file;
	uint64_t size; /* as declared */
	uint64_t done; /* bytes of plaintext so far */
	struct hashing *hashing;
	struct age_sealer *sealer;
};

static void sealing_clear(struct sealing *s)
{
	age_sealer_free(s->sealer);
	hashing_free(s->hashing);
	file_close(&s->file);
}

static enum err write_sealed(void *context, struct slice bytes)
{
	const struct sealing *s = context;

	while (bytes.size) {
		ssize_t n = write(s->file, bytes.data, bytes.size);

		if (n >= 0)
			bytes = slice_part(bytes, (size_t)n, bytes.size);
		else if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
			return failure(ERR_FULL, "the store has no room left");
		else if (errno != EINTR)
			return failure_errno("store: cannot write");
	}
	return OK;
}

static enum err begin(struct sealing *s, int store, const uint8_t blob[WIRE_ID],
		      const struct secret *file_key, enum wire_content content)
{
	struct bulk *bulk;

	if (s->size > AGE_PLAIN_MAX)
		return failure(ERR_LIMIT, "a file of %llu bytes", (unsigned long long)s->size);
	if (content == WIRE_CONTENT_REGULAR)
		TRY(bulk_new(&bulk, s->size));
	else
		TRY(bulk_new_pointed(&bulk, s->size));
	TRY(hashing_new(&s->hashing, bulk, s->size));
	TRY(age_sealer_new(&s->sealer, file_key, write_sealed, s));
	return blobs_begin(&s->file, store, blob);
}

/* `got` bytes stand in the room that was taken. */
static enum err take(struct sealing *s, const uint8_t *room, size_t got)
{
	if (got > s->size - s->done)
		return failure(ERR_FORMAT, "more than the %llu bytes that were declared",
			       (unsigned long long)s->size);
	s->done += got;
	TRY(hashing_give(s->hashing, got));
	return age_sealer_push(s->sealer, slice_of(room, got));
}

static enum err end(struct wire_porter_sealed *out, struct sealing *s)
{
	if (s->done != s->size)
		return failure(ERR_FORMAT, "%llu bytes came, %llu were declared",
			       (unsigned long long)s->done, (unsigned long long)s->size);
	TRY(age_sealer_finish(s->sealer));
	out->size = s->size;
	return hashing_end(s->hashing, out->sha256, out->git_sha1);
}

/* Its name, or nothing. */
static enum err settle(enum err result, const struct sealing *s, int store,
		       const uint8_t blob[WIRE_ID])
{
	if (result == OK)
		result = blobs_publish(store, blob, s->file);
	if (result != OK && s->file >= 0)
		blobs_abandon(store, blob);
	return result;
}

/* The pipe may be non-blocking, as its other end is: then wait. */
static enum err wait_for(int pipe)
{
	struct pollfd item = {.fd = pipe, .events = POLLIN};

	while (poll(&item, 1, -1) < 0)
		if (errno != EINTR)
			return failure_errno("pipe: cannot wait");
	return OK;
}

/* Until the room is full or the pipe has ended: few, large pieces. */
static enum err fill(uint8_t *room, size_t *got, int pipe)
{
	for (*got = 0; *got < HASHING_SLOT;) {
		ssize_t n = read(pipe, room + *got, HASHING_SLOT - *got);

		if (n == 0)
			return OK;
		if (n > 0)
			*got += (size_t)n;
		else if (errno == EAGAIN)
			TRY(wait_for(pipe));
		else if (errno != EINTR)
			return failure_errno("pipe: cannot read");
	}
	return OK;
}

static enum err pump(struct sealing *s, int pipe)
{
	for (;;) {
		uint8_t *room;
		size_t got;

		TRY(hashing_room(&room, s->hashing));
		TRY(fill(room, &got, pipe));
		if (got == 0)
			return OK;
		TRY(take(s, room, got));
	}
}

enum err sealing_from_pipe(struct wire_porter_sealed *out, int store, const struct secret *file_key,
			   const struct wire_porter_seal *ask, int pipe)
{
	AUTO(sealing_clear) struct sealing s = {.file = -1, .size = ask->size};
	enum err result;

	/* A small one works too: there is a ceiling on what all pipes of a user hold. */
	if (ask->size > HASHING_SLOT)
		(void)fcntl(pipe, F_SETPIPE_SZ, PIPE_BYTES);
	TRY(begin(&s, store, ask->blob, file_key, ask->content));
	result = pump(&s, pipe);
	if (result == OK)
		result = end(out, &s);
	return settle(result, &s, store, ask->blob);
}

static enum err take_opened(void *context, struct slice bytes)
{
	struct sealing *s = context;
	uint8_t *room;

	TRY(hashing_room(&room, s->hashing));
	memcpy(room, bytes.data, bytes.size); /* a chunk at most: it fits */
	return take(s, room, bytes.size);
}

static enum err add_part(struct sealing *s, int store, const struct secret *file_key,
			 const uint8_t part[WIRE_ID], uint64_t size)
{
	AUTO(file_close) int file = -1;
	AUTO(age_opener_auto) struct age_opener *opener = NULL;
	uint64_t sealed_size;

	TRY(blobs_open(&file, &sealed_size, store, part));
	if (sealed_size != age_sealed_size(size))
		return failure(ERR_FORGED, "a part has another size than it was sealed with");
	TRY(age_opener_new(&opener, file_key, age_source_file, &file, sealed_size));
	return age_opener_range(opener, 0, size, take_opened, s);
}

static enum err add_parts(struct sealing *s, int store, const struct secret *file_key,
			  const struct wire_porter_join *ask)
{
	for (uint16_t i = 0; i < ask->count; i++) {
		uint64_t left = s->size - s->done;
		uint64_t size = i + 1 < ask->count && ask->part_size < left ? ask->part_size : left;

		TRY(add_part(s, store, file_key, ask->parts[i], size));
	}
	return OK;
}

enum err sealing_join(struct wire_porter_sealed *out, int store, const struct secret *file_key,
		      const struct wire_porter_join *ask)
{
	AUTO(sealing_clear) struct sealing s = {.file = -1, .size = ask->size};
	enum err result;

	TRY(begin(&s, store, ask->blob, file_key, WIRE_CONTENT_LARGE));
	result = add_parts(&s, store, file_key, ask);
	if (result == OK)
		result = end(out, &s);
	return settle(result, &s, store, ask->blob);
}
