/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outbound.h - what the courier is asked for, from a worker. A client that goes stops it. What
 * the other host answers but 200 is a failure that says what to do.
 */
#ifndef GATEWAY_API_OUTBOUND_H
#define GATEWAY_API_OUTBOUND_H

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

/* Told of the bytes so far; a failure stops the transfer and is passed on. */
typedef enum err outbound_moved_fn(void *context, uint64_t bytes);

/* A body of exactly `size` bytes into `pipe`, which is taken over and closed. */
RESULT outbound_file(const struct outbound *o, struct slice url, uint64_t size, int pipe,
		     outbound_moved_fn *moved, void *context);

#endif
