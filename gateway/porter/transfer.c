/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/porter/transfer.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "crypto/age_stream.h"
#include "crypto/bulk.h"
#include "gateway/porter/blobs.h"

/* Pipes may be non-blocking, as their other ends are: then wait. */
static enum err wait_for(int pipe, short events)
{
	struct pollfd item = {.fd = pipe, .events = events};

	while (poll(&item, 1, -1) < 0)
		if (errno != EINTR)
			return failure_errno("pipe: cannot wait");
	return OK;
}

static enum err read_pipe(int pipe, uint8_t *out, size_t size, size_t *got)
{
	for (;;) {
		ssize_t n = read(pipe, out, size);

		if (n >= 0) {
			*got = (size_t)n;
			return OK;
		}
		if (errno == EAGAIN)
			TRY(wait_for(pipe, POLLIN));
		else if (errno != EINTR)
			return failure_errno("pipe: cannot read");
	}
}

static enum err write_sealed(void *context, struct slice bytes)
{
	const int *file = context;

	return file_write_all(*file, bytes);
}

static enum err pump_sealing(struct age_sealer *sealer, struct bulk *bulk, uint64_t size, int pipe)
{
	AUTO(secret_auto) struct secret *plain = NULL; /* wiped when done */
	uint64_t total = 0;

	TRY(secret_new(&plain, AGE_CHUNK));
	for (;;) {
		size_t got = 0;
		struct slice piece;

		TRY(read_pipe(pipe, secret_bytes(plain), AGE_CHUNK, &got));
		if (got == 0)
			break;
		if (got > size - total)
			return failure(ERR_FORMAT, "more than the %llu bytes that were declared",
				       (unsigned long long)size);
		total += got;
		piece = slice_part(secret_slice(plain), 0, got);
		TRY(bulk_add(bulk, piece));
		TRY(age_sealer_push(sealer, piece));
	}
	if (total != size)
		return failure(ERR_FORMAT, "%llu bytes came, %llu were declared",
			       (unsigned long long)total, (unsigned long long)size);
	return age_sealer_finish(sealer);
}

static enum err seal_into(struct wire_porter_sealed *out, int file, const struct secret *file_key,
			  uint64_t size, int pipe)
{
	AUTO(age_sealer_auto) struct age_sealer *sealer = NULL;
	AUTO(bulk_auto) struct bulk *bulk = NULL;

	TRY(bulk_new(&bulk, size));
	TRY(age_sealer_new(&sealer, file_key, write_sealed, &file));
	TRY(pump_sealing(sealer, bulk, size, pipe));
	out->size = size;
	return bulk_end(bulk, out->sha256, out->git_sha1);
}

enum err transfer_seal(struct wire_porter_sealed *out, int store, const struct secret *file_key,
		       const struct wire_porter_seal *ask, int pipe)
{
	AUTO(file_close) int file = -1;
	enum err result;

	if (ask->size > AGE_PLAIN_MAX)
		return failure(ERR_LIMIT, "a file of %llu bytes", (unsigned long long)ask->size);
	TRY(blobs_begin(&file, store, ask->blob));
	result = seal_into(out, file, file_key, ask->size, pipe);
	if (result == OK)
		result = blobs_publish(store, ask->blob, file);
	if (result != OK)
		blobs_abandon(store, ask->blob);
	return result;
}
