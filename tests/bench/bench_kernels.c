/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_kernels.c - from how many rows on is each way to multiply the fastest? The same packed
 * weights, by our kernels for single rows, in tiles, and by oneDNN, in turn, on one thread: GFLOP/s
 * by CPU time, medians, what is made of activations first included. Then, for each type, from which
 * number of rows on a way is ahead at this and all larger ones, over all shapes together: of this
 * the tables in kernel/ are made (tiled_from, cut_from, onednn_from).
 *
 *	bench_kernels [KERNELS [TYPE [MOST ROWS [ROUNDS]]]]
 *
 * KERNELS names a table ("avx2"; set ONEDNN_MAX_CPU_ISA=AVX2 for the other side).
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "inference/kernel/compute.h"

enum { WIDEST = 5632, MOST_OUTPUTS = 5632, MOST = 512, MOST_ROUNDS = 101, SHORTEST = 8 /* ms */ };

enum way { WAY_ROWS, WAY_TILES, WAY_ONEDNN, WAYS };

static const char *const names[WAYS] = {"rows", "tiles", "onednn"};

/* Outputs and inputs: of attention and MLP of M, and of both of L. */
static const struct shape {
	size_t outputs, inputs;
} shapes[] = {{768, 768}, {2048, 768}, {2048, 2048}, {5632, 2048}, {2048, 5632}};

static const size_t rows_of[] = {1,  2,  3,  4,  6,  8,  10, 12,  14,  15, 16,
				 17, 20, 24, 32, 40, 48, 64, 128, 256, 512};

enum {
	SHAPES = sizeof shapes / sizeof *shapes,
	ROWS = sizeof rows_of / sizeof *rows_of,
};

struct bench {
	struct compute *compute;
	struct kernels ways[WAYS];
	bool has[WAYS];
	float *x, *out;
	size_t rounds;
	double logs[ROWS][WAYS]; /* of a type: of the rates of all shapes, added */
};

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

static void set_ways(struct bench *b, const struct kernels *kernels, enum packed_type type)
{
	for (enum way way = 0; way < WAYS; way++) {
		struct kernels *k = &b->ways[way];

		*k = *kernels;
		for (size_t i = 0; i < PACKED_TYPES; i++)
			k->tiled_from[i] = k->cut_from[i] = k->onednn_from[i] = SIZE_MAX;
		b->has[way] = true;
	}
	b->ways[WAY_TILES].tiled_from[type] = 1;
	b->ways[WAY_TILES].cut_from[type] = 1;
	b->has[WAY_TILES] = kernels->tiled[type] || kernels->cut[type];
	b->ways[WAY_ONEDNN].onednn_from[type] = 0;
	b->has[WAY_ONEDNN] = type != PACKED_W8;
}

/* So often that the clock can tell. */
static double rate(struct compute *c, const struct linear *l, size_t times)
{
	double started = seconds();

	for (size_t i = 0; i < times; i++)
		if (compute_linear(c, l) != OK) {
			fprintf(stderr, "%s\n", failure_text());
			exit(1);
		}
	return 2e-9 * (double)(times * l->m * l->list[0].w->rows * l->list[0].w->columns) /
	       (seconds() - started);
}

static void measure(struct bench *b, const struct kernels *kernels, const struct linear *l,
		    double *logs)
{
	const struct packed *w = l->list[0].w;
	size_t work = l->m * w->rows * w->columns, times = ((size_t)SHORTEST << 26) / work + 1;
	static double rates[WAYS][MOST_ROUNDS];

	for (size_t i = 0; i < b->rounds; i++)
		for (enum way way = 0; way < WAYS; way++) {
			compute_use(b->compute, &b->ways[way]);
			if (b->has[way])
				rates[way][i] = rate(b->compute, l, times);
		}
	printf("{\"bench\":\"kernels\",\"kernels\":\"%s\",\"type\":\"%s\",\"outputs\":%zu,"
	       "\"inputs\":%zu,\"rows\":%zu",
	       kernels->name, packed_type_name(w->type), w->rows, w->columns, l->m);
	for (enum way way = 0; way < WAYS; way++) {
		if (!b->has[way])
			continue;
		qsort(rates[way], b->rounds, sizeof **rates, by_value);
		printf(",\"%s\":%.1f", names[way], rates[way][b->rounds / 2]);
		logs[way] += log(rates[way][b->rounds / 2]);
	}
	printf("}\n");
	fflush(stdout);
}

static void measure_shape(struct bench *b, const struct kernels *kernels, enum packed_type type,
			  const struct shape *s, size_t most)
{
	size_t bytes = packed_bytes(type, s->outputs, s->inputs);
	struct packed w = {aligned_alloc(64, bytes), type, s->outputs, s->inputs};

	assert(w.data);
	memset(w.data, 0x21, bytes);
	for (size_t i = 0; i < ROWS && rows_of[i] <= most; i++) {
		const struct linear l = {
			b->x, rows_of[i], 1, {{b->out, s->outputs, &w, NULL}}, LINEAR_AS_IT_IS};

		measure(b, kernels, &l, b->logs[i]);
	}
	free(w.data);
}

/* Where `way` is ahead of all others, and stays so. */
static void print_from(const struct bench *b, const char *kernels, enum packed_type type,
		       enum way way, size_t most)
{
	size_t from = 0;

	for (size_t i = 0; i < ROWS && rows_of[i] <= most; i++) {
		bool is_ahead = true;

		for (enum way other = 0; other < WAYS; other++)
			is_ahead &= other == way || !b->has[other] ||
				    b->logs[i][way] > b->logs[i][other];
		from = !is_ahead ? 0 : from ? from : rows_of[i];
	}
	printf("{\"bench\":\"kernels_from\",\"kernels\":\"%s\",\"type\":\"%s\",\"way\":\"%s\","
	       "\"from\":%zu}\n",
	       kernels, packed_type_name(type), names[way], from);
}

static void measure_type(struct bench *b, const struct kernels *kernels, enum packed_type type,
			 size_t most)
{
	memset(b->logs, 0, sizeof b->logs);
	set_ways(b, kernels, type);
	for (size_t i = 0; i < SHAPES; i++)
		measure_shape(b, kernels, type, &shapes[i], most);
	for (enum way way = WAY_TILES; way < WAYS; way++)
		if (b->has[way])
			print_from(b, kernels->name, type, way, most);
}

int main(int argc, char **argv)
{
	static struct bench b;
	const struct kernels *const *kernels = kernels_list();
	size_t most = argc > 3 ? strtoul(argv[3], NULL, 10) : MOST;

	b.rounds = argc > 4 ? strtoul(argv[4], NULL, 10) : 5;
	b.x = calloc((size_t)MOST * WIDEST, sizeof *b.x);
	b.out = calloc((size_t)MOST * MOST_OUTPUTS, sizeof *b.out);
	while (argc > 1 && *kernels && strcmp((*kernels)->name, argv[1]) != 0)
		kernels++;
	if (!b.x || !b.out || !*kernels || b.rounds == 0 || b.rounds > MOST_ROUNDS || most > MOST ||
	    compute_new(&b.compute, &operators_onednn, 1) != OK ||
	    compute_make_room(b.compute, MOST, WIDEST, false) != OK)
		return 1;
	for (size_t i = 0; i < (size_t)MOST * WIDEST; i++)
		b.x[i] = (float)(i % 13) - 6;
	for (enum packed_type type = PACKED_F32; type <= PACKED_W8; type++)
		if (argc <= 2 || strcmp(packed_type_name(type), argv[2]) == 0)
			measure_type(&b, *kernels, type, most);
	compute_free(b.compute);
	free(b.x);
	free(b.out);
	return 0;
}
