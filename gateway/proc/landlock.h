/* SPDX-License-Identifier: Apache-2.0 */
/*
 * landlock.h - what of the file system a process may still open. By raw system calls and our own
 * copy of the constants (include/uapi/linux/landlock.h), since the headers of Debian 12 know
 * less than the kernels we run on.
 */
#ifndef GATEWAY_PROC_LANDLOCK_H
#define GATEWAY_PROC_LANDLOCK_H

#include "gateway/proc/process.h"

enum { LANDLOCK_LEAST_ABI = 2, LANDLOCK_NET_ABI = 4, LANDLOCK_ANY_PORT = -1 };

/* 0: the kernel has none (or it is switched off). */
int landlock_abi(void);

/*
 * What a process does not get from a kernel of this ABI and seccomp does not give it either;
 * NULL: nothing. A process without TCP loses nothing before ABI 4: it has no such socket. Nor
 * does any before ABI 3 (truncate) and 6 (signals): those calls are not on its list.
 */
const char *landlock_missing(int abi, int connect_port);

/*
 * Irreversible, for this thread and its children. connect_port: the one TCP port that may be
 * connected to; 0: none; LANDLOCK_ANY_PORT. ERR_UNSUPPORTED with the text of landlock_missing if
 * there is less than should be; what there is, is on then. Needs no_new_privs.
 */
RESULT landlock_restrict(const struct confinement *c, int connect_port);

#endif
