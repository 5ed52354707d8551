/* SPDX-License-Identifier: Apache-2.0 */
/* What text.h decodes encodes to the same characters. The first byte chooses the decoder. */
#include <assert.h>
#include <string.h>

#include "crypto/base/text.h"
#include "tests/fuzz/fuzz.h"

enum { HEX, BASE64_FIRST, UUID = BASE64_FIRST + 3, DECODERS, MAX_TEXT = 4096 };

static void encode_again(struct buf *again, unsigned decoder, struct slice text)
{
	AUTO(buf_free) struct buf bytes = buf_new(MAX_TEXT);
	uint8_t fixed[MAX_TEXT / 2];
	char uuid[TEXT_UUID];

	if (decoder == HEX && text_read_hex(fixed, text.size / 2, text) == OK) {
		text_write_hex(again, slice_of(fixed, text.size / 2));
	} else if (decoder == UUID && text_read_uuid(fixed, text) == OK) {
		text_uuid(uuid, fixed);
		buf_write(again, slice_of(uuid, strlen(uuid)));
	} else if (decoder != HEX && decoder != UUID &&
		   text_read_base64(&bytes, text, decoder - BASE64_FIRST) == OK) {
		text_write_base64(again, buf_slice(&bytes), decoder - BASE64_FIRST);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(buf_free) struct buf again = buf_new(MAX_TEXT);
	struct slice text;

	if (size == 0 || size > MAX_TEXT)
		return 0;
	text = slice_of(data + 1, size - 1);
	encode_again(&again, data[0] % DECODERS, text);
	assert(buf_slice(&again).size == 0 || slice_equal(buf_slice(&again), text));
	return 0;
}
