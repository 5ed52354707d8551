/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target.h - the addresses the courier takes, and the list of hosts it may go to.
 *
 * An address is https://HOST[:PORT]/PATH[?QUERY] in visible ASCII: no user, no fragment, no
 * backslash, nothing that two parsers could read in two ways. The list is words: "host" (port
 * 443), "host:port", "*.host" (anything below it), "[::1]:8443".
 */
#ifndef GATEWAY_COURIER_TARGET_H
#define GATEWAY_COURIER_TARGET_H

#include "crypto/base/err.h"
#include "crypto/base/slice.h"

enum { TARGET_MAX_URL = 4096, TARGET_MAX_HOST = 253, TARGET_HTTPS = 443 };

struct target {            /* borrowed from the text */
	struct slice host; /* [brackets] belong to an IPv6 address */
	uint16_t port;
	struct slice path; /* with the query; "" or begins with '/' */
};

/* ERR_FORMAT, ERR_LIMIT. */
RESULT target_parse(struct target *out, struct slice url);

/* May it be gone to? An empty list allows nothing. */
bool target_is_listed(const struct target *t, struct slice list);

/* ERR_FORMAT names the word of the list that is none. */
RESULT target_check_list(struct slice list);

bool target_same_place(const struct target *a, const struct target *b); /* host and port */

#endif
