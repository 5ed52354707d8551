/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ring.h - how opened bytes go to an edge: a pool of segments in memory that both map (the edge
 * only to read), and a channel of its own over which the edge's loop names a segment to be filled
 * and is told when it is. A few threads wait on that channel and do each fill whole: read, open in
 * place, answer. The channel is the queue; it holds at most one fill a segment.
 */
#ifndef GATEWAY_PORTER_RING_H
#define GATEWAY_PORTER_RING_H

#include "gateway/porter/transfers.h"
#include "gateway/proc/process.h"

enum { RING_MAX_THREADS = 4 };

/*
 * Makes the pool, hands it to the edge and starts the threads. Takes `fd`, the channel's end. The
 * ring lives by itself until the edge closes its end, or breaks a rule (then the supervisor is
 * told): its transfers end with it. `t` and `p` must outlive it.
 */
RESULT ring_begin(struct transfers *t, const struct process *p, const struct channel *edge, int fd);

#endif
