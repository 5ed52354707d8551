/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hop.h - one request of a fetch with libcurl: what it may connect to, what it sends, and what of
 * the answer goes into the pipe. Which hop comes next, and whether to try again, fetch.c says.
 */
#ifndef GATEWAY_COURIER_HOP_H
#define GATEWAY_COURIER_HOP_H

#include <curl/curl.h>

#include "gateway/courier/fetch.h"
#include "gateway/courier/target.h"

enum { HOP_MAX_ETAG = 128 };

/* What the tries of one fetch have in common. */
struct tries {
	const struct fetch *fetch;
	struct fetch_answer *answer; /* its bytes count over all tries */
	int64_t deadline_ms;         /* of all of them */
	char etag[HOP_MAX_ETAG + 1]; /* with its quotes; "" if the host tells none, or a weak one */
	long retry_after;            /* seconds, as the last answer asked; 0: it did not */
	bool is_transient;           /* the last failure is one of the connection */
};

struct hop {
	struct tries *tries;
	CURL *curl;
	struct target target;
	struct guard guard;
	uint64_t offset; /* how much came before: a broken transfer goes on there */
	uint64_t skip;   /* of a body that begins at the beginning all the same */
	size_t idle;     /* bytes of the body that were dropped */
	bool is_begun;   /* the first byte of the body came */
	bool is_enough;
	enum err result; /* of a callback; its text is the thread's last failure */
	int64_t told_ms;
};

/* One request to h->target. A redirect leaves the next address in `url`, and status 0 in the
 * answer. */
RESULT hop_run(struct hop *h, char url[WIRE_MAX_URL + 1], bool with_token);

#endif
