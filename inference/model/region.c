/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/model/region.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

size_t region_round(size_t size)
{
	return (size + REGION_ALIGNMENT - 1) / REGION_ALIGNMENT * REGION_ALIGNMENT;
}

enum err region_open(struct region *out, size_t size, bool strict)
{
	struct region r = {.size = size ? size : 1};

	r.start = mmap(NULL, r.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (r.start == MAP_FAILED)
		return failure(ERR_LIMIT, "memory: %zu bytes cannot be had", size);
	/* Before the pages exist: fewer, larger ones make weights up to a fifth faster to read. A
	 * kernel without them is as good otherwise. */
	(void)madvise(r.start, r.size, MADV_HUGEPAGE);
	r.locked = mlock(r.start, r.size) == 0;
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

void region_close(struct region *r)
{
	if (!r->start)
		return;
	explicit_bzero(r->start, r->size);
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
