/* SPDX-License-Identifier: Apache-2.0 */
/* The scribe: libpq, and the tiles and checkpoints in log/. No thread. */
#include "gateway/proc/sandbox.h"

#include <sys/socket.h>

/* clang-format off */
static const struct sandbox_call calls[] = {
	/* log/ */
	SANDBOX_ALLOW(openat, "files below a granted directory"),
	SANDBOX_ALLOW(pread64, "files"),
	SANDBOX_ALLOW(getdents64, "directories"),
	SANDBOX_ALLOW(statx, "files"),
	SANDBOX_ALLOW(fstatfs, "room on the disk"),
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

	/* libpq */
	SANDBOX_ALLOW_EQUAL(socket, 0, AF_UNIX, "the database by its socket directory"),
	SANDBOX_ALLOW_INET(socket, 0, AF_INET, "the database by TCP"),
	SANDBOX_ALLOW_INET(socket, 0, AF_INET6, "the database by TCP"),
	SANDBOX_ALLOW(connect, "the database"),
	SANDBOX_ALLOW(sendto, "the database"),
	SANDBOX_ALLOW(recvfrom, "the database"),
	SANDBOX_ALLOW(getsockopt, "the database"),
	SANDBOX_ALLOW(setsockopt, "the database"),
	SANDBOX_ALLOW(getsockname, "the database"),
	SANDBOX_ALLOW(getpeername, "the database"),
	SANDBOX_ALLOW(shutdown, "the database"),
};
/* clang-format on */

const struct sandbox_page sandbox_scribe = {calls, sizeof calls / sizeof calls[0]};
