/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sampler.h - from logits to one token: bias, temperature, top-k, top-p, and a seeded generator
 * of our own, so that the same seed gives the same text on every machine.
 */
#ifndef INFERENCE_SAMPLER_H
#define INFERENCE_SAMPLER_H

#include "crypto/base/err.h"
#include "crypto/base/slice.h"

enum {
	SAMPLER_MAX_BIASES = 1024,
	SAMPLER_MAX_TOP = 20, /* alternatives reported with a token */
};

struct sampler_bias {
	uint32_t token;
	float bias; /* added to the logit */
};

struct sampler_settings {
	double temperature; /* 0: the likeliest token, always; at most 2 */
	double top_p;       /* in (0, 1]; 1: off */
	uint32_t top_k;     /* 0: off */
	uint64_t seed;
	const struct sampler_bias *biases; /* copied by sampler_new */
	size_t bias_count;
	uint32_t top_logprobs; /* alternatives wanted with each token */
};

struct sample_choice {
	uint32_t token;
	float logprob; /* natural; of the biased logits at temperature 1 */
};

struct sample {
	struct sample_choice chosen;
	struct sample_choice top[SAMPLER_MAX_TOP]; /* likeliest first */
	size_t top_count;
};

struct sampler;

/* ERR_FORMAT for a setting out of range or a biased token outside the vocabulary. */
RESULT sampler_new(struct sampler **out, const struct sampler_settings *settings,
		   size_t vocabulary);
void sampler_free(struct sampler *s); /* NULL is fine */
AUTO_POINTER(sampler)

/* Changes the logits (bias). */
void sampler_take(struct sampler *s, float *logits, struct sample *out);

#endif
