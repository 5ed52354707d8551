/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layers.h - the small steps between the products: plain loops that compilers vectorize.
 */
#ifndef INFERENCE_KERNEL_LAYERS_H
#define INFERENCE_KERNEL_LAYERS_H

#include <stddef.h>

#include "inference/model/config.h"

/* out = x / sqrt(mean(x^2) + epsilon) * weight (Zhang and Sennrich, 2019); in place, too. */
void layers_rms_norm(float *out, const float *x, const float *weight, float epsilon, size_t n);

/* Rotate one head by the angles whose cosines and sines are given, head_size / 2 each. Value i
 * pairs with value i + head_size / 2, as Hugging Face stores q and k ("rotate half"). */
void layers_rotate(float *head, const float *cosines, const float *sines, size_t head_size);

/* out = (x - mean) / sqrt(variance + epsilon) * weight + bias (Ba et al., 2016); in place, too. */
void layers_norm(float *out, const float *x, const float *weight, const float *bias, float epsilon,
		 size_t n);

/* In place. GELU by erf and its approximation by tanh are two functions (Hendrycks and Gimpel,
 * 2016). */
void layers_activate(float *x, enum config_activation activation, size_t n);
void layers_tanh(float *x, size_t n);
void layers_multiply(float *x, const float *factors, size_t n); /* x = x * factors */
void layers_scale(float *x, float factor, size_t n);            /* x = x * factor */
float layers_rsqrt(size_t n);                                   /* n^-0.5 */
void layers_softmax(float *x, size_t n);                        /* in place; n > 0 */
void layers_add(float *out, const float *x, size_t n);          /* out += x */

#endif
