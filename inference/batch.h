/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.h - the scheduler: many sequences, one forward pass a step. A sequence may join and leave
 * at any step; the prompts of those that join are read in the same pass in which the others get
 * their next token. It knows ids only, no text.
 *
 *     waiting --room for all its positions--> reading --prompt read--> writing --done--> gone
 *
 * Of a model with an encoder and a decoder, the encoder reads the source before the decoder gets
 * the sequence's first row: in a pass of its own, in the step in which the sequence joins or (where
 * many join at once) in one of the next.
 */
#ifndef INFERENCE_BATCH_H
#define INFERENCE_BATCH_H

#include "inference/kernel/compute.h"
#include "inference/kvcache.h"
#include "inference/model/model.h"
#include "inference/sampler.h"

enum {
	BATCH_MAX_SEQUENCES = 64, /* stepped at once */
	BATCH_MAX_WAITING = 256,
	BATCH_ECHO_ROWS = 16, /* tokens of prompts that are weighed in one step */
};

struct batch_options {
	size_t sequences;    /* stepped at once: 1..BATCH_MAX_SEQUENCES */
	size_t context;      /* positions of one sequence, at most the model's */
	size_t budget_bytes; /* for cache and scratch together */
	bool strict;         /* refuse memory that cannot be locked */
};

struct batch_request {
	const uint32_t *tokens; /* copied; at least one */
	size_t token_count;
	const uint32_t *source; /* copied: what an encoder is to read, where the model has one */
	size_t source_count;
	size_t max_tokens; /* to write: at least one, or none with an echo */
	bool echo;         /* the prompt's tokens come back first, with their likelihood */
	bool is_fixed;     /* bit for bit the same in any company; slower, for all of a step */
	struct sampler_settings sampling;
	const struct adapter *adapter; /* borrowed until the sequence leaves; NULL: none */
};

enum batch_verdict { BATCH_GO_ON, BATCH_DONE };

/* A sequence got its next token, or (sample->is_read) one of its prompt comes back; BATCH_DONE
 * takes it out of the batch. An echo must not be stopped before its last token. */
typedef enum batch_verdict batch_token_fn(void *context, uint64_t id, const struct sample *sample);

struct batch;
struct forward;

/* Bytes of cache and scratch: with pages for one sequence of full length, and for all of them. The
 * options' budget is not looked at. */
void batch_memory_needed(size_t *least, size_t *most, const struct config *config,
			 const struct batch_options *options, unsigned threads);

/* Model and compute are borrowed. ERR_LIMIT if the budget does not hold one full context. */
RESULT batch_new(struct batch **out, const struct model *model, struct compute *compute,
		 const struct batch_options *options);
void batch_free(struct batch *b); /* NULL is fine */
AUTO_POINTER(batch)

/* ERR_LIMIT with the counts, as OpenAI words it, where prompt and max_tokens exceed the context;
 * ERR_CONFLICT for an id in use; ERR_UNAVAILABLE where too many wait already; ERR_FORMAT for a
 * token or a sampling setting out of range. */
RESULT batch_add(struct batch *b, uint64_t id, const struct batch_request *request);
RESULT batch_remove(struct batch *b, uint64_t id); /* ERR_NOT_FOUND; not from within a step */

/* One pass. After max_tokens a sequence leaves by itself. */
RESULT batch_step(struct batch *b, batch_token_fn *on_token, void *context);

/* `held`: nobody new is let in, so that somebody else gets the pages that become free. */
void batch_hold(struct batch *b, bool held);

/* For others who have texts read between two steps; the batch's. */
struct kvcache *batch_cache(struct batch *b);
struct forward *batch_forward(struct batch *b);

bool batch_is_idle(const struct batch *b); /* nothing runs, nothing waits */
size_t batch_context(const struct batch *b);
size_t batch_memory_bytes(const struct batch *b);
bool batch_is_locked(const struct batch *b);

#endif
