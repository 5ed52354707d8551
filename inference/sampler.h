/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sampler.h - from logits to one token, in this order: bias, penalties, guide, temperature, top-k,
 * top-p of what is left, min-p of what is left, and a draw by a seeded generator of our own, so
 * that the same seed gives the same text on every machine.
 */
#ifndef INFERENCE_SAMPLER_H
#define INFERENCE_SAMPLER_H

#include "crypto/base/err.h"
#include "crypto/base/slice.h"
#include "inference/penalties.h"

enum {
	SAMPLER_MAX_BIASES = 1024,
	SAMPLER_MAX_TOP = 20, /* alternatives reported with a token */
};

struct sampler_bias {
	uint32_t token;
	float bias; /* added to the logit */
};

/* Which tokens may come next, by whoever knows: a bit each (token i: bit i % 64 of word i / 64),
 * for the whole vocabulary; borrowed until the next call. `mask` NULL: any. */
struct sampler_guide {
	const uint64_t *(*mask)(void *context);
	void *context;
};

struct sampler_settings {
	double temperature; /* 0: the likeliest token, always; at most 2 */
	double top_p;       /* in (0, 1]; 1: off */
	uint32_t top_k;     /* 0: off */
	double min_p;       /* least share, in shares of the likeliest: [0, 1]; 0: off */
	struct penalties_settings penalties;
	uint64_t seed;
	const struct sampler_bias *biases; /* copied by sampler_new */
	size_t bias_count;
	uint32_t top_logprobs; /* alternatives wanted with each token */
	bool is_silent;        /* nobody reads likelihoods: none is computed */
	struct sampler_guide guide;
};

struct sample_choice {
	uint32_t token;
	float logprob; /* natural; of the logits with bias and penalties, at temperature 1 */
};

struct sample {
	struct sample_choice chosen;
	bool is_read;  /* it stood in the prompt: an echo */
	bool is_first; /* of those: nothing stands before it, so it has no likelihood */
	struct sample_choice top[SAMPLER_MAX_TOP]; /* likeliest first */
	size_t top_count;
};

struct sampler;

/* ERR_FORMAT for a setting out of range or a biased token outside the vocabulary. */
RESULT sampler_new(struct sampler **out, const struct sampler_settings *settings,
		   size_t vocabulary);
void sampler_free(struct sampler *s); /* NULL is fine */
AUTO_POINTER(sampler)

/* What stands before the first token, for the penalty of repetition. */
void sampler_read(struct sampler *s, const uint32_t *prompt, size_t count);

/* Changes the logits (bias, penalties, guide), and remembers what was taken. */
void sampler_take(struct sampler *s, float *logits, struct sample *out);

/* Nothing is taken: how likely the model by itself finds a token that is there already. */
void sampler_weigh(struct sampler *s, const float *logits, uint32_t token, struct sample *out);

#endif
