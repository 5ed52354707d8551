/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rights.h - the closed list of what a person may be allowed: rights on models, which a license
 * grants, and rights of office, which a person holds. Every route declares one of them or
 * "public".
 */
#ifndef POLICY_RIGHTS_H
#define POLICY_RIGHTS_H

#include <stdint.h>

#include "crypto/base/slice.h"

/* clang-format off */
#define RIGHTS(X)                                                                                \
	/* name               text                of office? */                                  \
	X(RIGHT_METADATA_READ,  "metadata:read",    false)                                       \
	X(RIGHT_WEIGHTS_READ,   "weights:read",     false)                                       \
	X(RIGHT_INFER_GENERATE, "infer:generate",   false)                                       \
	X(RIGHT_INFER_EMBED,    "infer:embed",      false)                                       \
	X(RIGHT_INTERNALS_READ, "internals:read",   false)                                       \
	X(RIGHT_ADAPTERS_WRITE, "adapters:write",   false)                                       \
	X(RIGHT_REQUESTS_DECIDE, "requests:decide", true)                                        \
	X(RIGHT_LICENSES_MANAGE, "licenses:manage", true)                                        \
	X(RIGHT_MODELS_MANAGE,  "models:manage",    true)                                        \
	X(RIGHT_PERSONS_MANAGE, "persons:manage",   true)                                        \
	X(RIGHT_KEYS_MANAGE,    "keys:manage",      true)                                        \
	X(RIGHT_SAFETY_REVIEW,  "safety:review",    true)                                        \
	X(RIGHT_AUDIT_READ,     "audit:read",       true)                                        \
	X(RIGHT_REQUESTS_HANDLE, "requests:handle", true)
/* clang-format on */

#define RIGHT_ENUM(name, text, office) name,
enum right { RIGHTS(RIGHT_ENUM) RIGHT_COUNT };
#undef RIGHT_ENUM

typedef uint32_t right_set; /* bit n: the right with that number */

static inline right_set right_bit(enum right r)
{
	return (right_set)1 << r;
}

const char *right_name(enum right r);
bool right_is_office(enum right r);
bool right_parse(enum right *out, struct slice text); /* false if it is none of the list */

#endif
