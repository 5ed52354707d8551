/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_kernels.c - from how many rows on is oneDNN faster than our own kernels? Both multiply the
 * same packed weights in turn, on one thread: GFLOP/s by CPU time, medians. Of this the tables in
 * kernel/ are made (onednn_from). An argument names a table ("avx2"; set ONEDNN_MAX_CPU_ISA=AVX2
 * for the other side).
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "inference/kernel/compute.h"

enum { INPUTS = 768, OUTPUTS = 2048, MOST = 512, ROUNDS = 9 };

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values)
{
	qsort(values, ROUNDS, sizeof *values, by_value);
	return values[ROUNDS / 2];
}

static double rate(struct compute *c, const struct linear *l)
{
	double started = seconds();

	if (compute_linear(c, l) != OK) {
		fprintf(stderr, "%s\n", failure_text());
		exit(1);
	}
	return 2e-9 * (double)l->m * INPUTS * OUTPUTS / (seconds() - started);
}

static void measure(struct compute *c, const struct kernels *kernels, const struct linear *l)
{
	struct kernels own = *kernels, onednn = *kernels;
	double rates[2][ROUNDS];

	for (size_t i = 0; i < PACKED_TYPES; i++) {
		own.onednn_from[i] = SIZE_MAX;
		onednn.onednn_from[i] = 0;
	}
	for (size_t i = 0; i < ROUNDS; i++) {
		compute_use(c, &own);
		rates[0][i] = rate(c, l);
		compute_use(c, &onednn);
		rates[1][i] = rate(c, l);
	}
	printf("{\"bench\":\"kernels\",\"kernels\":\"%s\",\"type\":\"%s\",\"rows\":%zu,"
	       "\"own\":%.0f,\"onednn\":%.0f}\n",
	       kernels->name, packed_type_name(l->list[0].w->type), l->m, median(rates[0]),
	       median(rates[1]));
}

static void measure_type(struct compute *c, const struct kernels *kernels, enum packed_type type,
			 const float *x, float *out)
{
	struct packed w = {aligned_alloc(64, packed_bytes(type, OUTPUTS, INPUTS)), type, OUTPUTS,
			   INPUTS};

	assert(w.data);
	memset(w.data, 0x21, packed_bytes(type, OUTPUTS, INPUTS));
	for (size_t m = 8; m <= MOST; m *= 2) {
		const struct linear l = {x, m, 1, {{out, OUTPUTS, &w, NULL}}, false};

		measure(c, kernels, &l);
	}
	free(w.data);
}

int main(int argc, char **argv)
{
	AUTO(compute_auto) struct compute *c = NULL;
	const struct kernels *const *kernels = kernels_list();
	float *x = calloc(MOST * INPUTS, sizeof *x), *out = calloc(MOST * OUTPUTS, sizeof *out);

	while (argc > 1 && *kernels && strcmp((*kernels)->name, argv[1]) != 0)
		kernels++;
	if (!x || !out || !*kernels || compute_new(&c, &operators_onednn, 1) != OK ||
	    compute_make_room(c, MOST, INPUTS, false) != OK)
		return 1;
	for (size_t i = 0; i < MOST * INPUTS; i++)
		x[i] = (float)(i % 13) - 6;
	for (enum packed_type type = PACKED_F32; type <= PACKED_Q4_0; type++)
		measure_type(c, *kernels, type, x, out);
	free(x);
	free(out);
	return 0;
}
