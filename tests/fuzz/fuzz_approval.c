/* SPDX-License-Identifier: Apache-2.0 */
/* Statements of approvers: what parses is written as it was read. */
#include <assert.h>

#include "crypto/approval.h"
#include "crypto/json.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(json_auto) json_t *statement = NULL;
	AUTO(json_auto) json_t *subject = NULL;
	AUTO(buf_free) struct buf again = buf_new(APPROVAL_MAX);
	struct approval a;

	if (approval_parse(&a, &statement, &subject, slice_of(data, size)) != OK)
		return 0;
	assert(approval_write(&again, &a, subject) == OK);
	assert(slice_equal(buf_slice(&again), slice_of(data, size)));
	return 0;
}
