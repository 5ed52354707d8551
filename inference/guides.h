/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guides.h - the grammars of an engine: made when an answer first asks for one, kept for the next
 * that asks for the same, the least recently used going first. The tokens of the model are put in
 * order when the first grammar of all is made.
 */
#ifndef INFERENCE_GUIDES_H
#define INFERENCE_GUIDES_H

#include "inference/grammar/vocabulary.h"
#include "inference/sampler.h"

enum {
	GUIDES_MAX_IDLE = 8,              /* grammars that no answer is using */
	GUIDES_MAX_IDLE_BYTES = 32 << 20, /* of those */
};

/* What an answer asks for. */
struct guide_request {
	enum grammar_kind kind;
	struct slice text;
};

struct guides;

/* What `tokens` points to is borrowed until guides_free. */
struct guides *guides_new(const struct grammar_tokens *tokens);
void guides_free(struct guides *g); /* after its guides; NULL is fine */

/* One answer's way through a grammar. */
struct guide;

/* NULL into *out where nothing is asked for. Errors as of grammar_new, and ERR_UNSUPPORTED where
 * no token of the model could begin such an answer. */
RESULT guide_new(struct guide **out, struct guides *g, const struct guide_request *request,
		 bool is_first);
void guide_free(struct guide *g); /* NULL is fine */

/* For the sampler; `is_first` as of grammar_run_mask, looked at when the mask is asked for. */
struct sampler_guide guide_sampler(struct guide *g, const bool *is_first);

/* A token's bytes were written. False: they are none of this grammar's. */
bool guide_take(struct guide *g, struct slice bytes);
bool guide_is_over(const struct guide *g); /* it may end, and nothing can follow */

#endif
