/* SPDX-License-Identifier: Apache-2.0 */
/* The first line is an expression, the rest a text: matches follow one another, on characters. */
#include <assert.h>

#include "inference/tokenizer/regex.h"
#include "tests/fuzz/fuzz.h"

static bool is_boundary(struct slice text, size_t at)
{
	return at == text.size || (text.data[at] & 0xc0) != 0x80;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(regex_auto) struct regex *r = NULL;
	struct slice pattern;
	struct slice text;
	struct regex_walk walk;
	size_t last = 0;

	if (!slice_cut(slice_of(data, size), '\n', &pattern, &text) || !slice_is_utf8(text) ||
	    !slice_is_utf8(pattern) || regex_new(&r, pattern) != OK)
		return 0;
	walk = regex_begin(r, text);
	while (regex_next(&walk) == OK && walk.found) {
		assert(walk.start >= last && walk.end > walk.start && walk.end <= text.size);
		assert(is_boundary(text, walk.start) && is_boundary(text, walk.end));
		last = walk.end;
	}
	return 0;
}
