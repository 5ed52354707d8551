/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err.h - how anything here says that it failed.
 *
 * A function that can fail is declared RESULT and returns enum err. The kind tells the caller
 * what may be done about it; the text, kept per thread until the next failure, tells a person.
 */
#ifndef CRYPTO_BASE_ERR_H
#define CRYPTO_BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

/* kind, name: the one list of what can go wrong. */
#define ERRORS(X) \
	X(OK, "ok") \
	X(ERR_FORMAT, "format")           /* the bytes are not what they should be */ \
	X(ERR_LIMIT, "limit")             /* larger, deeper or more than the ceiling */ \
	X(ERR_NOT_FOUND, "not-found")     /* no such thing */ \
	X(ERR_CONFLICT, "conflict")       /* it exists already, or is in another state */ \
	X(ERR_DENIED, "denied")           /* known, understood, and not allowed */ \
	X(ERR_FORGED, "forged")           /* a signature, tag or commitment does not verify */ \
	X(ERR_EXPIRED, "expired")         /* it was good once */ \
	X(ERR_UNSUPPORTED, "unsupported") /* well formed, but not understood here */ \
	X(ERR_UNAVAILABLE, "unavailable") /* a peer or the database does not answer; try again */ \
	X(ERR_TIMEOUT, "timeout")         /* it took too long */ \
	X(ERR_CLOSED, "closed")           /* the other side is gone */ \
	X(ERR_FULL, "full")               /* there is no room left on the disk */ \
	X(ERR_IO, "io")                   /* the operating system refused; the text has errno */ \
	X(ERR_INTERNAL, "internal")       /* our own mistake */

#define ERR_ENUM(kind, name) kind,
enum err { ERRORS(ERR_ENUM) };
#undef ERR_ENUM

#define RESULT __attribute__((warn_unused_result)) enum err

/* Run `function(&variable)` when the variable goes out of scope. */
#define AUTO(function) __attribute__((cleanup(function)))

/* Define thing_auto() for AUTO on a `struct thing *` that thing_free() takes back. */
#define AUTO_POINTER(thing) \
	static inline void thing##_auto(struct thing **p) \
	{ \
		thing##_free(*p); \
	}

/* Pass a failure on. The only macro that returns. */
#define TRY(call) \
	do { \
		enum err try_result_ = (call); \
		if (try_result_ != OK) \
			return try_result_; \
	} while (0)

#define FAILURE_MAX_TEXT 512 /* longer texts are cut */

/* Record the text (lower case, no full stop, no secret) and return the kind. */
RESULT failure(enum err kind, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* failure(ERR_IO, ...), or ERR_FULL if errno says so, with ": <text of errno>" appended. */
RESULT failure_errno(const char *format, ...) __attribute__((format(printf, 1, 2)));

const char *failure_text(void);      /* the last failure of this thread; never NULL */
const char *err_name(enum err kind); /* "format", "limit", ... */

#endif
