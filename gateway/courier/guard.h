/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.h - what all requests of the courier have in common, whatever they are for: HTTPS with a
 * certificate that is verified, no proxy, no redirect by libcurl, and every connection judged by
 * the address that was really resolved.
 */
#ifndef GATEWAY_COURIER_GUARD_H
#define GATEWAY_COURIER_GUARD_H

#include <curl/curl.h>

#include "crypto/base/err.h"
#include "crypto/base/slice.h"

struct guard_rules {        /* borrowed; the same for all */
	struct slice allow; /* target.h */
	bool allow_private;
	struct slice authorities; /* PEM */
	struct slice credentials; /* credentials.h */
	long stall_seconds;
};

/* Of one request; lives until it is over. */
struct guard {
	const struct guard_rules *rules;
	struct slice host;
	int64_t deadline_ms; /* clock_monotonic_ms */
	bool is_refused_address;
	bool is_transient; /* out: another try may end otherwise */
};

void guard_apply(struct guard *g, CURL *curl);

/* Why libcurl failed, in words for whoever asked: ERR_DENIED (an address or a certificate),
 * ERR_TIMEOUT, ERR_UNAVAILABLE. */
RESULT guard_explain(struct guard *g, CURLcode code);

void guard_header(struct curl_slist **list, const char *line); /* copied */

/* For AUTO. Headers may hold a token: they are wiped. */
void guard_curl_auto(CURL **curl);
void guard_headers_auto(struct curl_slist **list);

#endif
