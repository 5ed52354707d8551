/* SPDX-License-Identifier: Apache-2.0 */
/* A range never reaches past the file; the first byte gives the file's size. */
#include <assert.h>

#include "gateway/http/range.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t file = size ? data[0] : 0;
	struct range r = range_of(slice_of(size ? data + 1 : data, size ? size - 1 : 0), file);

	assert(r.first <= file && r.length <= file - r.first);
	assert(r.kind != RANGE_PART || r.length > 0);
	assert(r.kind != RANGE_WHOLE || (r.first == 0 && r.length == file));
	return 0;
}
