/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_engine.c - how fast the engine reads and writes, on a model of 30 million parameters that
 * is made up in memory. One JSON line for each measurement. An argument sets the threads.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/base/clock.h"
#include "inference/batch.h"
#include "tests/bench/bench_model.h"

enum { PROMPT = 512, WRITTEN = 64, MILLISECONDS = 1000 };

static enum batch_verdict go_on(void *context, uint64_t id, const struct sample *sample,
				size_t cached)
{
	(void)cached;
	(void)id;
	(void)sample;
	(*(size_t *)context)++;
	return BATCH_GO_ON;
}

static void must(enum err result)
{
	if (result == OK)
		return;
	fprintf(stderr, "%s\n", failure_text());
	exit(1);
}

static void print_line(const char *name, size_t sequences, unsigned threads, size_t tokens,
		       int64_t started)
{
	int64_t spent = clock_monotonic_ms() - started;

	printf("{\"bench\":\"%s\",\"sequences\":%zu,\"threads\":%u,\"tokens_per_second\":%.1f}\n",
	       name, sequences, threads,
	       (double)tokens * MILLISECONDS / (double)(spent > 0 ? spent : 1));
}

static void measure(const struct model *model, size_t sequences, size_t prompt, unsigned threads,
		    bool is_fixed)
{
	AUTO(compute_auto) struct compute *compute = NULL;
	AUTO(batch_auto) struct batch *batch = NULL;
	struct batch_options options = {.sequences = sequences,
					.context = bench_shape.context,
					.budget_bytes = (size_t)1 << 30};
	uint32_t tokens[PROMPT] = {0};
	struct batch_request request = {.tokens = tokens,
					.token_count = prompt,
					.max_tokens = WRITTEN + 1,
					.is_fixed = is_fixed,
					.sampling = {.top_p = 1}};
	size_t written = 0;
	int64_t started;

	must(compute_new(&compute, &operators_onednn, threads));
	must(batch_new(&batch, model, compute, &options));
	for (size_t i = 0; i < sequences; i++)
		must(batch_add(batch, i, &request));
	started = clock_monotonic_ms();
	must(batch_step(batch, go_on, &written));
	if (prompt == PROMPT)
		print_line(is_fixed ? "prefill, fixed" : "prefill", sequences, threads,
			   prompt * sequences, started);
	started = clock_monotonic_ms();
	for (written = 0; prompt < PROMPT && !batch_is_idle(batch);)
		must(batch_step(batch, go_on, &written));
	if (prompt < PROMPT)
		print_line(is_fixed ? "decode, fixed" : "decode", sequences, threads, written,
			   started);
}

int main(int argc, char **argv)
{
	unsigned threads = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1;
	struct model model = bench_model();

	for (int fixed = 0; fixed < 2; fixed++)
		measure(&model, 1, PROMPT, threads, fixed);
	for (size_t sequences = 1; sequences <= 8; sequences *= 2)
		for (int fixed = 0; fixed < 2; fixed++)
			measure(&model, sequences, 4, threads, fixed);
	return 0;
}
