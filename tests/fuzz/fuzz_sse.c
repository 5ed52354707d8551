/* SPDX-License-Identifier: Apache-2.0 */
/* The text of an event stream is the same in whatever portions its bytes come. */
#include <assert.h>

#include "gateway/cli/sse.h"
#include "tests/fuzz/fuzz.h"

static enum err collect(void *context, struct slice text)
{
	buf_write(context, text);
	return buf_done(context);
}

static enum err read_in(struct buf *out, struct slice bytes, size_t portion)
{
	AUTO(sse_clear) struct sse s = sse_new(collect, out);

	for (size_t at = 0; at < bytes.size; at += portion)
		TRY(sse_push(&s, slice_part(bytes, at, portion)));
	return OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(buf_free) struct buf whole = buf_new(1 << 20);
	AUTO(buf_free) struct buf pieces = buf_new(1 << 20);
	enum err first = read_in(&whole, slice_of(data, size), size ? size : 1);
	enum err second = read_in(&pieces, slice_of(data, size), 3);

	assert(first == second);
	assert(slice_equal(buf_slice(&whole), buf_slice(&pieces)));
	return 0;
}
