/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Debug and sanitizer builds: a forbidden call is still never made, but the process says its
 * number before it dies, and the sanitizers may look at the process they are in.
 */
#define _GNU_SOURCE
#include "gateway/proc/sandbox.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/base/log.h"

/* clang-format off */
static const struct sandbox_call calls[] = {
	SANDBOX_ALLOW(openat, "reports read /proc/self (Landlock decides)"),
	SANDBOX_ALLOW(readlink, "reports name the program"),
	SANDBOX_ALLOW(readlinkat, "reports name the program"),
	SANDBOX_ALLOW(pread64, "reports read files"),
	SANDBOX_ALLOW(getrusage, "limits of memory"),
	SANDBOX_ALLOW(prlimit64, "the size of a thread's stack"),
	SANDBOX_ALLOW(getppid, "coverage and reports"),
	SANDBOX_ALLOW(arch_prctl, "the thread's own storage"),
	SANDBOX_ALLOW(sched_getparam, "thread attributes"),
	SANDBOX_ALLOW(sched_getscheduler, "thread attributes"),
};
/* clang-format on */

const struct sandbox_page sandbox_build = {calls, sizeof calls / sizeof calls[0]};

static void on_forbidden(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	log_error("sandbox.forbidden", "call=%d", info->si_syscall);
	_exit(128 + SIGSYS);
}

uint32_t sandbox_build_action(void)
{
	struct sigaction action = {.sa_sigaction = on_forbidden, .sa_flags = SA_SIGINFO};

	if (sigaction(SIGSYS, &action, NULL) != 0)
		return SCMP_ACT_KILL_PROCESS;
	return SCMP_ACT_TRAP;
}

/* The leak checker traces its own process, which no role may do. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

/* Libraries that were not built with it (libcrypto, oneDNN) lock in ways it cannot see. A report
 * about them is wrong, and to write one it would start a program, which no role may do. */
__attribute__((visibility("default"))) const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return "ignore_noninstrumented_modules=1:report_signal_unsafe=0";
}
