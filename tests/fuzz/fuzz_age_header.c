/* SPDX-License-Identifier: Apache-2.0 */
/* Headers of age files: what parses is written as it was read, stanza by stanza. */
#include <assert.h>

#include "crypto/age_header.h"
#include "crypto/age_wire.h"
#include "crypto/base/text.h"
#include "tests/fuzz/fuzz.h"

static void write_again(struct buf *out, const struct age_header *h)
{
	age_header_begin(out);
	for (size_t i = 0; i < h->stanza_count; i++) {
		buf_write_string(out, "->");
		for (size_t k = 0; k < h->stanzas[i].argument_count; k++)
			buf_printf(out, " %.*s", SLICE_PRINT(h->stanzas[i].arguments[k]));
		buf_write_u8(out, '\n');
		age_write_body(out, h->stanzas[i].body);
	}
	buf_write_string(out, "--- ");
	text_write_base64(out, digest_slice(&h->mac), TEXT_BASE64_RAW);
	buf_write_u8(out, '\n');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_free) struct arena a = {0};
	AUTO(buf_free) struct buf again = buf_new(2 * AGE_HEADER_MAX);
	struct age_header h;
	struct age_context context;

	if (age_header_parse(&h, &a, slice_of(data, size)) != OK)
		return 0;
	(void)!age_header_context(&context, &a, &h);
	write_again(&again, &h);
	assert(slice_equal(buf_slice(&again), slice_of(data, h.size)));
	return 0;
}
