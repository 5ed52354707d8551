/* SPDX-License-Identifier: Apache-2.0 */
/* Our tag at the head of a list is found, whatever follows it. */
#include <assert.h>

#include "crypto/base/buf.h"
#include "gateway/http/conditions.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(buf_free) struct buf list = buf_new(65536);
	struct slice etag = S("\"5f36b2ea290645ee34d943220a14b54ee5ea5be5\"");
	enum condition alone;

	buf_write(&list, etag);
	buf_write(&list, S(","));
	buf_write(&list, slice_of(data, size));
	if (buf_done(&list) != OK)
		return 0;
	/* Ours first: found, whatever follows. */
	assert(condition_of((struct slice){0}, buf_slice(&list), etag) == CONDITION_NOT_MODIFIED);
	assert(condition_of(buf_slice(&list), (struct slice){0}, etag) == CONDITION_NONE);
	alone = condition_of((struct slice){0}, slice_of(data, size), etag);
	assert(alone == CONDITION_NONE || alone == CONDITION_NOT_MODIFIED);
	assert(!condition_allows_range(slice_of(list.data, list.size - size), etag));
	return 0;
}
