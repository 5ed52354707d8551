/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/infer/running.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

struct running {
	unsigned most;
	atomic_uint count;
};

struct running *running_new(unsigned most)
{
	struct running *r = calloc(1, sizeof *r);

	assert(r && most > 0);
	r->most = most;
	return r;
}

void running_free(struct running *r)
{
	free(r);
}

enum err running_enter(struct running *r)
{
	if (atomic_fetch_add(&r->count, 1) < r->most)
		return OK;
	atomic_fetch_sub(&r->count, 1);
	return failure(ERR_LIMIT, "%u generations are under way; try again in a moment", r->most);
}

unsigned running_count(const struct running *r)
{
	return atomic_load(&r->count);
}

void running_leave(struct running *r)
{
	unsigned before = atomic_fetch_sub(&r->count, 1);

	assert(before > 0);
}
