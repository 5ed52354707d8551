/* SPDX-License-Identifier: Apache-2.0 */
/* A porter: sealed files in store/, pipes and rings of the edge, threads. It makes no socket. */
#define _GNU_SOURCE
#include "gateway/proc/sandbox.h"

#include <fcntl.h>
#include <sched.h>

/* clang-format off */
static const struct sandbox_call calls[] = {
	/* store/ */
	SANDBOX_ALLOW(openat, "files below a granted directory"),
	SANDBOX_ALLOW(pread64, "files"),
	SANDBOX_ALLOW(preadv, "a chunk and its tag, each to its place"),
	SANDBOX_ALLOW(getdents64, "directories"),
	SANDBOX_ALLOW(statx, "files"),
	SANDBOX_ALLOW(pwrite64, "files"),
	SANDBOX_ALLOW(pwritev, "files"),
	SANDBOX_ALLOW(fsync, "durability"),
	SANDBOX_ALLOW(fdatasync, "durability"),
	SANDBOX_ALLOW(ftruncate, "files"),
	SANDBOX_ALLOW(fallocate, "files"),
	SANDBOX_ALLOW(rename, "files"),
	SANDBOX_ALLOW(renameat, "files"),
	SANDBOX_ALLOW(renameat2, "files"),
	SANDBOX_ALLOW(unlink, "files"),
	SANDBOX_ALLOW(unlinkat, "files"),
	SANDBOX_ALLOW(mkdir, "directories"),
	SANDBOX_ALLOW(mkdirat, "directories"),
	SANDBOX_ALLOW(fchmod, "files"),
	SANDBOX_ALLOW(flock, "one writer"),
	SANDBOX_ALLOW(fadvise64, "reads ahead"),
	SANDBOX_ALLOW(sync_file_range, "writes behind"),

	/* the edge's pipes */
	SANDBOX_ALLOW(splice, "pipes"),
	SANDBOX_ALLOW_EQUAL(fcntl, 1, F_SETPIPE_SZ, "larger pipes"),
	SANDBOX_ALLOW_EQUAL(fcntl, 1, F_GETPIPE_SZ, "larger pipes"),

	/* rings */
	SANDBOX_ALLOW(memfd_create, "the pool of a ring"),
	SANDBOX_ALLOW_EQUAL(fcntl, 1, F_ADD_SEALS, "the pool is sealed before it is handed over"),
	SANDBOX_ALLOW(shutdown, "the end of a ring, for all its threads"),

	/* transfers */
	SANDBOX_ALLOW(eventfd2, "wakes the loop"),
	SANDBOX_ALLOW_IF(clone, 0, CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM, "threads only"),
	SANDBOX_ALLOW(mlock, "secrets stay in memory"),
	SANDBOX_ALLOW(munlock, "secrets"),
};
/* clang-format on */

const struct sandbox_page sandbox_porter = {calls, sizeof calls / sizeof calls[0]};
