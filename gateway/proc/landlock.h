/* SPDX-License-Identifier: Apache-2.0 */
/*
 * landlock.h - what of the file system a process may still open. By raw system calls and our own
 * copy of the constants (include/uapi/linux/landlock.h), since the headers of Debian 12 know
 * less than the kernels we run on.
 */
#ifndef GATEWAY_PROC_LANDLOCK_H
#define GATEWAY_PROC_LANDLOCK_H

#include "gateway/proc/process.h"

/* 0: the kernel has none (or it is switched off). */
int landlock_abi(void);

/*
 * Irreversible, for this thread and its children. connect_port: the one TCP port that may be
 * connected to; 0: none. From ABI 4 on TCP is confined, from 6 on signals and abstract sockets.
 * ERR_UNSUPPORTED if the kernel has no Landlock. Needs no_new_privs.
 */
RESULT landlock_restrict(const struct confinement *c, uint16_t connect_port);

#endif
