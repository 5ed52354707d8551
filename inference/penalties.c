/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/penalties.h"

#include <assert.h>
#include <stdlib.h>

struct penalties {
	float repetition, presence, frequency;
	size_t vocabulary;
	bool *seen;        /* in the prompt, or written */
	uint32_t *written; /* how often */
};

static enum err check_settings(const struct penalties_settings *s)
{
	if (!(s->repetition >= 0 && s->repetition <= 2))
		return failure(ERR_FORMAT,
			       "sampling: repetition_penalty %g is not above 0 and at most 2",
			       s->repetition);
	if (!(s->presence >= -2 && s->presence <= 2))
		return failure(ERR_FORMAT, "sampling: presence_penalty %g is not within -2 to 2",
			       s->presence);
	if (!(s->frequency >= -2 && s->frequency <= 2))
		return failure(ERR_FORMAT, "sampling: frequency_penalty %g is not within -2 to 2",
			       s->frequency);
	return OK;
}

static bool is_off(double value, double off)
{
	return value >= off && value <= off;
}

enum err penalties_new(struct penalties **out, const struct penalties_settings *s,
		       size_t vocabulary)
{
	bool repeats = !is_off(s->repetition, 0) && !is_off(s->repetition, 1);
	struct penalties *p;

	TRY(check_settings(s));
	*out = NULL;
	if (!repeats && is_off(s->presence, 0) && is_off(s->frequency, 0))
		return OK;
	p = calloc(1, sizeof *p);
	assert(p);
	p->repetition = repeats ? (float)s->repetition : 1.0f;
	p->presence = (float)s->presence;
	p->frequency = (float)s->frequency;
	p->vocabulary = vocabulary;
	p->seen = calloc(vocabulary, sizeof *p->seen);
	p->written = calloc(vocabulary, sizeof *p->written);
	assert(p->seen && p->written);
	*out = p;
	return OK;
}

void penalties_free(struct penalties *p)
{
	if (!p)
		return;
	free(p->seen);
	free(p->written);
	free(p);
}

void penalties_read(struct penalties *p, const uint32_t *prompt, size_t count)
{
	for (size_t i = 0; p && i < count; i++)
		p->seen[prompt[i]] = true;
}

void penalties_write(struct penalties *p, uint32_t token)
{
	if (!p)
		return;
	p->seen[token] = true;
	p->written[token]++;
}

void penalties_apply(const struct penalties *p, float *logits)
{
	for (size_t i = 0; p && i < p->vocabulary; i++) {
		if (!p->seen[i])
			continue;
		logits[i] = logits[i] > 0 ? logits[i] / p->repetition : logits[i] * p->repetition;
		if (p->written[i] == 0)
			continue;
		logits[i] -= p->frequency * (float)p->written[i];
		logits[i] -= p->presence;
	}
}
