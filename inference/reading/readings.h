/* SPDX-License-Identifier: Apache-2.0 */
/*
 * readings.h - texts that are read and not gone on from: what a model makes of each is a vector
 * (an embedding), a value for each class, or a distribution for each masked token. Many texts share
 * a pass; a pass has at most FORWARD_MAX_ROWS rows, so that sequences which are being written wait
 * for one pass and never for a whole list. It knows ids only, no text.
 *
 *     waiting --room for all its positions--> reading --all its rows read--> result, gone
 *
 * A text that is looked into has its passes for itself.
 *
 * An encoder reads a text in one pass, which is therefore the longest it can read.
 */
#ifndef INFERENCE_READING_READINGS_H
#define INFERENCE_READING_READINGS_H

#include "inference/kvcache.h"
#include "inference/model/forward.h"
#include "inference/reading/look.h"
#include "inference/reading/pooling.h"

enum { READINGS_MAX_WAITING = 8192 }; /* texts */

enum reading_kind {
	READING_EMBED,    /* one result: the pooled states, [hidden] */
	READING_CLASSIFY, /* one result: [labels], before softmax or sigmoid */
	READING_LOOK,     /* one result: the look, with what was asked for */
	READING_MASKS,    /* one for each mask: [vocabulary], natural logarithms of probabilities */
};

struct reading {
	enum reading_kind kind;
	uint64_t job; /* the caller's two numbers */
	size_t index;
	const uint32_t *tokens; /* copied; at least one */
	size_t token_count;
	uint32_t mask;     /* READING_MASKS: the token that is one */
	struct look *look; /* READING_LOOK: for so many tokens; given away, if it is added */
};

struct reading_result {
	enum reading_kind kind;
	uint64_t job;
	size_t index;
	size_t token_count;
	size_t position; /* READING_MASKS: of the mask */
	float *values;   /* the receiver may change them; borrowed for the call */
	size_t value_count;
	const struct look *look; /* READING_LOOK, which has no values; borrowed for the call */
	bool is_last;            /* of this text */
};

/* Not to be answered by a call into these readings. */
typedef void reading_result_fn(void *context, const struct reading_result *result);

struct readings;

/* All is borrowed but `pooling`; `context` is the longest text that a table of the cache is to
 * hold. */
RESULT readings_new(struct readings **out, const struct model *model, struct kvcache *cache,
		    struct forward *forward, const struct pooling *pooling, size_t context);
void readings_free(struct readings *r); /* wipes; NULL is fine */
AUTO_POINTER(readings)

size_t readings_limit(const struct readings *r); /* tokens of one text */

/* What readings_add would say of these tokens. */
RESULT readings_check_tokens(const struct readings *r, const uint32_t *tokens, size_t count);

/* ERR_LIMIT with the counts past the limit; ERR_FORMAT for a token out of range, no token, or no
 * mask; ERR_UNAVAILABLE if too many wait. */
RESULT readings_add(struct readings *r, const struct reading *reading);
void readings_remove(struct readings *r, uint64_t job); /* all of that job; not from a step */

/* One pass, if there is something to read and room for it. */
RESULT readings_step(struct readings *r, reading_result_fn *on_result, void *context);

bool readings_are_idle(const struct readings *r);
/* The first text waits for pages that others hold: they should let nobody in before it. */
bool readings_are_held_up(const struct readings *r);

#endif
