/* SPDX-License-Identifier: Apache-2.0 */
/* License files: what parses is written as a file that says the same, and so is its checkout. */
#include <assert.h>

#include "crypto/license_file.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_free) struct arena a = {0};
	AUTO(license_file_clear) struct license_file file = {0}, again = {0};
	AUTO(buf_free) struct buf text = buf_new(2 * (size_t)LICENSE_FILE_MAX);
	AUTO(buf_free) struct buf checkout = buf_new(LICENSE_CHECKOUT_MAX);
	struct license_checkout parsed;

	if (license_file_parse(&file, &a, slice_of(data, size)) != OK)
		return 0;
	if (license_file_write(&text, &file) == OK) { /* a receipt may have fractions in it */
		assert(license_file_parse(&again, &a, buf_slice(&text)) == OK);
		assert(slice_equal(again.checkout, file.checkout));
	}
	if (license_checkout_parse(&parsed, &a, file.checkout) != OK)
		return 0;
	assert(license_checkout_write(&checkout, &parsed) == OK);
	assert(slice_equal(buf_slice(&checkout), file.checkout));
	return 0;
}
