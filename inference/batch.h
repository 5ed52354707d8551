/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.h - the scheduler: many sequences, one forward pass a step. A sequence may join and leave
 * at any step; the prompts of those that join are read in the same pass in which the others get
 * their next token, a chunk a step. It knows ids only, no text.
 *
 *     waiting --its turn, and room--> reading --prompt read--> writing --done--> gone
 *        ^------ no page is left, or another has had nothing yet ---'
 *
 * Pages are taken as a sequence grows. Who has to give its own back waits again, and then has all
 * of its tokens read once more: none is lost, and none comes twice.
 *
 * Of a model with an encoder and a decoder, the encoder reads the source before the decoder gets
 * the sequence's first row: in a pass of its own, in the step in which the sequence joins or (where
 * many join at once) in one of the next. Such a sequence keeps what it has from first to last.
 */
#ifndef INFERENCE_BATCH_H
#define INFERENCE_BATCH_H

#include "inference/fair.h"
#include "inference/kernel/compute.h"
#include "inference/kvcache.h"
#include "inference/model/model.h"
#include "inference/sampler.h"

enum {
	BATCH_MAX_SEQUENCES = 64, /* stepped at once */
	BATCH_MAX_WAITING = 256,
	BATCH_EXTRA_ROWS = 16, /* with logits, in one step, beside one a sequence: tokens of prompts
				* that are weighed, and guesses */
	BATCH_CHUNK = 64,      /* by default */
};

struct batch_options {
	size_t sequences;    /* stepped at once: 1..BATCH_MAX_SEQUENCES */
	size_t full;         /* so many of them at full length have pages at most; 0: all */
	size_t chunk;        /* tokens of prompts a step, while others write; 0: BATCH_CHUNK */
	uint64_t secret;     /* of this engine alone */
	bool is_guessing;    /* ahead, where a text repeats itself */
	size_t context;      /* positions of one sequence, at most the model's */
	size_t budget_bytes; /* for cache and scratch together */
	bool strict;         /* refuse memory that cannot be locked */
};

/* Whose a sequence is: turns are shared out among payers, and pages kept for each by itself. */
struct batch_owner {
	uint8_t payer[FAIR_ID]; /* zeros: nobody in particular, whose pages are not kept */
	enum fair_priority priority;
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
	const uint8_t *adapter_id;     /* 16 bytes, of that */
	struct batch_owner owner;
};

enum batch_verdict { BATCH_GO_ON, BATCH_DONE };

/* A sequence got its next token, or (sample->is_read) one of its prompt comes back; BATCH_DONE
 * takes it out of the batch. An echo must not be stopped before its last token. `cached`: so many
 * tokens of its prompt had been read before it came. */
typedef enum batch_verdict batch_token_fn(void *context, uint64_t id, const struct sample *sample,
					  size_t cached);

/* Since the batch was made. */
struct batch_counts {
	uint64_t steps;
	uint64_t rows;   /* tokens that went through the model */
	uint64_t cached; /* that need not, since their pages were kept */
	uint64_t redone; /* once more, after their pages were given back */
	uint64_t preempted;
	uint64_t guessed, right;
};

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

/* The pages kept for that payer, or with that adapter, are given up, and no more of them are kept
 * for those that run now. */
void batch_forget_payer(struct batch *b, const uint8_t payer[FAIR_ID]);
void batch_forget_adapter(struct batch *b, const uint8_t adapter[FAIR_ID]);

/* Sequences of that payer, waiting and running. */
size_t batch_sequences_of(const struct batch *b, const uint8_t payer[FAIR_ID]);
void batch_count(const struct batch *b, struct batch_counts *out);

/* For others who have texts read between two steps; the batch's. */
struct kvcache *batch_cache(struct batch *b);
struct forward *batch_forward(struct batch *b);

bool batch_is_idle(const struct batch *b); /* nothing runs, nothing waits */
size_t batch_context(const struct batch *b);
size_t batch_memory_bytes(const struct batch *b);
bool batch_is_locked(const struct batch *b);

#endif
