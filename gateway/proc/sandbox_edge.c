/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The edge: epoll, TLS, a pool of threads, libpq, pipes and rings to the porters, log/ to read.
 * It accepts on the listener it was handed; it cannot bind or listen.
 */
#define _GNU_SOURCE
#include "gateway/proc/sandbox.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>

/* clang-format off */
static const struct sandbox_call calls[] = {
	/* the loop */
	SANDBOX_ALLOW(epoll_create1, "the loop"),
	SANDBOX_ALLOW(epoll_ctl, "the loop"),
	SANDBOX_ALLOW(epoll_wait, "the loop"),
	SANDBOX_ALLOW(epoll_pwait, "the loop"),
	SANDBOX_ALLOW(eventfd2, "workers wake the loop"),
	SANDBOX_ALLOW(accept4, "clients"),
	SANDBOX_ALLOW(accept, "clients"),

	/* bodies on their way to and from porters */
	SANDBOX_ALLOW(pipe2, "to a porter"),
	SANDBOX_ALLOW(splice, "from a pipe to a socket"),
	SANDBOX_ALLOW(sendfile, "log files"),

	/* rings to the porters */
	SANDBOX_ALLOW_EQUAL(socketpair, 0, AF_UNIX, "the channel of a ring"),
	SANDBOX_ALLOW_EQUAL(fcntl, 1, F_GET_SEALS, "is the pool sealed as it must be?"),

	/* log/ */
	SANDBOX_ALLOW_IF(openat, 2, O_ACCMODE | O_CREAT | O_TRUNC, 0, "to read, below a granted directory"),
	SANDBOX_ALLOW(pread64, "files"),
	SANDBOX_ALLOW(getdents64, "directories"),
	SANDBOX_ALLOW(statx, "files"),

	/* libpq; clients' sockets */
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

	/* workers */
	SANDBOX_ALLOW_IF(clone, 0, CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM, "threads only"),

	/* tokens and the TLS key in memory */
	SANDBOX_ALLOW(mlock, "secrets stay in memory"),
	SANDBOX_ALLOW(munlock, "secrets"),
};
/* clang-format on */

const struct sandbox_page sandbox_edge = {calls, sizeof calls / sizeof calls[0]};
