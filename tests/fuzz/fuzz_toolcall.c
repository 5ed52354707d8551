/* SPDX-License-Identifier: Apache-2.0 */
/* What a model writes is told the same whatever pieces it comes in; the first byte is the format.
 */
#include <assert.h>

#include "inference/chat/toolcall.h"
#include "tests/fuzz/fuzz.h"

static void hear(void *context, enum toolcall_part part, unsigned call, struct slice text)
{
	struct buf *out = context;

	assert(text.size > 0 && slice_is_utf8(text));
	if (part == TOOLCALL_NAME)
		buf_printf(out, "\n[%u]", call);
	buf_write(out, text);
}

static unsigned read_by(struct buf *out, const struct toolcall_format *f, struct slice text,
			size_t step)
{
	AUTO(toolcall_auto) struct toolcall_reader *r = toolcall_new(f, false, NULL);

	while (text.size) {
		size_t size = step < text.size ? step : text.size;

		while (size < text.size && (text.data[size] & 0xc0) == 0x80)
			size++;
		toolcall_write(r, slice_part(text, 0, size), hear, out);
		text = slice_part(text, size, text.size);
	}
	toolcall_finish(r, hear, out);
	return toolcall_count(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(buf_free) struct buf whole = buf_new(1 << 22), pieces = buf_new(1 << 22);
	const struct toolcall_format *f = TOOLCALL_FORMATS;

	if (size == 0 || !slice_is_utf8(slice_of(data + 1, size - 1)))
		return 0;
	for (unsigned i = data[0] % 8; i > 0 && f[1].name; i--)
		f++;
	unsigned calls = read_by(&whole, f, slice_of(data + 1, size - 1), size);
	assert(read_by(&pieces, f, slice_of(data + 1, size - 1), 1) == calls);
	assert(slice_equal(buf_slice(&whole), buf_slice(&pieces)));
	return 0;
}
