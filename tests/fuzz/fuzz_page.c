/* SPDX-License-Identifier: Apache-2.0 */
/* "path LF query": a page that is understood has a limit in bounds, and the link to the page behind
 * any item stays within its brackets and leads behind exactly that item. */
#include <assert.h>

#include "gateway/api/page.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO(arena_free) struct arena arena = {0};
	AUTO(buf_free) struct buf link = buf_new(PAGE_MAX_LINK);
	struct slice path, query, head, rest;
	struct page page, next;

	slice_cut(slice_of(data, size < 2000 ? size : 2000), '\n', &path, &query);
	if (slice_find(path, '?') < path.size || page_read(&page, &arena, query, 50, 100) != OK)
		return 0; /* a path ends before its query */
	assert(page.limit >= 1 && page.limit <= 100);
	assert(page.after.size <= PAGE_MAX_NAME && slice_is_utf8(page.after));
	page_write_next(&link, S("https://h"), path, query, S("a/b"));
	assert(!link.overflow);
	slice_cut(buf_slice(&link), '>', &head, &rest);
	assert(slice_equal(rest, S("; rel=\"next\"")));
	slice_cut(head, '?', &path, &query);
	for (size_t i = 0; i < path.size; i++)
		assert(path.data[i] > 0x20 && path.data[i] < 0x7f);
	if (page_read(&next, &arena, query, 50, 100) == OK)
		assert(slice_equal(next.after, S("a/b")) && next.limit == page.limit);
	return 0;
}
