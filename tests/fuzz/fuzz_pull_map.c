/* SPDX-License-Identifier: Apache-2.0 */
/* A map that is read says no more than there is, and writes to the same bytes. */
#include <assert.h>

#include "crypto/base/reader.h"
#include "gateway/cli/pull_map.h"
#include "gateway/cli/tree.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(buf_free) struct buf written = buf_new(PULL_MAP_MAX);
	struct slice text = slice_of(data, size);
	struct digest content = {{0}};
	struct reader r = reader_of(text);
	struct pull_map m;
	uint64_t file_size;

	read_bytes(&r, 16); /* the mark */
	read_array(&r, content.bytes, DIGEST_SIZE);
	file_size = read_u64(&r) & (((uint64_t)1 << TREE_MAX_SIZE_BITS) - 1);
	pull_map_init(&m, &content, file_size);
	if (pull_map_read(&m, text) == OK) {
		assert(pull_map_missing(&m) <= file_size);
		pull_map_write(&written, &m);
		assert(slice_equal(buf_slice(&written), text));
	} else {
		assert(pull_map_missing(&m) == file_size);
	}
	pull_map_clear(&m);
	return 0;
}
