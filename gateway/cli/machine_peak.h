/* SPDX-License-Identifier: Apache-2.0 */
/* machine_peak.h - a loop of nothing but multiplications with additions, in vectors of WIDTH
 * floats. Each instruction set compiles it in a file of its own. */
#ifndef GATEWAY_CLI_MACHINE_PEAK_H
#define GATEWAY_CLI_MACHINE_PEAK_H

#include <stdint.h>

enum { MACHINE_CHAINS = 12 /* independent, so that none waits for another */ };

double machine_peak_plain(uint64_t rounds);
double machine_peak_avx2(uint64_t rounds);
double machine_peak_avx512(uint64_t rounds);

#define MACHINE_PEAK(name, width) \
	typedef float lane_##name __attribute__((vector_size((width) * sizeof(float)))); \
	double machine_peak_##name(uint64_t rounds) \
	{ \
		lane_##name sums[MACHINE_CHAINS], factor, add; \
		double total = 0; \
		for (int i = 0; i < (width); i++) { \
			factor[i] = 0.999f; \
			add[i] = 1e-3f; \
			for (int k = 0; k < MACHINE_CHAINS; k++) \
				sums[k][i] = (float)(i + k); \
		} \
		for (uint64_t round = 0; round < rounds; round++) \
			for (int k = 0; k < MACHINE_CHAINS; k++) \
				sums[k] = sums[k] * factor + add; \
		for (int k = 0; k < MACHINE_CHAINS; k++) \
			total += (double)sums[k][0]; \
		machine_kept = total; /* or nothing of it would be computed */ \
		return (double)rounds * MACHINE_CHAINS * (width)*2; \
	}

extern _Thread_local volatile double machine_kept;

#endif
