/* SPDX-License-Identifier: Apache-2.0 */
/* What the keeper is asked to sign beside licenses: what parses is written as it was read. */
#include <assert.h>

#include "crypto/license_jwt.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_free) struct arena a = {0};
	AUTO(buf_free) struct buf again = buf_new(LICENSE_JWT_TEXT);
	struct license_export export;

	if (license_status_check(slice_of(data, size), 1767225600) == OK)
		return 0;
	if (license_export_parse(&export, &a, slice_of(data, size)) != OK)
		return 0;
	assert(license_export_write(&again, &export) == OK);
	assert(slice_equal(buf_slice(&again), slice_of(data, size)));
	return 0;
}
