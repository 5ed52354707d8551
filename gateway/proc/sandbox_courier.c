/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The courier: connections out, by a thread a transfer, and names looked up by the C library. It
 * reads the two files that names need, writes none, and can neither bind nor listen. Where no
 * host is allowed it has no network, and no socket either.
 */
#define _GNU_SOURCE
#include "gateway/proc/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>

/* clang-format off */
static const struct sandbox_call calls[] = {
	/* connections */
	SANDBOX_ALLOW_INET(socket, 0, AF_INET, "hosts, name servers"),
	SANDBOX_ALLOW_INET(socket, 0, AF_INET6, "hosts, name servers"),
	SANDBOX_FAIL_EQUAL(socket, 0, AF_NETLINK, EAFNOSUPPORT, "getaddrinfo asks for our own addresses; it does without"),
	SANDBOX_ALLOW(connect, "hosts, name servers"),
	SANDBOX_ALLOW(sendto, "hosts, name servers"),
	SANDBOX_ALLOW(sendmmsg, "name servers: A and AAAA at once"),
	SANDBOX_ALLOW(recvfrom, "hosts, name servers"),
	SANDBOX_ALLOW(getsockopt, "hosts"),
	SANDBOX_ALLOW(setsockopt, "hosts"),
	SANDBOX_ALLOW(getsockname, "hosts"),
	SANDBOX_ALLOW(getpeername, "hosts"),
	SANDBOX_ALLOW(shutdown, "hosts"),

	/* names */
	SANDBOX_ALLOW_IF(openat, 2, O_ACCMODE | O_CREAT | O_TRUNC, 0, "hosts and resolv.conf (Landlock decides)"),
	SANDBOX_ALLOW(pread64, "files"),
	SANDBOX_ALLOW(statx, "has resolv.conf changed?"),
	SANDBOX_ALLOW(uname, "the resolver asks for our own name"),

	/* transfers */
	SANDBOX_ALLOW_IF(clone, 0, CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM, "threads only"),
	SANDBOX_ALLOW(socketpair, "libcurl is woken when a name is found"),
	SANDBOX_ALLOW(pipe2, "libcurl is woken"),
	SANDBOX_ALLOW(eventfd2, "libcurl is woken"),
};
/* clang-format on */

const struct sandbox_page sandbox_courier = {calls, sizeof calls / sizeof calls[0]};
