/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.h - one call of a model that an engine serves, whatever is asked of it. It is decided before
 * the model is loaded and again after, has its place, its quota and its reach for withdrawals; its
 * entry is written while the engine works, and durable before anything the engine says is read; and
 * another one counts what came out. What the engine is asked, and how its frames are answered, is
 * its kind's business.
 */
#ifndef GATEWAY_API_INFER_CALL_H
#define GATEWAY_API_INFER_CALL_H

#include "gateway/api/authorize.h"
#include "gateway/api/lease/cuts.h"
#include "gateway/api/quota/quota.h"
#include "gateway/proc/rpc.h"

struct audit_event;
struct call;

struct call_kind {
	enum right right;
	bool adapts;       /* may be asked of an adapter, too: "ns/name:adapter" */
	const char *route; /* as entries name it: "chat.completions" */
	/* After the first decision. False: it has answered, with what this model cannot do. NULL:
	 * nothing to look at. */
	bool (*accept)(struct call *c);
	/* In a slot: asks the engine and answers. A failure is answered by the
	 * caller, as long as nothing has left. */
	enum err (*work)(struct call *c);
	/* `work` failed. True: it has told the client. NULL: it never does. */
	bool (*tell)(struct call *c, enum err result);
	/* What the entry before, and the one behind, say of this kind besides. NULL: nothing. */
	void (*tell_begin)(const struct call *c, struct audit_event *event);
	void (*tell_end)(const struct call *c, struct audit_event *event);
};

/* Lives in the exchange's arena. */
struct call {
	struct exchange *x;
	struct route_context *context;
	const struct call_kind *kind;
	void *ask;            /* the kind's own */
	struct slice model;   /* as the client names it; without its adapter, once it runs */
	uint64_t most_tokens; /* read and written: what a quota holds back until the end */

	struct grant *grant;
	const struct store_adapter *adapter; /* NULL: the model as it is */
	uint8_t event[WIRE_ID];              /* of the entry; in X-Audit-Receipt */
	bool is_logged;                      /* it is durable */
	bool is_in_crowd;                    /* many calls run: their entries are gathered */
	enum err result;                     /* of `work` */
	unsigned slot;
	bool is_entered;        /* it has a slot */
	unsigned later_seconds; /* if it has none: when to ask again */
	const char *why;        /* of the failure, if there was one */
	struct cut_entry cut;
	struct quota_hold hold;

	/* What `work` has to fill in. */
	uint64_t prompt_tokens, completion_tokens;
	uint64_t revealed_bytes; /* of the model's inside, for the sums of usage */
	const char *finish;      /* static; as the last entry says it */
	bool is_begun;           /* the engine has something of it */
	bool is_counted;         /* it has told its last: the counts above are exact */
};

/* From the first decision to the last entry; answers in any case. */
void call_run(struct call *c);

/* For `work`: leave to begin a sequence, now. */
RESULT call_pass(struct call *c, uint64_t *pass);
RESULT call_open(struct call *c, struct rpc_stream **out, enum wire_type type, struct slice body);

/* Makes the entry durable, if it is not: no sooner, so that the disk and the engine work at the
 * same time. Waits for a frame, and meanwhile looks whether anybody still may and wants to have it:
 * ERR_CLOSED if the client has gone, ERR_DENIED if the license or the model was withdrawn. */
RESULT call_next(struct call *c, struct rpc_stream *stream, struct rpc_reply *reply);
/* The same of whichever of several speaks first: rpc_next_of. */
RESULT call_next_of(struct call *c, struct rpc_stream *const *streams, unsigned count,
		    unsigned *which, struct rpc_reply *reply);

/* What comes back in parts, and then one last frame that counts what was read. */
struct call_frames {
	enum wire_type last;
	enum err (*part)(struct call *c, struct slice body);
	enum err (*end)(struct call *c, struct slice body); /* sets is_counted */
};

/* Until the last frame. If nobody may or wants to have it any more, the engine is told to stop, and
 * what it says within some seconds of how far it came counts all the same. */
RESULT call_read(struct call *c, struct rpc_stream *stream, const struct call_frames *frames);

/* The engine need not go on with this one. */
void call_cancel(struct call *c, struct rpc_stream *stream);

/* Was it cut off by a withdrawal? */
bool call_is_cut(const struct call *c);

/* Keeps the failure's text before another one takes its place; returns `result`. */
RESULT call_keep_reason(struct call *c, enum err result);

#endif
