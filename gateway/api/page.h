/* SPDX-License-Identifier: Apache-2.0 */
/*
 * page.h - lists a page at a time, as the Hub's clients ask for them: `limit` and `cursor` in the
 * query, and the next page's whole address in a Link header (RFC 8288). A cursor names the last
 * item that was shown, so that a list which changes meanwhile repeats and skips nothing. Pure.
 */
#ifndef GATEWAY_API_PAGE_H
#define GATEWAY_API_PAGE_H

#include "crypto/base/arena.h"
#include "crypto/base/buf.h"

enum { PAGE_MAX_NAME = 1024, PAGE_MAX_LINK = 12 * 1024 };

struct page {
	size_t limit;       /* 1 to what is the most */
	struct slice after; /* name of the item before the first wanted; empty: begin */
};

/* What the query asks for: `usual` items without a limit, never more than `most`. ERR_FORMAT: a
 * limit that is no number, or a cursor that is none of ours. */
RESULT page_read(struct page *out, struct arena *arena, struct slice query, size_t usual,
		 size_t most);

/* A cursor of a list by time: the last item's time and id; ms 0 where there is none. ERR_FORMAT: it
 * is none of ours. */
RESULT page_read_moment(int64_t *ms, uint8_t id[16], const struct page *page);
struct slice page_moment(struct arena *arena, int64_t ms, const uint8_t id[16]);

/* The Link header's value: `base` (as https://host), then path and query as they came in, with a
 * cursor behind the item `last`. */
void page_write_next(struct buf *out, struct slice base, struct slice path, struct slice query,
		     struct slice last);

#endif
