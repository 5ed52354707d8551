/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An engine: sealed files in store/ to read, locked memory, threads. No socket. The only role
 * that may map executable pages: oneDNN writes its kernels at run time.
 */
#define _GNU_SOURCE
#include "gateway/proc/sandbox.h"

#include <fcntl.h>
#include <linux/mempolicy.h>
#include <sched.h>

/* clang-format off */
static const struct sandbox_call calls[] = {
	/* sealed files */
	SANDBOX_ALLOW_IF(openat, 2, O_ACCMODE | O_CREAT | O_TRUNC, 0, "to read, below a granted directory"),
	SANDBOX_ALLOW(pread64, "files"),
	SANDBOX_ALLOW(preadv, "a chunk and its tag, each to its place"),
	SANDBOX_ALLOW(getdents64, "directories"),
	SANDBOX_ALLOW(statx, "files"),
	SANDBOX_ALLOW(fadvise64, "reads ahead"),

	/* memory */
	SANDBOX_ALLOW(mmap, "oneDNN maps the code it writes"),
	SANDBOX_ALLOW(mprotect, "oneDNN makes it executable"),
	SANDBOX_ALLOW_EQUAL(arch_prctl, 0, 0x1022, "oneDNN: ARCH_GET_XCOMP_PERM"),
	SANDBOX_ALLOW_EQUAL(arch_prctl, 0, 0x1023, "tile registers: ARCH_REQ_XCOMP_PERM"),
	SANDBOX_ALLOW(mlock, "secrets stay in memory"),
	SANDBOX_ALLOW(munlock, "secrets"),
	SANDBOX_ALLOW(mlock2, "weights stay in memory"),
	SANDBOX_ALLOW(get_mempolicy, "how many memory nodes there are"),
	SANDBOX_ALLOW_EQUAL(mbind, 2, MPOL_INTERLEAVE, "weights lie in all of them"),

	/* compute pool */
	SANDBOX_ALLOW_IF(clone, 0, CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM, "threads only"),
	SANDBOX_ALLOW(eventfd2, "wakes the loop"),
	SANDBOX_ALLOW(sched_setaffinity, "threads stay on their cores"),
	SANDBOX_ALLOW(sched_getparam, "thread attributes"),
	SANDBOX_ALLOW(sched_getscheduler, "thread attributes"),
	SANDBOX_ALLOW(sched_get_priority_max, "thread attributes"),
	SANDBOX_ALLOW(sched_get_priority_min, "thread attributes"),
	SANDBOX_ALLOW(getcpu, "which core"),
	SANDBOX_ALLOW(uname, "foreign libraries"),
	SANDBOX_ALLOW(getrusage, "how much was used"),
};
/* clang-format on */

const struct sandbox_page sandbox_engine = {calls, sizeof calls / sizeof calls[0]};
