/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/kernel/layers.h"

#include <math.h>

/* Eight sums at a time: one waits for each addition before the next. */
static double sum_of(const float *x, size_t n)
{
	double sums[8] = {0};
	size_t i = 0;

	for (; i + 8 <= n; i += 8)
		for (size_t j = 0; j < 8; j++)
			sums[j] += (double)x[i + j];
	for (; i < n; i++)
		sums[0] += (double)x[i];
	return ((sums[0] + sums[1]) + (sums[2] + sums[3])) +
	       ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

static double sum_of_squares(const float *x, size_t n)
{
	double sums[8] = {0};
	size_t i = 0;

	for (; i + 8 <= n; i += 8)
		for (size_t j = 0; j < 8; j++)
			sums[j] += (double)x[i + j] * x[i + j];
	for (; i < n; i++)
		sums[0] += (double)x[i] * x[i];
	return ((sums[0] + sums[1]) + (sums[2] + sums[3])) +
	       ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

void layers_rms_norm(float *out, const float *x, const float *weight, float epsilon, size_t n)
{
	double sum = sum_of_squares(x, n);
	float scale;

	scale = (float)(1.0 / sqrt(sum / (double)n + epsilon));
	for (size_t i = 0; i < n; i++)
		out[i] = x[i] * scale * weight[i];
}

void layers_rotate(float *head, const float *cosines, const float *sines, size_t head_size)
{
	size_t half = head_size / 2;

	for (size_t i = 0; i < half; i++) {
		float a = head[i];
		float b = head[i + half];

		head[i] = a * cosines[i] - b * sines[i];
		head[i + half] = b * cosines[i] + a * sines[i];
	}
}

void layers_norm(float *out, const float *x, const float *weight, const float *bias, float epsilon,
		 size_t n)
{
	const float mean = (float)(sum_of(x, n) / (double)n);
	float scale;

	for (size_t i = 0; i < n; i++)
		out[i] = x[i] - mean;
	scale = (float)(1.0 / sqrt(sum_of_squares(out, n) / (double)n + epsilon));
	for (size_t i = 0; i < n; i++)
		out[i] = out[i] * scale * weight[i] + bias[i];
}

static void silu(float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] = x[i] / (1.0f + expf(-x[i]));
}

static void gelu(float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] = 0.5f * x[i] * (1.0f + erff(x[i] * 0.70710678f));
}

static void gelu_tanh(float *x, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		float inner = 0.79788456f * (x[i] + 0.044715f * x[i] * x[i] * x[i]);

		x[i] = 0.5f * x[i] * (1.0f + tanhf(inner));
	}
}

static void relu(float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] = x[i] > 0 ? x[i] : 0;
}

void layers_activate(float *x, enum config_activation activation, size_t n)
{
	switch (activation) {
	case CONFIG_SILU:
		silu(x, n);
		return;
	case CONFIG_GELU:
		gelu(x, n);
		return;
	case CONFIG_GELU_TANH:
		gelu_tanh(x, n);
		return;
	case CONFIG_RELU:
		relu(x, n);
		return;
	}
}

void layers_tanh(float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] = tanhf(x[i]);
}

void layers_multiply(float *x, const float *factors, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] *= factors[i];
}

void layers_scale(float *x, float factor, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] *= factor;
}

float layers_rsqrt(size_t n)
{
	return 1.0f / sqrtf((float)n);
}

void layers_softmax(float *x, size_t n)
{
	float largest = x[0];
	double sum = 0;
	float scale;

	for (size_t i = 1; i < n; i++)
		largest = x[i] > largest ? x[i] : largest;
	for (size_t i = 0; i < n; i++) {
		x[i] = expf(x[i] - largest);
		sum += x[i];
	}
	scale = (float)(1.0 / sum);
	for (size_t i = 0; i < n; i++)
		x[i] *= scale;
}

void layers_add(float *out, const float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] += x[i];
}
