/* SPDX-License-Identifier: Apache-2.0 */
/* Any text comes back from its ids, byte for byte; special tokens written out in it, too. */
#define _GNU_SOURCE /* memmem */
#include <assert.h>
#include <fcntl.h>

#include "crypto/base/file.h"
#include "inference/tokenizer/tokenizer.h"
#include "tests/fuzz/fuzz.h"

static struct tokenizer *demo_tokenizer(void)
{
	static struct tokenizer *tokenizer; /* read once for all inputs */
	AUTO(buf_free) struct buf json = buf_new(TOKENIZER_MAX_FILE);

	if (tokenizer)
		return tokenizer;
	assert(file_read(&json, AT_FDCWD, "../data/demo-model/tokenizer.json") == OK);
	assert(tokenizer_open(&tokenizer, buf_slice(&json)) == OK);
	return tokenizer;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(token_list_free) struct token_list ids = {0};
	AUTO(buf_free) struct buf text = buf_new(1 << 22);
	struct slice input = slice_of(data, size);

	/* U+2581 means a space here. */
	if (memmem(data, size, "\xe2\x96\x81", 3) ||
	    tokenizer_encode_plain(demo_tokenizer(), &ids, input) != OK)
		return 0;
	assert(tokenizer_decode(demo_tokenizer(), &text, ids.ids, ids.count) == OK);
	assert(slice_equal(buf_slice(&text), input));
	return 0;
}
