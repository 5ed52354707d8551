/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ring.h - the loop's end of a ring: memory that a porter writes and we may only read, and the
 * channel over which we ask for segments of it to be filled. A ring that breaks a rule, or whose
 * porter dies, is broken for good; so are the answers that are fed from it. The loop's thread only.
 */
#ifndef GATEWAY_EDGE_RING_H
#define GATEWAY_EDGE_RING_H

#include "gateway/edge/stream.h"

struct ring;

void ring_take_arrivals(struct loop *loop); /* those that workers have opened */
void ring_readable(struct ring *r);         /* its channel has something, or has ended */
void ring_free_broken(struct loop *loop);   /* not before the end of a round */
void ring_free_all(struct loop *loop);

/* Serve feeds that wait for a segment. True: some go on waiting, look again in a moment. */
bool ring_serve_waiting(struct loop *loop);

/* The answer of s->exchange is a file: feed the stream from its ring. False: that is broken. */
bool ring_attach(struct stream *s);
void ring_detach(struct stream *s); /* not attached is fine */

/* Ask for as much as the feed may have. False: it is broken, and the answer must be cut. */
bool ring_ask(struct stream *s);
struct slice ring_bytes(const struct stream *s); /* ready now; until ring_take or the next event */
void ring_take(struct stream *s, size_t size);

/* The porter may forget the transfer of an exchange that both sides have let go of. */
void ring_close_transfer(struct loop *loop, const struct exchange_file *file);

#endif
