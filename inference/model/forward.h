/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forward.h - one forward pass over rows of several sequences at once. A row is one token at one
 * position of one sequence; rows of a sequence stand in the order of their positions. Prefill and
 * decode are the same pass, with many rows of a sequence or one.
 *
 * An encoder's pass is the same, but that each row sees the whole of its sequence, which must
 * therefore be in one pass. Of a model that has both, the encoder's pass leaves behind what the
 * decoder's rows look at: keys and values of each layer, in the sequence's `source` table.
 */
#ifndef INFERENCE_MODEL_FORWARD_H
#define INFERENCE_MODEL_FORWARD_H

#include "inference/adapter/adapter.h"
#include "inference/kernel/compute.h"
#include "inference/kvcache.h"
#include "inference/model/model.h"

enum { FORWARD_MAX_ROWS = 512 };

struct forward_row {
	const struct kvcache_table *table;
	uint32_t position;
	uint32_t token;
	bool wants_logits;
	uint32_t segment;                   /* token type, where the model knows any */
	uint32_t length;                    /* encoder: of the whole sequence */
	const struct kvcache_table *source; /* decoder of an encoder: what that has left */
	uint32_t source_length;
	const struct adapter *adapter; /* decoder: of this row's sequence; NULL: none */
};

/*
 * Where a pass can be looked at, as TransformerLens names it, in the order of the pass. Each is
 * [rows][width]: the residual stream and what is added to it have the model's hidden size; q, z are
 * [heads][head_size], k, v [kv_heads][head_size].
 */
enum forward_point {
	FORWARD_EMBED,     /* tokens, without positions; behind the norm, where that is all */
	FORWARD_RESID_PRE, /* what a layer reads */
	FORWARD_Q,         /* as multiplied: before norms and turns */
	FORWARD_K,
	FORWARD_V,
	FORWARD_ROT_Q, /* turned by its position */
	FORWARD_ROT_K,
	FORWARD_Z, /* values, weighed by the pattern */
	FORWARD_ATTN_OUT,
	FORWARD_RESID_MID,
	FORWARD_CROSS_ATTN_OUT, /* of a decoder that looks at an encoder */
	FORWARD_RESID_MID_CROSS,
	FORWARD_MLP_OUT,
	FORWARD_RESID_POST,      /* where norms stand behind blocks: before that norm */
	FORWARD_NORMALIZED_POST, /* and behind it: what the next layer reads */
};

/* `values` are borrowed for the call. */
typedef void forward_tap_fn(void *context, enum forward_point point, unsigned layer,
			    const float *values, size_t rows);

/* What one head of one row makes of the keys [first, end) that it sees; the others are 0. Called
 * from several threads at once. */
struct forward_pattern {
	unsigned layer;
	size_t row, head;
	size_t first, end;
	const float *values; /* of position 0 on */
};
typedef void forward_pattern_fn(void *context, const struct forward_pattern *pattern);

struct forward;

/* Bytes of scratch for at most `logit_rows` rows with logits and `context` positions. */
size_t forward_memory_needed(const struct config *config, size_t logit_rows, size_t context,
			     unsigned threads);

/* Model, cache and compute are borrowed. */
RESULT forward_new(struct forward **out, const struct model *model, struct kvcache *cache,
		   struct compute *compute, size_t logit_rows, size_t context, bool strict);
void forward_free(struct forward *f); /* NULL is fine */
AUTO_POINTER(forward)

/* Who looks on, and at the patterns of attention; NULL: nobody. */
void forward_watch(struct forward *f, forward_tap_fn *tap, forward_pattern_fn *pattern,
		   void *context);

/* The decoder: at most FORWARD_MAX_ROWS rows; *logits gets [rows that want them][vocabulary],
 * which the caller may change, borrowed until the next run. */
RESULT forward_run(struct forward *f, const struct forward_row *rows, size_t count, float **logits);

/* The same without the head: *hidden gets [rows that want it][hidden], behind the last norm. */
RESULT forward_run_hidden(struct forward *f, const struct forward_row *rows, size_t count,
			  const float **hidden);

/* The encoder, over whole sequences: *hidden gets [count][hidden], borrowed until the next run. */
RESULT forward_encode(struct forward *f, const struct forward_row *rows, size_t count,
		      const float **hidden);

/* On top of hidden states, [count][hidden] as one of the two above gave them, or some of their rows
 * (count <= FORWARD_MAX_ROWS). A masked head: [count][vocabulary], at most `logit_rows` of them. */
RESULT forward_masked_logits(struct forward *f, const float *hidden, size_t count, float **logits);

/* Residual streams [count][hidden] behind the norm that stands behind the last layer. */
void forward_final_norm(const struct forward *f, float *out, const float *x, size_t count);

/* What the model would say if its layers ended there (the "logit lens", nostalgebraist, 2020): the
 * last norm and the unembedding over residual streams, [count][vocabulary], at most `logit_rows`
 * of them; BERT's masked head over what a layer leaves. Not from within a tap. */
RESULT forward_lens(struct forward *f, const float *x, size_t count, float **logits);
size_t forward_logit_rows(const struct forward *f);

/* A head of classes: [labels], of one sequence. BERT reads the state of its first token, GPT-2 that
 * of its last. */
RESULT forward_classify(struct forward *f, const float *state, float *labels);

#endif
