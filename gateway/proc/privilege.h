/* SPDX-License-Identifier: Apache-2.0 */
/*
 * privilege.h - who a process is: user, groups, capabilities, network namespace.
 *
 * Started as root, role N becomes user and group uid_base + N; those who share the sealed files
 * (porter, engine) also belong to the group uid_base. Started by an ordinary user, everything
 * keeps running as that user.
 */
#ifndef GATEWAY_PROC_PRIVILEGE_H
#define GATEWAY_PROC_PRIVILEGE_H

#include <sys/types.h>

#include "gateway/proc/settings.h"
#include "schema/wire/role.h"

uid_t privilege_uid(const struct settings *s, enum role role);
gid_t privilege_common_gid(const struct settings *s); /* owns store/ */
bool privilege_is_root(void);
bool privilege_holds_keys(enum role role); /* keys or weights, in locked memory */

/* No core, no ptrace by equals, no inherited umask, as many open files and as much locked memory
 * as are to be had: for every process, before it drops anything. */
RESULT privilege_harden(void);

/* For those who hold keys, after the drop. ERR_UNSUPPORTED if their memory may not be locked. */
RESULT privilege_check_locked_memory(void);

/* An empty network and IPC namespace: as root directly, else inside a user namespace of our own.
 * ERR_UNSUPPORTED if neither is allowed here. */
RESULT privilege_isolate(void);

/* Become the role's user for good, without any capability (but CAP_IPC_LOCK, for a role that holds
 * keys, where the limit of locked memory could not be raised). As an ordinary user: only the
 * latter. */
RESULT privilege_drop(const struct settings *s, enum role role);

/* The supervisor's own: keeps CAP_SETUID, CAP_SETGID, CAP_KILL (and lets its children, which
 * exec as root, start from the bounding set and drop the rest themselves). */
RESULT privilege_keep_supervisor(void);

#endif
