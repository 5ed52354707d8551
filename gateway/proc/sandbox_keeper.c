/* SPDX-License-Identifier: Apache-2.0 */
/* The keeper: its journal and keyring, secrets in locked memory. No socket, no thread. */
#include "gateway/proc/sandbox.h"

/* clang-format off */
static const struct sandbox_call calls[] = {
	/* its own directory */
	SANDBOX_ALLOW(openat, "files below a granted directory"),
	SANDBOX_ALLOW(pread64, "files"),
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

	/* secrets */
	SANDBOX_ALLOW(mlock, "secrets stay in memory"),
	SANDBOX_ALLOW(munlock, "secrets"),
};
/* clang-format on */

const struct sandbox_page sandbox_keeper = {calls, sizeof calls / sizeof calls[0]};
