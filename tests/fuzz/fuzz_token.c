/* SPDX-License-Identifier: Apache-2.0 */
/* Base62: what decodes encodes to the same text. A token of a stranger is never verified. */
#include <assert.h>

#include "crypto/base62.h"
#include "crypto/token.h"
#include "tests/fuzz/fuzz.h"

enum { WIRE = 90 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct token_key key = {.id = {0x30}};
	struct slice text = slice_of(data, size);
	struct token token;
	uint8_t wire[WIRE];

	assert(token_verify(&token, text, &key, 1, 0) != OK);
	text = slice_part(text, 3, TOKEN_DIGITS);
	if (text.size == TOKEN_DIGITS && base62_read(wire, WIRE, text) == OK) {
		AUTO(buf_free) struct buf again = buf_new(TOKEN_DIGITS);

		base62_write(&again, slice_of(wire, WIRE), TOKEN_DIGITS);
		assert(slice_equal(buf_slice(&again), text));
	}
	return 0;
}
