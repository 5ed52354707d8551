/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/model/rope.h"

#include <math.h>

#define PI 3.14159265358979323846

/*
 * LLaMA 3.1: frequencies that turn more than `high` times within the original context stay, those
 * that turn less than `low` times are divided by the factor, and between the two one fades into
 * the other. Source: Hugging Face's _compute_llama3_parameters.
 */
static double stretch_llama3(const struct config *c, double frequency)
{
	double turns = c->rope_original_context * frequency / (2 * PI);
	double fade = (turns - c->rope_low_frequency) /
		      (c->rope_high_frequency - c->rope_low_frequency);

	if (turns > c->rope_high_frequency)
		return frequency;
	if (turns < c->rope_low_frequency)
		return frequency / c->rope_factor;
	return (1 - fade) * frequency / c->rope_factor + fade * frequency;
}

void rope_frequencies(float *out, const struct config *c, const float *factors)
{
	for (uint32_t i = 0; i < c->head_size / 2; i++) {
		double frequency = pow(c->rope_theta, -2.0 * i / c->head_size);

		switch (c->rope) {
		case CONFIG_ROPE_PLAIN:
			break;
		case CONFIG_ROPE_LINEAR:
			frequency /= c->rope_factor;
			break;
		case CONFIG_ROPE_LLAMA3:
			frequency = stretch_llama3(c, frequency);
			break;
		}
		out[i] = (float)(factors ? frequency / factors[i] : frequency);
	}
}

void rope_angles(float *cosines, float *sines, const float *frequencies, size_t half,
		 uint32_t position)
{
	for (size_t i = 0; i < half; i++) {
		/* Rounded to F32 as the reference does, whose models were trained so. */
		float angle = (float)position * frequencies[i];

		cosines[i] = cosf(angle);
		sines[i] = sinf(angle);
	}
}
