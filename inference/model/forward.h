/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forward.h - one forward pass over rows of several sequences at once. A row is one token at one
 * position of one sequence; rows of a sequence stand in the order of their positions. Prefill and
 * decode are the same pass, with many rows of a sequence or one.
 */
#ifndef INFERENCE_MODEL_FORWARD_H
#define INFERENCE_MODEL_FORWARD_H

#include "inference/kernel/compute.h"
#include "inference/kvcache.h"
#include "inference/model/model.h"

enum { FORWARD_MAX_ROWS = 512 };

struct forward_row {
	const struct kvcache_table *table;
	uint32_t position;
	uint32_t token;
	bool wants_logits;
};

struct forward;

/* Bytes of scratch for at most `logit_rows` rows with logits and `context` positions. */
size_t forward_memory_needed(const struct config *config, size_t logit_rows, size_t context,
			     unsigned threads);

/* Model, cache and compute are borrowed. */
RESULT forward_new(struct forward **out, const struct model *model, struct kvcache *cache,
		   struct compute *compute, size_t logit_rows, size_t context, bool strict);
void forward_free(struct forward *f); /* NULL is fine */
AUTO_POINTER(forward)

/* At most FORWARD_MAX_ROWS rows; *logits gets [rows that want them][vocabulary], which the caller
 * may change, borrowed until the next run. */
RESULT forward_run(struct forward *f, const struct forward_row *rows, size_t count, float **logits);

#endif
