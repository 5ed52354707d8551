/* SPDX-License-Identifier: Apache-2.0 */
/* rpc_parts.h - what the thread of rpc.c and the callers of rpc_call.c share. For the two alone. */
#ifndef GATEWAY_PROC_RPC_PARTS_H
#define GATEWAY_PROC_RPC_PARTS_H

#include <pthread.h>

#include "gateway/proc/peers.h"
#include "gateway/proc/rpc.h"

/* One frame that waits for its reader. */
struct answer {
	struct answer *next;
	struct rpc_reply reply;
};

/* One call under way; in rpc.calls until its reply has come, its peer is gone or it is freed. */
struct rpc_stream {
	struct rpc *rpc;
	enum role role;
	unsigned index;
	enum wire_type type;
	uint32_t call;
	pthread_cond_t changed;
	pthread_cond_t *bell; /* who waits: its own, or that of the first of several */
	struct answer *first;
	struct answer **last;
	unsigned queued;
	size_t queued_bytes;
	bool finished;    /* nothing more will come */
	enum err failure; /* why, once the queue is empty; OK after a reply */
};

struct rpc {
	struct process *process;
	pthread_t thread;
	int wake_fd; /* ends the thread */
	int stop_fd; /* rpc_stop_fd */
	struct channel_inbox *inbox;
	bool control_is_open; /* the thread's own */

	pthread_mutex_t lock; /* guards all below; only the thread changes peers */
	struct peers peers;
	struct rpc_stream *calls[RPC_MAX_CALLS]; /* at call % RPC_MAX_CALLS */
	uint32_t last_call;
};

void *rpc_memory(size_t size); /* zeroed; never NULL */

#endif
