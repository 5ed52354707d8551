/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layers.h - the small steps between the products: plain loops that compilers vectorize.
 */
#ifndef INFERENCE_KERNEL_LAYERS_H
#define INFERENCE_KERNEL_LAYERS_H

#include <stddef.h>

/* out = x / sqrt(mean(x^2) + epsilon) * weight (Zhang and Sennrich, 2019) */
void layers_rms_norm(float *out, const float *x, const float *weight, float epsilon, size_t n);

/* Rotate one head by the angles whose cosines and sines are given, head_size / 2 each. Value i
 * pairs with value i + head_size / 2, as Hugging Face stores q and k ("rotate half"). */
void layers_rotate(float *head, const float *cosines, const float *sines, size_t head_size);

void layers_silu_multiply(float *gate, const float *up, size_t n); /* gate = silu(gate) * up */
void layers_softmax(float *x, size_t n);                           /* in place; n > 0 */
void layers_add(float *out, const float *x, size_t n);             /* out += x */

#endif
