/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor, and with it every child until its own list is on: calls that nobody in the
 * family needs fail. Not a list of what is needed, as the others have, since children inherit it
 * and are still to load their libraries, open files and change their user under it.
 */
#define _GNU_SOURCE
#include "gateway/proc/sandbox.h"

#include <errno.h>

/* clang-format off */
static const struct sandbox_call calls[] = {
	/* other processes */
	SANDBOX_FAIL_WITH(ptrace, EPERM, "another process's memory"),
	SANDBOX_FAIL_WITH(process_vm_readv, EPERM, "another process's memory"),
	SANDBOX_FAIL_WITH(process_vm_writev, EPERM, "another process's memory"),
	SANDBOX_FAIL_WITH(process_madvise, EPERM, "another process's memory"),
	SANDBOX_FAIL_WITH(pidfd_getfd, EPERM, "another process's descriptors"),
	SANDBOX_FAIL_WITH(kcmp, EPERM, "another process's descriptors"),
	SANDBOX_FAIL_WITH(perf_event_open, EPERM, "what others compute"),

	/* ways around seccomp and Landlock, or into the kernel */
	SANDBOX_FAIL_WITH(io_uring_setup, EPERM, "calls that no list sees"),
	SANDBOX_FAIL_WITH(io_uring_enter, EPERM, "calls that no list sees"),
	SANDBOX_FAIL_WITH(io_uring_register, EPERM, "calls that no list sees"),
	SANDBOX_FAIL_WITH(bpf, EPERM, "code in the kernel"),
	SANDBOX_FAIL_WITH(userfaultfd, EPERM, "the kernel held up half way"),
	SANDBOX_FAIL_WITH(open_by_handle_at, EPERM, "files without a path"),
	SANDBOX_FAIL_WITH(personality, EPERM, "memory laid out as it was"),
	SANDBOX_FAIL_WITH(modify_ldt, EPERM, "segments"),

	/* keys of the kernel */
	SANDBOX_FAIL_WITH(add_key, EPERM, "keyrings"),
	SANDBOX_FAIL_WITH(request_key, EPERM, "keyrings"),
	SANDBOX_FAIL_WITH(keyctl, EPERM, "keyrings"),

	/* the machine */
	SANDBOX_FAIL_WITH(mount, EPERM, "mounts"),
	SANDBOX_FAIL_WITH(umount2, EPERM, "mounts"),
	SANDBOX_FAIL_WITH(pivot_root, EPERM, "mounts"),
	SANDBOX_FAIL_WITH(chroot, EPERM, "mounts"),
	SANDBOX_FAIL_WITH(open_tree, EPERM, "mounts"),
	SANDBOX_FAIL_WITH(move_mount, EPERM, "mounts"),
	SANDBOX_FAIL_WITH(fsopen, EPERM, "mounts"),
	SANDBOX_FAIL_WITH(fsconfig, EPERM, "mounts"),
	SANDBOX_FAIL_WITH(fsmount, EPERM, "mounts"),
	SANDBOX_FAIL_WITH(mount_setattr, EPERM, "mounts"),
	SANDBOX_FAIL_WITH(setns, EPERM, "namespaces of others"),
	SANDBOX_FAIL_WITH(init_module, EPERM, "modules"),
	SANDBOX_FAIL_WITH(finit_module, EPERM, "modules"),
	SANDBOX_FAIL_WITH(delete_module, EPERM, "modules"),
	SANDBOX_FAIL_WITH(kexec_load, EPERM, "another kernel"),
	SANDBOX_FAIL_WITH(kexec_file_load, EPERM, "another kernel"),
	SANDBOX_FAIL_WITH(reboot, EPERM, "the machine's end"),
	SANDBOX_FAIL_WITH(swapon, EPERM, "where memory goes"),
	SANDBOX_FAIL_WITH(swapoff, EPERM, "where memory goes"),
	SANDBOX_FAIL_WITH(clock_settime, EPERM, "when a license ends"),
	SANDBOX_FAIL_WITH(settimeofday, EPERM, "when a license ends"),
	SANDBOX_FAIL_WITH(adjtimex, EPERM, "when a license ends"),
	SANDBOX_FAIL_WITH(clock_adjtime, EPERM, "when a license ends"),
	SANDBOX_FAIL_WITH(iopl, EPERM, "ports of the hardware"),
	SANDBOX_FAIL_WITH(ioperm, EPERM, "ports of the hardware"),
	SANDBOX_FAIL_WITH(acct, EPERM, "files written by the kernel"),
	SANDBOX_FAIL_WITH(quotactl, EPERM, "quotas"),
	SANDBOX_FAIL_WITH(syslog, EPERM, "the kernel's log"),
};
/* clang-format on */

const struct sandbox_page sandbox_supervisor = {calls, sizeof calls / sizeof calls[0]};
