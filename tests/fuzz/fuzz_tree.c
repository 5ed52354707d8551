/* SPDX-License-Identifier: Apache-2.0 */
/* What a listing names stays below its directory, is none of our own names, and comes once. */
#include <assert.h>

#include "gateway/cli/tree.h"
#include "tests/fuzz/fuzz.h"

static void check_path(struct slice path)
{
	struct slice part, rest = path;
	bool more = true;

	assert(path.size > 0 && path.data[0] != '/' && slice_is_utf8(path));
	assert(!slice_starts_with(path, S(TREE_OWN_PREFIX)));
	while (more) {
		more = slice_cut(rest, '/', &part, &rest);
		assert(part.size && !slice_equal(part, S("..")) && !slice_equal(part, S(".")));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_free) struct arena arena = {NULL};
	AUTO(json_auto) json_t *list = NULL;
	struct slice text = slice_of(data, size), next = tree_next_page(text);
	struct tree tree;

	assert(next.size == 0 || (next.data > data && next.data + next.size < data + size));
	if (tree_check_path(text) == OK)
		check_path(text);
	if (json_read(&list, text, 1 << 20) != OK || tree_read(&tree, &arena, list) != OK)
		return 0;
	for (size_t i = 0; i < tree.count; i++) {
		check_path(slice_of_string(tree.files[i].path));
		assert(i == 0 || strcmp(tree.files[i - 1].path, tree.files[i].path) < 0);
	}
	return 0;
}
