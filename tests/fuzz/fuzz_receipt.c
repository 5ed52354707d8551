/* SPDX-License-Identifier: Apache-2.0 */
/* A receipt of whatever form, under a key that signed nothing: it is never said to hold. */
#include <assert.h>

#include "gateway/cli/receipt.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice vkey = S(
		"example.com/none+b6680804+AQEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
	AUTO(arena_free) struct arena arena = {0};
	AUTO(json_auto) json_t *receipt = NULL;
	struct receipt out;

	if (json_read(&receipt, slice_of(data, size), RECEIPT_MAX_FILE) != OK)
		return 0;
	assert(receipt_verify(&out, &arena, receipt, S(""), vkey) != OK);
	return 0;
}
