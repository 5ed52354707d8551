/* SPDX-License-Identifier: Apache-2.0 */
/* What every role may call: memory, time, locks, its channels, its own end. */
#define _GNU_SOURCE
#include "gateway/proc/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>

/* clang-format off */
static const struct sandbox_call calls[] = {
	/* channels and files */
	SANDBOX_ALLOW(read, "channels, pipes, files"),
	SANDBOX_ALLOW(write, "the log, pipes, files"),
	SANDBOX_ALLOW(readv, "pipes, files"),
	SANDBOX_ALLOW(writev, "pipes, files"),
	SANDBOX_ALLOW(close, "descriptors"),
	SANDBOX_ALLOW(fstat, "descriptors"),
	SANDBOX_ALLOW(newfstatat, "files below a granted directory"),
	SANDBOX_ALLOW(lseek, "files"),
	SANDBOX_ALLOW(poll, "waiting on channels"),
	SANDBOX_ALLOW(ppoll, "waiting on channels"),
	SANDBOX_ALLOW(recvmsg, "channels"),
	SANDBOX_ALLOW(sendmsg, "channels"),
	SANDBOX_ALLOW_EQUAL(fcntl, 1, F_GETFD, "close-on-exec"),
	SANDBOX_ALLOW_EQUAL(fcntl, 1, F_SETFD, "close-on-exec"),
	SANDBOX_ALLOW_EQUAL(fcntl, 1, F_GETFL, "non-blocking"),
	SANDBOX_ALLOW_EQUAL(fcntl, 1, F_SETFL, "non-blocking"),
	SANDBOX_ALLOW_EQUAL(fcntl, 1, F_DUPFD_CLOEXEC, "a channel for a thread"),
	SANDBOX_FAIL_WITH(ioctl, ENOTTY, "stdio asks whether it writes to a terminal"),

	/* memory */
	SANDBOX_ALLOW(brk, "malloc"),
	SANDBOX_ALLOW_IF(mmap, 2, PROT_EXEC, 0, "malloc; never executable"),
	SANDBOX_ALLOW_IF(mprotect, 2, PROT_EXEC, 0, "guard pages; never executable"),
	SANDBOX_ALLOW(munmap, "malloc"),
	SANDBOX_ALLOW(mremap, "malloc"),
	SANDBOX_ALLOW(madvise, "malloc; secrets stay out of dumps"),
	SANDBOX_ALLOW(sysinfo, "qsort asks how much memory there is"),

	/* threads and locks */
	SANDBOX_ALLOW(futex, "locks"),
	SANDBOX_ALLOW(set_robust_list, "threads"),
	SANDBOX_ALLOW(rseq, "threads"),
	SANDBOX_ALLOW(sched_yield, "locks"),
	SANDBOX_ALLOW(sched_getaffinity, "malloc counts the cores"),
	SANDBOX_FAIL_WITH(clone3, ENOSYS, "glibc then asks with clone, which can be checked"),
	SANDBOX_ALLOW_EQUAL(prctl, 0, PR_SET_NAME, "names of threads"),

	/* time and chance */
	SANDBOX_ALLOW(clock_gettime, "time"),
	SANDBOX_ALLOW(clock_getres, "time"),
	SANDBOX_ALLOW(gettimeofday, "time"),
	SANDBOX_ALLOW(nanosleep, "time"),
	SANDBOX_ALLOW(clock_nanosleep, "time"),
	SANDBOX_ALLOW(getrandom, "random bytes"),

	/* itself */
	SANDBOX_ALLOW(getpid, "the log, abort"),
	SANDBOX_ALLOW(gettid, "threads, abort"),
	SANDBOX_ALLOW(getuid, "foreign libraries"),
	SANDBOX_ALLOW(geteuid, "foreign libraries"),
	SANDBOX_ALLOW(getgid, "foreign libraries"),
	SANDBOX_ALLOW(getegid, "foreign libraries"),
	SANDBOX_ALLOW_SELF(tgkill, 0, "abort: only ourselves"),
	SANDBOX_ALLOW(rt_sigaction, "abort"),
	SANDBOX_ALLOW(rt_sigprocmask, "threads, abort"),
	SANDBOX_ALLOW(rt_sigreturn, "signals"),
	SANDBOX_ALLOW(sigaltstack, "signals"),
	SANDBOX_ALLOW(restart_syscall, "after a stop"),
	SANDBOX_ALLOW(exit, "the end of a thread"),
	SANDBOX_ALLOW(exit_group, "the end"),
};
/* clang-format on */

const struct sandbox_page sandbox_common = {calls, sizeof calls / sizeof calls[0]};
