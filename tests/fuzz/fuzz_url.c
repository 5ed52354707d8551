/* SPDX-License-Identifier: Apache-2.0 */
/* What decodes encodes to text that decodes to the same; a path gives no dots and no NUL. */
#include <assert.h>

#include "crypto/base/buf.h"
#include "gateway/http/url.h"
#include "tests/fuzz/fuzz.h"

static void check_path(struct slice path)
{
	AUTO(arena_free) struct arena arena = {NULL};
	struct slice segments[64];
	size_t count;

	if (url_split_path(segments, 64, &count, &arena, path) != OK)
		return;
	for (size_t i = 0; i < count; i++) {
		assert(!slice_equal(segments[i], S("..")) && !slice_equal(segments[i], S(".")));
		assert(slice_find(segments[i], 0) == segments[i].size);
		assert(slice_is_utf8(segments[i]));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_free) struct arena arena = {NULL};
	AUTO(buf_free) struct buf again = buf_new(1 << 20);
	struct slice text = slice_of(data, size), once, twice, rest = text, name, value;
	bool failed;

	check_path(text);
	while (url_form_next(&rest, &arena, &name, &value, &failed))
		assert(slice_find(value, 0) == value.size);
	if (size > 100000 || url_decode(&once, &arena, text) != OK)
		return 0;
	url_write_component(&again, once);
	assert(url_decode(&twice, &arena, buf_slice(&again)) == OK && slice_equal(once, twice));
	return 0;
}
