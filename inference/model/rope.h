/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rope.h - rotary position embedding (Su et al., 2021): the angle by which a pair of values turns
 * from one position to the next, with the two ways in which LLaMA models stretch it.
 */
#ifndef INFERENCE_MODEL_ROPE_H
#define INFERENCE_MODEL_ROPE_H

#include "inference/model/config.h"

/* head_size / 2 frequencies, in radians a position. `factors`: each is divided by its own; NULL:
 * there are none. */
void rope_frequencies(float *out, const struct config *config, const float *factors);

/* Cosines and sines of one position, head_size / 2 each. */
void rope_angles(float *cosines, float *sines, const float *frequencies, size_t half,
		 uint32_t position);

#endif
