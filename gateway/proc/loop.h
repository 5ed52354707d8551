/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop.h - the main loop of keeper, scribe, porter and engine: one thread polls the control
 * channel and all peers and runs one handler a frame.
 *
 * Order: control first, then the keeper, then the rest; before each frame of another peer the
 * keeper's channel is emptied, so that a HANDLE_KEY sent before an answer to the edge is seen
 * before whatever the edge does with that answer. A peer whose frame breaks the message table
 * loses its channel and is started anew; the loop goes on.
 */
#ifndef GATEWAY_PROC_LOOP_H
#define GATEWAY_PROC_LOOP_H

#include "gateway/proc/peers.h"
#include "gateway/proc/process.h"

struct loop;

/* The frame's body is borrowed for the call; frame->fd is the handler's to close. An error is
 * sent to the peer as FAIL with failure_text() if the frame was a call, and is else logged. */
typedef enum err loop_frame_fn(void *context, const struct channel *from,
			       const struct frame *frame);

/* A peer's channel is fresh (joined) or gone. The generation grows with each fresh one. */
typedef void loop_peer_fn(void *context, const struct channel *peer, bool joined);

/* Called when loop_wake_at's time has come, or an extra descriptor is readable. */
typedef void loop_event_fn(void *context);

struct loop_handlers {
	loop_frame_fn *frame;
	loop_peer_fn *peer;   /* may be NULL */
	loop_event_fn *timer; /* may be NULL */
	void *context;
};

RESULT loop_new(struct loop **out, struct process *p, const struct loop_handlers *handlers);
void loop_free(struct loop *l);

/* Until STOP (OK) or until the supervisor is gone (ERR_CLOSED). */
RESULT loop_run(struct loop *l);

/* One round: waits at most timeout_ms for something, handles what is there. ERR_CLOSED after
 * STOP or without a supervisor. For a process with work of its own between the rounds. */
RESULT loop_step(struct loop *l, int timeout_ms);

/* The timer handler runs once, at this clock_monotonic_ms() time; a later call moves it. */
void loop_wake_at(struct loop *l, int64_t monotonic_ms);

/* The supervisor says which cores are lent (CORES); `context` is the handlers'. */
typedef void loop_cores_fn(void *context, unsigned first, unsigned count);
void loop_on_cores(struct loop *l, loop_cores_fn *cores);

/* What the supervisor has said, now: for a handler that works for long. Peers may come and go by
 * it, and the handlers hear of that. ERR_CLOSED after STOP or without a supervisor. */
RESULT loop_hear_supervisor(struct loop *l);

/* Also watch this descriptor (an eventfd of a worker thread, a database socket). */
void loop_watch(struct loop *l, int fd, loop_event_fn *readable, void *context);
void loop_unwatch(struct loop *l, int fd);

enum { LOOP_MAX_WATCHES = 8 };

/* The peer's channel, or NULL while it is away. Borrowed until the next step. */
const struct channel *loop_peer(struct loop *l, enum role role, unsigned index);

/*
 * A call of our own (scribe -> keeper), waiting for its answer while other peers wait. The body
 * of *out is borrowed until the next call. A FAIL becomes its kind. ERR_UNAVAILABLE: no such
 * peer, or it died meanwhile. Frames that are not this answer are handled as always.
 */
RESULT loop_call(struct loop *l, enum role role, unsigned index, enum wire_type type,
		 struct slice body, struct frame *out, int timeout_ms);

/* Handles what this peer alone has sent until one frame was handled or the time is over
 * (ERR_TIMEOUT): for a handle whose key is still under way. */
RESULT loop_handle_from(struct loop *l, enum role role, unsigned index, int timeout_ms);

#endif
