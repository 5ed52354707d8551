/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rpc.h - calls from many threads (the edge). One thread of its own receives from the control
 * channel and all peers and hands each answer to the thread that waits for it. A peer that dies
 * fails its pending calls with ERR_UNAVAILABLE at once. All functions may be called from any
 * thread, except rpc_start and rpc_free.
 */
#ifndef GATEWAY_PROC_RPC_H
#define GATEWAY_PROC_RPC_H

#include "crypto/base/buf.h"
#include "gateway/proc/process.h"

struct rpc;
struct rpc_stream;

enum {
	RPC_MAX_CALLS = 4096,
	/* What a slow reader may lag behind: a small model writes hundreds of parts in the time
	 * that a busy machine keeps its reader waiting. */
	RPC_MAX_QUEUED = 4096,
	RPC_MAX_QUEUED_BYTES = 4 << 20,
};

/* An answer. Empty it with rpc_reply_clear, also after a failure. */
struct rpc_reply {
	uint16_t type;
	struct buf body;
	char code[WIRE_MAX_CODE + 1]; /* of a FAIL: why, or "" */
};

void rpc_reply_clear(struct rpc_reply *r); /* fit for AUTO */

/* Starts the thread; the control channel of `p` is its own from now on. Confine `p` before. */
RESULT rpc_start(struct rpc **out, struct process *p);
void rpc_free(struct rpc *r); /* ends the thread; no other thread may be inside rpc by now */

/*
 * Sends and waits for the answer. `fd` (-1: none) stays the caller's. A FAIL becomes its kind,
 * with its text as failure_text() and its code in out->code. ERR_UNAVAILABLE: no such peer, or
 * it died. ERR_TIMEOUT. An answer of another type than the call's own is ERR_DENIED.
 */
RESULT rpc_call(struct rpc *r, enum role role, unsigned index, enum wire_type type,
		struct slice body, int fd, struct rpc_reply *out, int timeout_ms);

/* One way: no answer. */
RESULT rpc_note(struct rpc *r, enum role role, unsigned index, enum wire_type type,
		struct slice body);

/*
 * A call with parts before its reply. rpc_next gives each part and then the reply (whose type is
 * not a part); after that, or after a failure, it gives ERR_CLOSED. A reader that lags more than
 * RPC_MAX_QUEUED parts or RPC_MAX_QUEUED_BYTES behind loses the stream with ERR_UNAVAILABLE.
 * Closing forgets the call; telling the peer to stop (ENGINE_CANCEL with rpc_stream_call) is the
 * caller's.
 */
RESULT rpc_open_stream(struct rpc_stream **out, struct rpc *r, enum role role, unsigned index,
		       enum wire_type type, struct slice body, int fd);
RESULT rpc_next(struct rpc_stream *s, struct rpc_reply *out, int timeout_ms);
/* The same of whichever of several streams of one rpc has something first; NULLs are passed over,
 * and there is one that is not. *which is its place, also after a failure of that stream (but not
 * after ERR_TIMEOUT); the search begins behind the *which given, so that all have their turn. */
RESULT rpc_next_of(struct rpc_stream *const *streams, unsigned count, unsigned *which,
		   struct rpc_reply *out, int timeout_ms);
/* Waits until one of them has something for rpc_next_of, and leaves it there. ERR_TIMEOUT. */
RESULT rpc_await_of(struct rpc_stream *const *streams, unsigned count, unsigned which,
		    int timeout_ms);
uint32_t rpc_stream_call(const struct rpc_stream *s);
void rpc_stream_free(struct rpc_stream *s);

/* 0: not there now. Another number than before: it is a fresh process that knows nothing. */
uint32_t rpc_generation(struct rpc *r, enum role role, unsigned index);

/* Readable once the supervisor has said STOP or is gone. Owned by rpc; for an epoll loop. */
int rpc_stop_fd(const struct rpc *r);

AUTO_POINTER(rpc_stream)

#endif
