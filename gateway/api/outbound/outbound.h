/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outbound.h - what the courier is asked for, from a worker. A client that goes stops it. What
 * the other host answers but 200 is a failure that says what to do.
 */
#ifndef GATEWAY_API_OUTBOUND_OUTBOUND_H
#define GATEWAY_API_OUTBOUND_OUTBOUND_H

#include "gateway/api/api.h"

struct outbound {
	struct exchange *x;
	struct api *api;
	struct slice token; /* "": none; goes to the host of the address alone */
};

/* A body into memory, within the buf's limit; *next is the next page's address, in the arena, or
 * "". ERR_NOT_FOUND, ERR_DENIED (gated, or not allowed by us), ERR_UNAVAILABLE ... */
RESULT outbound_text(struct buf *out, struct slice *next, const struct outbound *o,
		     struct slice url);

/* A body on its way into a pipe, while the worker does other things. */
struct outbound_transfer {
	struct rpc_stream *stream;
	struct slice url;
	uint64_t moved;   /* bytes so far */
	int64_t heard_ms; /* when the courier was last heard of */
	bool is_done;
};

/* Exactly `size` bytes into `pipe`, which is taken over and closed, whatever the result. */
RESULT outbound_begin(struct outbound_transfer *out, const struct outbound *o, struct slice url,
		      uint64_t size, int pipe);

/* Waits up to so many milliseconds for news of it. Once it is done: OK with is_done, or why it
 * failed. */
RESULT outbound_step(struct outbound_transfer *t, const struct outbound *o, int wait_ms);

/* Forget it; what still runs is cancelled. */
void outbound_end(struct outbound_transfer *t, const struct outbound *o);

#endif
