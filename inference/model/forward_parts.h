/* SPDX-License-Identifier: Apache-2.0 */
/* forward_parts.h - what forward.c, attention.c and heads.c share of a pass. */
#ifndef INFERENCE_MODEL_FORWARD_PARTS_H
#define INFERENCE_MODEL_FORWARD_PARTS_H

#include "inference/model/forward.h"
#include "inference/model/region.h"

/* One buffer of scratch a line: name, floats. R rows, L rows with logits. */
#define BUFFERS(X) \
	X(x, R * c->hidden_size)      /* the residual stream */ \
	X(normed, R * c->hidden_size) /* what a product reads */ \
	X(delta, R * c->hidden_size)  /* what a block adds to x */ \
	X(q, R * c->heads * c->head_size) \
	X(k, R * c->kv_heads * c->head_size) \
	X(v, R * c->kv_heads * c->head_size) \
	X(mixed, R * c->heads * c->head_size) /* attention's output */ \
	X(gate, R *(c->gated ? c->intermediate_size : 0)) \
	X(up, R * c->intermediate_size) \
	X(cosines, R * c->head_size / 2) \
	X(sines, R * c->head_size / 2) \
	X(frequencies, (size_t)c->head_size / 2) \
	X(slopes, (size_t)c->heads) /* ALiBi */ \
	X(distances, \
	  2 * forward_reach(c, context) * c->heads + ATTEND_PAGE) /* T5's: both stacks */ \
	X(patterns, (size_t)threads *context) /* for those who look on; of a worker */ \
	X(attending, (size_t)threads *attend_scratch_floats(c->head_size)) \
	X(logits, L * c->vocabulary)

/* Rows that look at the same keys, one behind the other. */
struct forward_span {
	uint16_t first, count;
};

struct forward {
	const struct model *model;
	struct kvcache *cache;
	struct compute *compute;
	struct region region;
	size_t context;
	size_t logit_rows;
	forward_tap_fn *tap;
	forward_pattern_fn *pattern;
	void *tap_context;
	unsigned layer;    /* under way */
	bool has_adapters; /* some row of this pass has one */
	struct forward_span spans[FORWARD_MAX_ROWS];
#define BUFFER_MEMBER(name, floats) float *name;
	BUFFERS(BUFFER_MEMBER)
#undef BUFFER_MEMBER
};

/* Distances that have a bias of their own, in one direction and the other; 0: none has. */
size_t forward_reach(const struct config *c, size_t context);

/* out = x * weight^T (+ bias) for `count` rows. */
RESULT forward_product(struct forward *f, float *out, const float *x, const struct dense *d,
		       size_t count);

/* One of them, with others that read the same rows: for struct linear. */
struct product forward_part(float *out, const struct dense *d);

/* adapter/apply.c: `out`, a product of `x` in a decoder's layer, gets what the rows' adapters add.
 */
void forward_adapt(struct forward *f, size_t layer, enum adapter_site site, float *out,
		   const float *x, const struct forward_row *rows, size_t count);

/* Rows of hidden_size: the family's norm. */
void forward_norm(const struct forward *f, float *out, const float *x, const struct affine *norm,
		  size_t count);

/* ---- attention.c */

/* What is looked at, and how it is told where it stands. */
enum sight {
	SIGHT_PAST,   /* of a decoder: itself and what is before it */
	SIGHT_WHOLE,  /* of an encoder: all of its sequence */
	SIGHT_SOURCE, /* of a decoder: what the encoder has left */
};

/* Tables of biases, from the weights, once. */
void attention_prepare(struct forward *f);

/* Angles of the rows' positions, where the family turns q and k by them. */
void attention_begin(struct forward *f, const struct forward_row *rows, size_t count);

/* Each head of [count][heads][head_size]: its norm (if there is one), and its turn by the row's
 * position (if the family turns). */
void attention_turn(const struct forward *f, float *values, const struct affine *norm, size_t heads,
		    size_t count);

/* f->k and f->v of each row into its table, at the place of layer `slot`. */
void attention_keep(struct forward *f, size_t slot, const struct forward_row *rows, size_t count);

/* f->q, [count][heads][head_size], against what is kept: f->mixed. */
void attention_run(struct forward *f, size_t slot, enum sight sight, const struct forward_row *rows,
		   size_t count);

#endif
