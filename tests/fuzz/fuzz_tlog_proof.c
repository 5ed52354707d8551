/* SPDX-License-Identifier: Apache-2.0 */
/* Receipts: what parses is written as it was read. */
#include <assert.h>

#include "crypto/tlog_proof.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(buf_free) struct buf again = buf_new(TLOG_PROOF_MAX);
	struct slice text = slice_of(data, size);
	struct tlog_proof proof;

	if (tlog_proof_parse(&proof, text) != OK)
		return 0;
	tlog_proof_write(&again, &proof);
	assert(slice_equal(buf_slice(&again), text));
	return 0;
}
