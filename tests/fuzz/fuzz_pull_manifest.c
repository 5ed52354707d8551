/* SPDX-License-Identifier: Apache-2.0 */
/* An entry that is accepted names each file of the listing with a digest. */
#include <assert.h>

#include "gateway/cli/pull_proof.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_free) struct arena arena = {NULL};
	struct tree_file files[] = {{.path = "a", .size = 1}, {.path = "b", .size = 2}};
	struct tree tree = {.files = files, .count = 2};

	if (pull_proof_read(&tree, &arena, slice_of(data, size), S("m"), S("r")) != OK)
		return 0;
	for (size_t i = 0; i < tree.count; i++)
		assert(files[i].is_logged && strlen(files[i].sha256) == 64);
	return 0;
}
