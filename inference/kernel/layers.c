/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/kernel/layers.h"

#include <math.h>

void layers_rms_norm(float *out, const float *x, const float *weight, float epsilon, size_t n)
{
	double sum = 0;
	float scale;

	for (size_t i = 0; i < n; i++)
		sum += (double)x[i] * x[i];
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

void layers_silu_multiply(float *gate, const float *up, size_t n)
{
	for (size_t i = 0; i < n; i++)
		gate[i] = gate[i] / (1.0f + expf(-gate[i])) * up[i];
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
