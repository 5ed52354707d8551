/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandbox.h - which system calls a role may make. Each role has one page (sandbox_ROLE.c): a
 * table of calls, each with the reason it is there. Everything else kills the process.
 */
#ifndef GATEWAY_PROC_SANDBOX_H
#define GATEWAY_PROC_SANDBOX_H

#include <stddef.h>
#include <stdint.h>

#include <seccomp.h>

#include "crypto/base/err.h"
#include "schema/wire/role.h"

/* What happens on the call, or with which arguments it is allowed. */
enum sandbox_shape {
	SANDBOX_ANY,       /* allowed */
	SANDBOX_IF,        /* allowed when (argument & mask) == value */
	SANDBOX_SELF,      /* allowed when the argument is this process's id */
	SANDBOX_INET,      /* as SANDBOX_IF, and only if the role has a network */
	SANDBOX_REFUSE,    /* not a crime, but fails with errno `value` */
	SANDBOX_REFUSE_IF, /* the same with errno `mask`, when argument == value */
};

struct sandbox_call {
	int call; /* SCMP_SYS(name) */
	const char *why;
	enum sandbox_shape shape;
	unsigned argument;
	uint64_t mask;
	uint64_t value;
};

/* clang-format off */
#define SANDBOX_ALLOW(name, why) {SCMP_SYS(name), why, SANDBOX_ANY, 0, 0, 0}
#define SANDBOX_ALLOW_IF(name, argument, mask, value, why) \
	{SCMP_SYS(name), why, SANDBOX_IF, argument, mask, value}
#define SANDBOX_ALLOW_EQUAL(name, argument, value, why) \
	{SCMP_SYS(name), why, SANDBOX_IF, argument, UINT32_MAX, value}
#define SANDBOX_ALLOW_INET(name, argument, value, why) \
	{SCMP_SYS(name), why, SANDBOX_INET, argument, UINT32_MAX, value}
#define SANDBOX_ALLOW_SELF(name, argument, why) {SCMP_SYS(name), why, SANDBOX_SELF, argument, 0, 0}
#define SANDBOX_FAIL_WITH(name, number, why) {SCMP_SYS(name), why, SANDBOX_REFUSE, 0, 0, number}
#define SANDBOX_FAIL_EQUAL(name, argument, value, number, why) \
	{SCMP_SYS(name), why, SANDBOX_REFUSE_IF, argument, number, value}
/* clang-format on */

struct sandbox_page {
	const struct sandbox_call *calls;
	size_t count;
};

extern const struct sandbox_page sandbox_common; /* every role: memory, time, channels */
extern const struct sandbox_page sandbox_edge;
extern const struct sandbox_page sandbox_keeper;
extern const struct sandbox_page sandbox_scribe;
extern const struct sandbox_page sandbox_porter;
extern const struct sandbox_page sandbox_engine;
extern const struct sandbox_page sandbox_supervisor; /* what nobody in the family may do */
extern const struct sandbox_page sandbox_courier;

/* What the build needs on top: nothing in a release (sandbox_build_release.c); sanitizers have
 * wishes of their own, and name a forbidden call before they die (sandbox_build_checked.c). */
extern const struct sandbox_page sandbox_build;
uint32_t sandbox_build_action(void);

/* The supervisor's: all is allowed but its page. Irreversible, and every child inherits it. As root
 * before CAP_SYS_ADMIN goes, and then without no_new_privs, lest the children lose the rights they
 * start with; as an ordinary user with it. ERR_UNSUPPORTED where root may not. */
RESULT sandbox_restrict_family(bool is_root);

/* Irreversible. `inet`: the role may open TCP sockets. Needs no_new_privs. */
RESULT sandbox_restrict(enum role role, bool inet);

#endif
