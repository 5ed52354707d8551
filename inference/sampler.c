/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/sampler.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct candidate {
	uint32_t token;
	float logit;
	double weight; /* not normalized */
};

struct sampler {
	struct sampler_settings settings;
	struct sampler_bias *biases;
	size_t vocabulary;
	struct candidate *candidates; /* room for the whole vocabulary; NULL while it waits */
	struct penalties *penalties;  /* NULL: none */
	uint64_t state[4];
};

/* SplitMix64 (Steele, Lea, Flood 2014), to fill the state from one number. */
static uint64_t split_mix(uint64_t *x)
{
	uint64_t z = (*x += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static uint64_t rotate_left(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

/* xoshiro256** (Blackman, Vigna 2018). */
static uint64_t next_random(uint64_t s[4])
{
	uint64_t result = rotate_left(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate_left(s[3], 45);
	return result;
}

static enum err check_settings(const struct sampler_settings *s, size_t vocabulary)
{
	if (!(s->temperature >= 0 && s->temperature <= 2))
		return failure(ERR_FORMAT, "sampling: temperature %g is not within 0 to 2",
			       s->temperature);
	if (!(s->top_p > 0 && s->top_p <= 1))
		return failure(ERR_FORMAT, "sampling: top_p %g is not above 0 and at most 1",
			       s->top_p);
	if (!(s->min_p >= 0 && s->min_p <= 1))
		return failure(ERR_FORMAT, "sampling: min_p %g is not within 0 to 1", s->min_p);
	if (s->top_logprobs > SAMPLER_MAX_TOP)
		return failure(ERR_LIMIT, "sampling: %u alternatives wanted, at most %d",
			       s->top_logprobs, SAMPLER_MAX_TOP);
	if (s->bias_count > SAMPLER_MAX_BIASES)
		return failure(ERR_LIMIT, "sampling: %zu biased tokens, at most %d", s->bias_count,
			       SAMPLER_MAX_BIASES);
	for (size_t i = 0; i < s->bias_count; i++) {
		if (s->biases[i].token >= vocabulary)
			return failure(ERR_FORMAT,
				       "sampling: token %u of the logit bias is not "
				       "one of %zu",
				       s->biases[i].token, vocabulary);
		if (!(fabsf(s->biases[i].bias) <= 100))
			return failure(ERR_FORMAT,
				       "sampling: the bias %g is not within -100 to 100",
				       (double)s->biases[i].bias);
	}
	return OK;
}

enum err sampler_new(struct sampler **out, const struct sampler_settings *settings,
		     size_t vocabulary)
{
	struct penalties *penalties;
	struct sampler *s;
	uint64_t seed = settings->seed;

	TRY(check_settings(settings, vocabulary));
	TRY(penalties_new(&penalties, &settings->penalties, vocabulary));
	s = calloc(1, sizeof *s);
	assert(s);
	s->penalties = penalties;
	s->settings = *settings;
	s->vocabulary = vocabulary;
	s->biases = calloc(settings->bias_count + 1, sizeof *s->biases);
	assert(s->biases);
	if (settings->bias_count > 0)
		memcpy(s->biases, settings->biases, settings->bias_count * sizeof *s->biases);
	s->settings.biases = s->biases;
	for (int i = 0; i < 4; i++)
		s->state[i] = split_mix(&seed);
	*out = s;
	return OK;
}

void sampler_free(struct sampler *s)
{
	if (!s)
		return;
	penalties_free(s->penalties);
	free(s->biases);
	free(s->candidates);
	free(s);
}

/* The first of the largest: ties go to the smaller id, everywhere. */
static uint32_t likeliest(const float *logits, size_t n)
{
	size_t best = 0;

	for (size_t i = 1; i < n; i++)
		if (logits[i] > logits[best] || isnan(logits[best]))
			best = i;
	return (uint32_t)best;
}

static bool comes_before(const struct candidate *a, const struct candidate *b)
{
	return a->logit > b->logit || (a->logit == b->logit && a->token < b->token);
}

static int likelier_first(const void *a, const void *b)
{
	return comes_before(a, b) ? -1 : 1;
}

static void sink(struct candidate *heap, size_t n, size_t i)
{
	for (;;) {
		size_t last = i;
		struct candidate moved = heap[i];

		for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < n; child++)
			if (comes_before(&heap[last], &heap[child]))
				last = child;
		if (last == i)
			return;
		heap[i] = heap[last];
		heap[last] = moved;
		i = last;
	}
}

/* The k likeliest of all logits, likeliest first: a heap whose top is the least likely kept. */
static size_t keep_top(struct sampler *s, const float *logits, size_t k)
{
	struct candidate *kept = s->candidates;

	if (k > s->vocabulary)
		k = s->vocabulary;
	for (size_t i = 0; i < s->vocabulary; i++) {
		struct candidate c = {.token = (uint32_t)i, .logit = logits[i]};

		if (i < k) {
			kept[i] = c;
			for (size_t j = k; i == k - 1 && j-- > 0;)
				sink(kept, k, j);
		} else if (comes_before(&c, &kept[0])) {
			kept[0] = c;
			sink(kept, k, 0);
		}
	}
	qsort(kept, k, sizeof *kept, likelier_first);
	return k;
}

/* Those of at least this weight. */
static size_t drop_unlikely(struct candidate *candidates, size_t count, double least)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (candidates[i].weight >= least)
			candidates[kept++] = candidates[i];
	return kept;
}

/* The likeliest has the weight 1. Returns the sum. */
static double weigh(struct sampler *s, size_t count, float largest)
{
	double total = 0;

	for (size_t i = 0; i < count; i++) {
		s->candidates[i].weight = exp((double)(s->candidates[i].logit - largest) /
					      s->settings.temperature);
		total += s->candidates[i].weight;
	}
	return total;
}

/* The smallest set whose share of `total` reaches top-p; the token that crosses it is in. */
static size_t keep_share(const struct sampler *s, size_t count, double total)
{
	double kept = 0;
	size_t used = 0;

	while (used < count && (used == 0 || kept < s->settings.top_p * total))
		kept += s->candidates[used++].weight;
	return used;
}

/* Top-p of all tokens. One whose share is below (1 - top_p) / vocabulary cannot be among them: all
 * such together are less than 1 - top_p. The rest is put in order, which is all the work. */
static size_t keep_share_of_all(struct sampler *s, size_t count, double total)
{
	double least = (1 - s->settings.top_p) / (double)s->vocabulary * total;

	if (!(s->settings.top_p < 1))
		return count;
	count = drop_unlikely(s->candidates, count, least);
	qsort(s->candidates, count, sizeof *s->candidates, likelier_first);
	return keep_share(s, count, total);
}

static size_t keep_all(struct sampler *s, const float *logits)
{
	for (size_t i = 0; i < s->vocabulary; i++)
		s->candidates[i] = (struct candidate){.token = (uint32_t)i, .logit = logits[i]};
	return s->vocabulary;
}

/* One of them, by their weights; never one without any (a bias or a mask of minus infinity). */
static uint32_t draw(struct sampler *s, size_t count)
{
	double total = 0;
	double target;
	size_t last = 0;

	for (size_t i = 0; i < count; i++)
		total += s->candidates[i].weight;
	target = (double)(next_random(s->state) >> 11) * 0x1p-53 * total;
	for (size_t i = 0; i < count; i++) {
		if (!(s->candidates[i].weight > 0))
			continue;
		target -= s->candidates[i].weight;
		last = i;
		if (target < 0)
			break;
	}
	return s->candidates[last].token;
}

static uint32_t choose(struct sampler *s, const float *logits, uint32_t best)
{
	float largest = logits[best];
	double total;
	size_t count;

	if (s->settings.temperature < 1e-6) /* closer to 0 than the arithmetic can tell */
		return best;
	if (!isfinite(largest)) /* weights that overflow: there is nothing to draw from */
		return best;
	if (s->settings.top_k > 0) { /* top-p is then a share of what top-k has kept */
		count = keep_top(s, logits, s->settings.top_k);
		total = weigh(s, count, largest);
		count = keep_share(s, count, total);
	} else {
		count = keep_all(s, logits);
		total = weigh(s, count, largest);
		count = keep_share_of_all(s, count, total);
	}
	if (s->settings.min_p > 0)
		count = drop_unlikely(s->candidates, count, s->settings.min_p);
	return draw(s, count);
}

/* A model that overflows has no probabilities; OpenAI's API writes -9999 for "very unlikely". */
static struct sample_choice choice(uint32_t token, double logprob)
{
	return (struct sample_choice){token, isfinite(logprob) ? (float)logprob : -9999.0f};
}

/* What may not come has no likelihood at all. */
static void apply_guide(const struct sampler *s, float *logits)
{
	const uint64_t *mask = s->settings.guide.mask(s->settings.guide.context);

	for (size_t i = 0; i < s->vocabulary; i++)
		if (!(mask[i / 64] >> i % 64 & 1))
			logits[i] = -INFINITY;
}

/* The logarithm of the sum of all exponentials. */
static double norm_of(const float *logits, size_t n)
{
	float largest = logits[likeliest(logits, n)];
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += exp((double)(logits[i] - largest));
	return log(sum) + largest;
}

static void report(struct sampler *s, const float *logits, uint32_t token, struct sample *out)
{
	double norm;

	*out = (struct sample){.chosen = {.token = token}};
	if (s->settings.is_silent)
		return;
	norm = norm_of(logits, s->vocabulary);
	*out = (struct sample){.chosen = choice(token, logits[token] - norm)};
	if (s->settings.top_logprobs > 0)
		out->top_count = keep_top(s, logits, s->settings.top_logprobs);
	while (s->settings.guide.mask && out->top_count > 0 &&
	       isinf(s->candidates[out->top_count - 1].logit))
		out->top_count--; /* no alternatives: they could not have come */
	for (size_t i = 0; i < out->top_count; i++)
		out->top[i] = choice(s->candidates[i].token, s->candidates[i].logit - norm);
}

static void take_room(struct sampler *s)
{
	if (!s->candidates)
		s->candidates = calloc(s->vocabulary, sizeof *s->candidates);
	assert(s->candidates);
}

void sampler_read(struct sampler *s, const uint32_t *prompt, size_t count)
{
	penalties_read(s->penalties, prompt, count);
}

void sampler_take(struct sampler *s, float *logits, struct sample *out)
{
	uint32_t token;

	take_room(s);
	for (size_t i = 0; i < s->settings.bias_count; i++)
		logits[s->biases[i].token] += s->biases[i].bias;
	penalties_apply(s->penalties, logits);
	if (s->settings.guide.mask)
		apply_guide(s, logits);
	token = choose(s, logits, likeliest(logits, s->vocabulary));
	penalties_write(s->penalties, token);
	report(s, logits, token, out);
}

void sampler_weigh(struct sampler *s, const float *logits, uint32_t token, struct sample *out)
{
	take_room(s);
	report(s, logits, token, out);
}
