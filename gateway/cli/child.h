/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child.h - runs other programs: no shell, a small fixed environment, no descriptor but those
 * named, a process group of their own (so that Ctrl-C reaches only us, and we stop them in
 * order), and a signal to them should we die first.
 */
#ifndef GATEWAY_CLI_CHILD_H
#define GATEWAY_CLI_CHILD_H

#include <sys/types.h>

#include "crypto/base/buf.h"

enum { CHILD_EXTRA_FD = 3, CHILD_MAX_OUTPUT = 64 * 1024 };

struct child_plan {
	const char *const *arguments; /* [0] is the path of the program; ends with NULL */
	int output;                   /* standard output and error; -1: ours */
	int error;                    /* standard error, if another; -1: like output */
	int extra;                    /* becomes CHILD_EXTRA_FD; -1: none */
	int death_signal;             /* when we die; 0: none */
	bool other_user;
	uid_t uid; /* if other_user */
	gid_t gid;
};

struct child_plan child_plan_of(const char *const *arguments);

RESULT child_start(pid_t *out, const struct child_plan *plan);

/* Run to its end; what it wrote to standard output goes to *output. ERR_INTERNAL with the last
 * line it wrote to standard error unless it ended with 0. plan->output and ->error are ignored. */
RESULT child_run(struct buf *output, const struct child_plan *plan);

/* Has it ended? Then *code is its exit code (128 + signal), and *pid becomes 0. */
bool child_has_ended(pid_t *pid, int *code);

/* Signal, wait, and kill it (its whole process group) if it takes longer; *pid becomes 0. Nothing
 * happens if it is 0 already. */
void child_stop(pid_t *pid, int signal, int wait_ms);

/* The folder of our own program: where the others lie. */
RESULT child_own_folder(char *out, size_t size);

#endif
