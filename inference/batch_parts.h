/* SPDX-License-Identifier: Apache-2.0 */
/* batch_parts.h - what the files of batch.h share of the scheduler. */
#ifndef INFERENCE_BATCH_PARTS_H
#define INFERENCE_BATCH_PARTS_H

#include "inference/batch.h"
#include "inference/lookup.h"
#include "inference/model/forward.h"
#include "inference/prefixes.h"

/* Once it runs, `done` of its `count` tokens have been through the model; the one behind the last
 * makes the logits for the next. */
struct sequence {
	uint64_t id;
	uint32_t *tokens; /* the prompt, then what was written; room for prompt + max_tokens */
	size_t count;
	size_t done;
	size_t end;    /* the count at which it has all its tokens */
	size_t prompt; /* so many of them are the prompt's */
	size_t echoed; /* and so many of those came back */
	bool echo, is_fixed;
	struct kvcache_table table;
	uint32_t *source; /* for the encoder; wiped once it has read it */
	size_t source_count;
	bool is_source_read;
	struct kvcache_table source_table; /* what the encoder has left */
	struct sampler *sampler;
	const struct adapter *adapter;

	struct fair_payer *payer;
	enum fair_priority priority;
	size_t charged;    /* tokens that its payer has been charged for */
	bool was_admitted; /* once at least */
	size_t cached;     /* of the prompt, when it was admitted first */

	struct prefix_scope scope;
	bool is_kept;    /* its full pages are, for the next */
	size_t kept;     /* so many of them are */
	uint32_t branch; /* the last of those */
	struct lookup lookup;

	/* Of the step under way. */
	size_t first;   /* `done` before it */
	size_t take;    /* rows */
	size_t guesses; /* of those: tokens that may not be the right ones */
	float *logits;
};

struct batch {
	const struct model *model;
	struct compute *compute;
	struct kvcache *cache;
	struct forward *forward;
	struct prefixes *prefixes;
	struct fair fair;
	struct batch_options options;
	size_t memory_bytes;
	/* First those that run, in the order in which they joined; behind them those that wait, in
	 * the order in which they came. */
	struct sequence *sequences[BATCH_MAX_SEQUENCES + BATCH_MAX_WAITING];
	size_t running;
	size_t count;
	bool is_held;
	struct batch_counts counts;
	struct forward_row rows[FORWARD_MAX_ROWS];
};

/* An encoder of its own reads for this one; its pages are taken whole, and never given back. */
static inline bool batch_has_source(const struct sequence *s)
{
	return s->source_count > 0;
}

static inline bool batch_is_ready(const struct sequence *s)
{
	return !batch_has_source(s) || s->is_source_read;
}

/* Is it over its prompt (or over all that was written, before it gave its pages back)? */
static inline bool batch_is_writing(const struct sequence *s)
{
	return s->count - s->done == 1;
}

/* ---- batch.c */

void batch_take_out(struct batch *b, size_t i); /* it is over */
void batch_forget_source(struct sequence *s);

/* ---- batch_queue.c: who runs */

/* Whose turn it is, joins, as long as there is room. */
void batch_admit(struct batch *b);

/* A page for each row that sequence i is to have, even if others have to give up theirs; false: it
 * gave up its own. Others that did so stand behind those that run. */
bool batch_make_room(struct batch *b, struct sequence *s, size_t positions);

/* ---- batch_rows.c: what is computed */

/* Rows of this step, for all that run. */
size_t batch_plan_rows(struct batch *b);

/* Are logits wanted behind this position? */
bool batch_wants_logits(const struct sequence *s, size_t position);

#endif
