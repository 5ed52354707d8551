/* SPDX-License-Identifier: Apache-2.0 */
/*
 * role.h - the kinds of process there are. The number is on the wire (PEER) and in the user id
 * (uid_base + number), so it never changes.
 */
#ifndef SCHEMA_WIRE_ROLE_H
#define SCHEMA_WIRE_ROLE_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/base/slice.h"

/* name, number, text: the program of a role is "sallyport-" text. */
#define ROLES(X) \
	X(SUPERVISOR, 0, "supervisor") \
	X(EDGE, 1, "edge") \
	X(KEEPER, 2, "keeper") \
	X(SCRIBE, 3, "scribe") \
	X(PORTER, 4, "porter") \
	X(ENGINE, 5, "engine") \
	X(COURIER, 6, "courier")

#define ROLE_ENUM(name, number, text) ROLE_##name = (number),
enum role { ROLES(ROLE_ENUM) };
#undef ROLE_ENUM

/* Sets of roles, for the message table. */
#define ROLE_SET_ENUM(name, number, text) ROLE_SET_##name = 1 << (number),
enum role_set { ROLES(ROLE_SET_ENUM) };
#undef ROLE_SET_ENUM

enum {
	ROLE_COUNT = 7,
	ROLE_MAX_INDEX = 16, /* processes of one role: indices 0 .. 15 */
};

const char *role_name(enum role role); /* "edge", ... */
bool role_is_known(unsigned number);
bool role_of_name(enum role *out, struct slice name);

#endif
