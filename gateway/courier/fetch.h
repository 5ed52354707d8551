/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch.h - one GET, redirects included, its body into a pipe. Each hop is held against the list
 * of hosts, each connection against address.h; the token goes to the first host alone. A transfer
 * that breaks off is taken up where it stopped. Whether the bytes are the right ones, whoever
 * reads the pipe decides: size and hash are known there.
 */
#ifndef GATEWAY_COURIER_FETCH_H
#define GATEWAY_COURIER_FETCH_H

#include <stdatomic.h>

#include "crypto/base/err.h"
#include "crypto/base/slice.h"
#include "gateway/courier/guard.h"
#include "schema/wire/message.h"

struct fetch_rules { /* borrowed; the same for all */
	struct guard_rules guard;
	uint64_t most;
	long max_seconds;
};

typedef void fetch_moved_fn(void *context, uint64_t bytes);

struct fetch {
	const struct fetch_rules *rules;
	struct slice url;
	struct slice token; /* empty: none */
	uint64_t most;
	bool is_exact; /* fewer than `most` is an error, too */
	int pipe;      /* write end; borrowed, made non-blocking */
	const atomic_bool *stop;
	fetch_moved_fn *moved; /* now and then */
	void *context;
};

struct fetch_answer {
	unsigned status; /* of the last hop; only the body of a 200 goes into the pipe */
	uint64_t bytes;
	char reason[WIRE_MAX_TEXT + 1]; /* X-Error-Message of a refusal, visible ASCII */
	char next[WIRE_MAX_URL + 1];    /* Link: rel="next", if it stays on the same host */
};

/*
 * ERR_DENIED: host not listed, address refused, certificate not trusted. ERR_FORMAT: not an
 * address, or not the size that was told. ERR_TIMEOUT: stalled. ERR_UNAVAILABLE: cannot be
 * reached. ERR_LIMIT: too large, too many redirects. ERR_CLOSED: stopped, or the pipe's reader
 * went.
 */
RESULT fetch_run(struct fetch_answer *out, const struct fetch *f);

#endif
