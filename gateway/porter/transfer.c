/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/porter/transfer.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "crypto/age_stream.h"
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

static enum err write_pipe(int pipe, struct slice bytes)
{
	while (bytes.size) {
		ssize_t n = write(pipe, bytes.data, bytes.size);

		if (n >= 0)
			bytes = slice_part(bytes, (size_t)n, bytes.size);
		else if (errno == EPIPE)
			return failure(ERR_CLOSED, "pipe: the reader is gone");
		else if (errno == EAGAIN)
			TRY(wait_for(pipe, POLLOUT));
		else if (errno != EINTR)
			return failure_errno("pipe: cannot write");
	}
	return OK;
}

struct outlet {
	int pipe;
	uint64_t bytes;
};

static enum err write_opened(void *context, struct slice bytes)
{
	struct outlet *outlet = context;

	TRY(write_pipe(outlet->pipe, bytes));
	outlet->bytes += bytes.size;
	return OK;
}

enum err transfer_open(struct wire_porter_opened *out, int store, const struct secret *file_key,
		       const struct wire_porter_open *ask, int pipe)
{
	AUTO(file_close) int file = -1;
	AUTO(age_opener_auto) struct age_opener *opener = NULL;
	struct outlet outlet = {.pipe = pipe};
	uint64_t sealed_size;

	if (ask->plain_size > AGE_PLAIN_MAX)
		return failure(ERR_LIMIT, "a file of %llu bytes",
			       (unsigned long long)ask->plain_size);
	TRY(blobs_open(&file, &sealed_size, store, ask->blob));
	if (sealed_size != age_sealed_size(ask->plain_size))
		return failure(ERR_FORGED, "the sealed file has %llu bytes instead of %llu",
			       (unsigned long long)sealed_size,
			       (unsigned long long)age_sealed_size(ask->plain_size));
	TRY(age_opener_new(&opener, file_key, age_source_file, &file, sealed_size));
	TRY(age_opener_range(opener, ask->offset, ask->length, write_opened, &outlet));
	out->bytes = outlet.bytes;
	return OK;
}

enum err transfer_copy(struct wire_porter_copied *out, int store,
		       const struct wire_porter_copy *ask, int pipe)
{
	AUTO(file_close) int file = -1;
	uint8_t bytes[32 * 1024];
	uint64_t size;

	TRY(blobs_open(&file, &size, store, ask->blob));
	for (out->bytes = 0; out->bytes < size;) {
		size_t step = size - out->bytes < sizeof bytes ? size - out->bytes : sizeof bytes;

		TRY(file_read_at(file, bytes, step, out->bytes));
		TRY(write_pipe(pipe, slice_of(bytes, step)));
		out->bytes += step;
	}
	return OK;
}
