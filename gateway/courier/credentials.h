/* SPDX-License-Identifier: Apache-2.0 */
/*
 * credentials.h - what the gateway proves itself with to others: client credentials, read by the
 * courier from a file and known to no other process, which name them only. A line each:
 *
 *     NAME HOST[:PORT] USER:PASSWORD
 *
 * Empty lines and lines that begin with # are passed over. A credential goes to its host alone.
 */
#ifndef GATEWAY_COURIER_CREDENTIALS_H
#define GATEWAY_COURIER_CREDENTIALS_H

#include "crypto/base/buf.h"
#include "gateway/courier/target.h"

enum { CREDENTIALS_MAX_FILE = 64 * 1024, CREDENTIALS_MAX_PART = 512 };

/* ERR_FORMAT with the number of the line that is none. */
RESULT credentials_check(struct slice file);

/* "Authorization: Basic ..." (RFC 6749 section 2.3.1), appended. ERR_DENIED: no such name, or it is
 * for another host. */
RESULT credentials_write(struct buf *out, struct slice file, struct slice name,
			 const struct target *target);

#endif
