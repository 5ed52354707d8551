/* SPDX-License-Identifier: Apache-2.0 */
/*
 * penalties.h - what a token's logit loses for having stood there already. Presence and frequency
 * are OpenAI's, over what was written; repetition is Keskar's (CTRL, 2019) as Hugging Face and vLLM
 * have it, over the prompt and what was written. Repetition comes first, then frequency, then
 * presence, all in single precision: vLLM's order and PyTorch's rounding.
 */
#ifndef INFERENCE_PENALTIES_H
#define INFERENCE_PENALTIES_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/base/err.h"

struct penalties_settings {
	double repetition; /* above 0, at most 2: divides a positive logit, multiplies another;
			    * 0 or 1: off */
	double presence;   /* -2 to 2: subtracted once */
	double frequency;  /* -2 to 2: subtracted as often as it was written */
};

struct penalties;

/* *out is NULL where all are off; the other functions take that. ERR_FORMAT: out of range. */
RESULT penalties_new(struct penalties **out, const struct penalties_settings *settings,
		     size_t vocabulary);
void penalties_free(struct penalties *p);
AUTO_POINTER(penalties)

void penalties_read(struct penalties *p, const uint32_t *prompt, size_t count);
void penalties_write(struct penalties *p, uint32_t token);
void penalties_apply(const struct penalties *p, float *logits);

#endif
