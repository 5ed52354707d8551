/* SPDX-License-Identifier: Apache-2.0 */
/* Licenses: what parses is written as it was read. */
#include <assert.h>

#include "crypto/license.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_free) struct arena a = {0};
	AUTO(buf_free) struct buf again = buf_new(LICENSE_MAX);
	struct license l;

	if (license_parse(&l, &a, slice_of(data, size)) != OK)
		return 0;
	assert(license_write(&again, &l) == OK);
	assert(slice_equal(buf_slice(&again), slice_of(data, size)));
	return 0;
}
