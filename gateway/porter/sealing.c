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
#include "gateway/porter/intake.h"
#include "policy/pickle.h"

enum { PIPE_BYTES = 1024 * 1024 }; /* what an ordinary user may ask for */

/* One file on its way into the store. */
struct sealing {
	int file;
	struct intake *intake;
	struct age_sealer *sealer;
};

static void sealing_clear(struct sealing *s)
{
	age_sealer_free(s->sealer);
	intake_free(s->intake);
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

/* What a file is made of, and what it shall be. */
struct source {
	intake_fill_fn *fill;
	void *context;
	uint64_t size;
	enum wire_content content;
};

static enum err begin(struct sealing *s, int store, const uint8_t blob[WIRE_ID],
		      const struct secret *file_key, const struct source *source)
{
	struct bulk *bulk;

	if (source->size > AGE_PLAIN_MAX)
		return failure(ERR_LIMIT, "a file of %llu bytes", (unsigned long long)source->size);
	if (source->content == WIRE_CONTENT_REGULAR)
		TRY(bulk_new(&bulk, source->size));
	else
		TRY(bulk_new_pointed(&bulk, source->size));
	TRY(intake_new(&s->intake, bulk, source->size, source->fill, source->context));
	TRY(age_sealer_new(&s->sealer, file_key, write_sealed, s));
	return blobs_begin(&s->file, store, blob);
}

static enum err pump(struct wire_porter_sealed *out, struct sealing *s, uint64_t size)
{
	struct slice bytes;

	out->is_pickle = false;
	for (bool is_first = true;; is_first = false) {
		TRY(intake_next(&bytes, s->intake));
		if (bytes.size == 0)
			break;
		if (is_first)
			out->is_pickle = pickle_begins(slice_part(bytes, 0, PICKLE_LOOK));
		TRY(age_sealer_push(s->sealer, bytes));
	}
	TRY(intake_end(s->intake, out->sha256, out->git_sha1));
	out->size = size;
	return age_sealer_finish(s->sealer);
}

/* Its name, or nothing. */
static enum err seal(struct wire_porter_sealed *out, int store, const uint8_t blob[WIRE_ID],
		     const struct secret *file_key, const struct source *source)
{
	AUTO(sealing_clear) struct sealing s = {.file = -1};
	enum err result;

	TRY(begin(&s, store, blob, file_key, source));
	result = pump(out, &s, source->size);
	if (result == OK)
		result = blobs_publish(store, blob, s.file);
	if (result != OK)
		blobs_abandon(store, blob);
	return result;
}

/* The pipe is waited for, and whoever stops the intake; *ready: there is something to read. */
static enum err wait_for(bool *ready, int pipe, int stop)
{
	struct pollfd items[] = {{.fd = pipe, .events = POLLIN}, {.fd = stop, .events = POLLIN}};

	while (poll(items, 2, -1) < 0)
		if (errno != EINTR)
			return failure_errno("pipe: cannot wait");
	*ready = items[1].revents == 0;
	return OK;
}

/* Until the room is full or the pipe has ended: few, large pieces. */
static enum err fill_from_pipe(void *context, uint8_t *room, size_t *got, int stop)
{
	const int *pipe = context;

	for (*got = 0; *got < INTAKE_SLOT;) {
		bool ready = false;
		ssize_t n;

		TRY(wait_for(&ready, *pipe, stop));
		if (!ready)
			return OK;
		n = read(*pipe, room + *got, INTAKE_SLOT - *got);
		if (n == 0)
			return OK;
		if (n > 0)
			*got += (size_t)n;
		else if (errno != EINTR && errno != EAGAIN)
			return failure_errno("pipe: cannot read");
	}
	return OK;
}

enum err sealing_from_pipe(struct wire_porter_sealed *out, int store, const struct secret *file_key,
			   const struct wire_porter_seal *ask, int pipe)
{
	struct source source = {fill_from_pipe, &pipe, ask->size, ask->content};

	/* A small one works too: there is a ceiling on what all pipes of a user hold. */
	if (ask->size > INTAKE_SLOT)
		(void)fcntl(pipe, F_SETPIPE_SZ, PIPE_BYTES);
	return seal(out, store, ask->blob, file_key, &source);
}

/* The parts of a file, one after the other. */
struct parts {
	int store;
	const struct secret *file_key;
	const struct wire_porter_join *ask;
	uint16_t next; /* part to be opened */
	int file;
	struct age_opener *opener; /* of the one before it; NULL between two */
	uint64_t offset;           /* in that */
	uint8_t *room;
};

static void parts_clear(struct parts *p)
{
	age_opener_free(p->opener);
	file_close(&p->file);
}

static void close_part(struct parts *p)
{
	age_opener_free(p->opener);
	p->opener = NULL;
	file_close(&p->file);
	p->file = -1;
}

static enum err open_part(struct parts *p)
{
	uint64_t before = p->ask->part_size * p->next;
	uint64_t size = p->next + 1 < p->ask->count ? p->ask->part_size : p->ask->size - before;
	uint64_t sealed_size;

	if (before / p->ask->part_size != p->next || before > p->ask->size ||
	    size > p->ask->size - before)
		return failure(ERR_FORMAT, "more parts than the file has");
	TRY(blobs_open(&p->file, &sealed_size, p->store, p->ask->parts[p->next]));
	if (sealed_size != age_sealed_size(size))
		return failure(ERR_FORGED, "a part has another size than it was sealed with");
	p->offset = 0;
	p->next++;
	return age_opener_new(&p->opener, p->file_key, age_source_file, &p->file, sealed_size);
}

static enum err put_opened(void *context, struct slice bytes)
{
	struct parts *p = context;

	memcpy(p->room, bytes.data, bytes.size);
	p->room += bytes.size;
	return OK;
}

static enum err fill_from_parts(void *context, uint8_t *room, size_t *got, int stop)
{
	struct parts *p = context;
	uint64_t left;

	(void)stop; /* a file does not keep one waiting */
	*got = 0;
	if (p->opener && p->offset == age_opener_size(p->opener))
		close_part(p);
	if (!p->opener && p->next == p->ask->count)
		return OK;
	if (!p->opener)
		TRY(open_part(p));
	left = age_opener_size(p->opener) - p->offset;
	*got = left < INTAKE_SLOT ? (size_t)left : INTAKE_SLOT;
	p->room = room;
	TRY(age_opener_range(p->opener, p->offset, *got, put_opened, p));
	p->offset += *got;
	return OK;
}

enum err sealing_join(struct wire_porter_sealed *out, int store, const struct secret *file_key,
		      const struct wire_porter_join *ask)
{
	AUTO(parts_clear)
	struct parts parts = {.store = store, .file_key = file_key, .ask = ask, .file = -1};
	struct source source = {fill_from_parts, &parts, ask->size, WIRE_CONTENT_LARGE};

	if (ask->part_size == 0)
		return failure(ERR_FORMAT, "parts of no size");
	return seal(out, store, ask->blob, file_key, &source);
}
