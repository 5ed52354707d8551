/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock_watch.h - does the clock of this edge's machine jump? Looked at twice a second, beside a
 * clock that nobody sets; a jump is an entry (clock.jump), and stands in /readyz and /metrics.
 * Nothing is refused: what follows from the time (an expiry, a lease) follows from the time it is.
 */
#ifndef GATEWAY_API_CLOCK_WATCH_H
#define GATEWAY_API_CLOCK_WATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "crypto/base/err.h"

/* A clock that is led back to the right time goes wrong by half a millisecond a second. */
enum { CLOCK_WATCH_JUMP_MS = 2000 };

struct route_context;

struct clock_watch {
	int64_t offset_ms; /* of the time of day, to the clock that nobody sets */
	bool is_begun;
	bool is_due;       /* a jump has no entry yet */
	int64_t before_ms; /* the time of day, had it not jumped */
	int64_t by_ms;
	atomic_uint jumps; /* so far */
	_Atomic int64_t last_by_ms;
};

/* Takes both clocks' readings. True: it has jumped. One thread only. */
bool clock_watch_look(struct clock_watch *w, int64_t now_ms, int64_t awake_ms);

/* Look, and write the entry that is due; again at the next look if that fails. */
RESULT clock_watch_run(struct clock_watch *w, struct route_context *context);

#endif
