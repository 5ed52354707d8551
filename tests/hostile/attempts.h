/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attempts.h - what a process that was taken over would try. Each attempt is made inside a
 * process that started and confined itself like the real one, and must fail. The same attempt
 * made without the sandbox succeeds (where the user may), which shows that it is a real one.
 */
#ifndef TESTS_HOSTILE_ATTEMPTS_H
#define TESTS_HOSTILE_ATTEMPTS_H

#include <stdbool.h>
#include <sys/types.h>

#include "schema/wire/role.h"

struct target {
	const char *data_dir;
	pid_t sibling; /* a confined keeper of the same family */
};

enum {
	ATTEMPT_SUCCEEDED = 0, /* a breach */
	ATTEMPT_DENIED = 42,   /* the system call failed */
	ATTEMPT_UNKNOWN = 43,
	ATTEMPT_BROKEN = 44, /* the program did not get as far as the attempt */
};

/* Can the attempt be shown to work without the sandbox? Some containers and chroots forbid what
 * needs a new user namespace to everybody. */
enum shown { NOT_SHOWN, SHOWN, SHOWN_IF_THE_MACHINE_LETS };

struct attempt {
	const char *name;
	bool (*run)(const struct target *target); /* true: it worked */
	unsigned roles;                           /* sets of roles that must not be able to */
	bool is_for_root;                         /* without a sandbox only root could */
	enum shown shown;
};

extern const struct attempt attempts[];
extern const unsigned attempt_count;

#endif
