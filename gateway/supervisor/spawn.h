/* SPDX-License-Identifier: Apache-2.0 */
/* spawn.h - fork and exec of one child. */
#ifndef GATEWAY_SUPERVISOR_SPAWN_H
#define GATEWAY_SUPERVISOR_SPAWN_H

#include <sys/types.h>

#include "crypto/base/err.h"
#include "schema/wire/role.h"

/* Opens DIRECTORY/sallyport-ROLE for spawn_child. Early: a supervisor without capabilities may
 * not reach a directory that is closed to other users. */
RESULT spawn_open_program(int *out, const char *directory, enum role role);

/*
 * Runs the program with --config FILE --index N, its control channel on descriptor 3, an
 * environment of our own, no signal blocked, in a process group of its own (Ctrl-C is the
 * supervisor's), to die with us. *out_control is our end.
 */
RESULT spawn_child(pid_t *out_pid, int *out_control, int program, const char *config_path,
		   enum role role, unsigned index);

#endif
