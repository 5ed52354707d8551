/* SPDX-License-Identifier: Apache-2.0 */
/* JSON: the canonical form of what was read is its own canonical form. */
#include <assert.h>

#include "crypto/json.h"
#include "tests/fuzz/fuzz.h"

enum { MAX_TEXT = 65536 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(json_auto) json_t *first = NULL;
	AUTO(json_auto) json_t *second = NULL;
	AUTO(buf_free) struct buf once = buf_new(8 * MAX_TEXT);
	AUTO(buf_free) struct buf twice = buf_new(8 * MAX_TEXT);

	if (json_read(&first, slice_of(data, size), MAX_TEXT) != OK ||
	    json_write_canonical(&once, first) != OK)
		return 0;
	assert(json_read(&second, buf_slice(&once), 8 * MAX_TEXT) == OK);
	assert(json_equal(first, second));
	assert(json_write_canonical(&twice, second) == OK);
	assert(slice_equal(buf_slice(&once), buf_slice(&twice)));
	return 0;
}
