/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* mlock2 */
#include "inference/model/region.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

enum {
	LARGE = 2 << 20, /* of a page; where others are larger, nothing is made of small ones */
	COLLAPSE = 25,   /* MADV_COLLAPSE; kernels before 6.1 say that they do not know it */
};

size_t region_round(size_t size)
{
	return (size + REGION_ALIGNMENT - 1) / REGION_ALIGNMENT * REGION_ALIGNMENT;
}

enum err region_open_as(struct region *out, enum region_pages pages, size_t size, bool strict)
{
	struct region r = {.size = size ? size : 1};
	unsigned how = pages == REGION_AT_ONCE ? 0 : MLOCK_ONFAULT;

	r.start = mmap(NULL, r.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (r.start == MAP_FAILED)
		return failure(ERR_LIMIT, "memory: %zu bytes cannot be had", size);
	/* Before the pages exist: fewer, larger ones make weights up to a fifth faster to read. A
	 * kernel without them is as good otherwise. */
	(void)madvise(r.start, r.size,
		      pages == REGION_SMALL_FIRST ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
	r.settled = pages == REGION_SMALL_FIRST ? 0 : r.size;
	r.touched = r.size;
	r.locked = mlock2(r.start, r.size, how) == 0;
	if (strict && !r.locked) {
		region_close(&r);
		return failure(ERR_DENIED,
			       "memory: %zu bytes cannot be locked; raise RLIMIT_MEMLOCK or give "
			       "CAP_IPC_LOCK",
			       size);
	}
	/* Both always work on a private mapping; older kernels without them fail the start. */
	if (madvise(r.start, r.size, MADV_DONTDUMP) != 0 ||
	    madvise(r.start, r.size, MADV_WIPEONFORK) != 0) {
		region_close(&r);
		return failure_errno("memory: cannot be kept out of core dumps and children");
	}
	*out = r;
	return OK;
}

enum err region_open(struct region *out, size_t size, bool strict)
{
	return region_open_as(out, REGION_AT_ONCE, size, strict);
}

/* The kernel copies; the small pages are zeroed before anybody else has them, as always. */
bool region_settle(struct region *r)
{
	uintptr_t start = (uintptr_t)r->start, next = start + r->settled;
	uintptr_t page = (next + LARGE - 1) / LARGE * LARGE;

	if (r->settled == 0) /* from now on the kernel does so by itself, too, slowly */
		(void)madvise(r->start, r->size, MADV_HUGEPAGE);
	if (page + LARGE > start + r->size || madvise((void *)page, LARGE, COLLAPSE) != 0) {
		r->settled = r->size;
		return false;
	}
	r->settled = page + LARGE - start;
	return true;
}

void region_close(struct region *r)
{
	if (!r->start)
		return;
	explicit_bzero(r->start, r->touched);
	munmap(r->start, r->size);
	*r = (struct region){0};
}

void *region_take(struct region *r, size_t size)
{
	void *taken = (char *)r->start + r->used;

	assert(region_round(size) <= r->size - r->used);
	r->used += region_round(size);
	return taken;
}
