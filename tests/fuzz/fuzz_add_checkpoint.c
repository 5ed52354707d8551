/* SPDX-License-Identifier: Apache-2.0 */
/* What logs send to witnesses: what parses is written as it was read. */
#include <assert.h>

#include "crypto/add_checkpoint.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(buf_free) struct buf again = buf_new(ADD_CHECKPOINT_MAX);
	struct add_checkpoint ask;

	if (add_checkpoint_parse(&ask, slice_of(data, size)) != OK)
		return 0;
	add_checkpoint_write(&again, ask.old_size, &ask.proof, ask.note);
	assert(buf_done(&again) == OK);
	assert(slice_equal(buf_slice(&again), slice_of(data, size)));
	return 0;
}
