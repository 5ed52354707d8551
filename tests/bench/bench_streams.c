/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_streams.c - how evenly 64 streams flow while others come and go: each that ends is followed
 * by one with a new prompt. How long a stream waits for its next token, against a step in which all
 * 64 write and nobody reads; by chunk. Time is the process's own, which other programs on the
 * machine do not change. One JSON line a chunk. Arguments: threads, chunks.
 */
#define _GNU_SOURCE /* clock_gettime */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "inference/batch.h"
#include "inference/model/forward.h"
#include "tests/bench/bench_model.h"

enum {
	STREAMS = 64,
	PROMPT = 128,
	WRITTEN = 256,
	STEPS = 120,
	ALONE = 15,
	MOST_GAPS = STREAMS * 1000
};

struct bench {
	struct batch *batch;
	double now_ms, last_ms[STREAMS];
	double gaps[MOST_GAPS], steps[STEPS];
	size_t gap_count, step_count;
	size_t left[STREAMS];
	size_t written;
	uint64_t ids;
};

static double cpu_ms(unsigned threads)
{
	struct timespec t;

	clock_gettime(threads == 1 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void must(enum err result)
{
	if (result == OK)
		return;
	fprintf(stderr, "%s\n", failure_text());
	exit(1);
}

static enum batch_verdict on_token(void *context, uint64_t id, const struct sample *sample,
				   size_t cached)
{
	struct bench *b = context;
	size_t stream = id % STREAMS;

	(void)sample;
	(void)cached;
	b->written++;
	if (b->last_ms[stream] > 0 && b->gap_count < MOST_GAPS)
		b->gaps[b->gap_count++] = b->now_ms - b->last_ms[stream];
	b->last_ms[stream] = b->now_ms;
	return --b->left[stream] == 0 ? BATCH_DONE : BATCH_GO_ON;
}

/* A prompt of its own, so that nothing is kept of another's. */
static void begin(struct bench *b, size_t stream, size_t tokens)
{
	uint32_t prompt[PROMPT];
	struct batch_request r = {.tokens = prompt,
				  .token_count = PROMPT,
				  .max_tokens = bench_shape.context - PROMPT,
				  .sampling = {.top_p = 1, .is_silent = true}};
	uint32_t x = (uint32_t)++b->ids * 2654435761u;

	for (size_t i = 0; i < PROMPT; i++) {
		x = x * 1664525 + 1013904223;
		prompt[i] = (x >> 8) % bench_shape.vocabulary;
	}
	b->left[stream] = tokens;
	b->last_ms[stream] = 0;
	must(batch_add(b->batch, b->ids * STREAMS + stream, &r));
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double share_of(double *values, size_t count, double share)
{
	qsort(values, count, sizeof *values, compare);
	return count ? values[(size_t)(share * (double)(count - 1))] : 0;
}

static void step(struct bench *b, unsigned threads)
{
	struct batch_counts before, after;
	double began = cpu_ms(threads);

	batch_count(b->batch, &before);
	/* What is written in a step is heard of at its end: the clock is read behind it. */
	b->now_ms = began;
	must(batch_step(b->batch, on_token, b));
	batch_count(b->batch, &after);
	if (after.rows - before.rows == STREAMS && b->step_count < STEPS)
		b->steps[b->step_count++] = cpu_ms(threads) - began;
}

static void open_batch(struct bench *b, struct compute *compute, const struct model *model,
		       size_t chunk)
{
	const struct batch_options options = {.sequences = STREAMS,
					      .context = bench_shape.context,
					      .full = 32,
					      .chunk = chunk,
					      .budget_bytes = (size_t)2 << 30};

	memset(b, 0, sizeof *b);
	must(batch_new(&b->batch, model, compute, &options));
}

/* A step in which all write, and nobody reads. */
static double step_alone(struct bench *b, unsigned threads)
{
	for (size_t i = 0; i < STREAMS; i++)
		begin(b, i, WRITTEN);
	while (b->step_count < ALONE)
		step(b, threads);
	batch_free(b->batch);
	return share_of(b->steps, b->step_count, 0.5);
}

/* They come and go evenly, from when all have read their first prompts. */
static double flow(struct bench *b, unsigned threads, size_t chunk)
{
	const size_t reading = STREAMS * PROMPT / chunk + 2;
	double began = 0;

	for (size_t i = 0; i < STREAMS; i++)
		begin(b, i, reading + WRITTEN * (i + 1) / STREAMS - reading * i / STREAMS);
	for (size_t i = 0; i < reading + STEPS; i++) {
		if (i == reading) {
			b->gap_count = b->written = 0;
			began = cpu_ms(threads);
		}
		step(b, threads);
		for (size_t k = 0; k < STREAMS; k++)
			if (b->left[k] == 0)
				begin(b, k, WRITTEN);
	}
	batch_free(b->batch);
	return cpu_ms(threads) - began;
}

static void measure(const struct model *model, unsigned threads, size_t chunk)
{
	static struct bench b;
	AUTO(compute_auto) struct compute *compute = NULL;
	double alone, spent, p99;

	must(compute_new(&compute, &operators_onednn, threads));
	open_batch(&b, compute, model, FORWARD_MAX_ROWS);
	alone = step_alone(&b, threads);
	open_batch(&b, compute, model, chunk);
	spent = flow(&b, threads, chunk);
	p99 = share_of(b.gaps, b.gap_count, 0.99);
	printf("{\"bench\":\"streams\",\"threads\":%u,\"chunk\":%zu,\"step_ms\":%.2f,"
	       "\"gap_p50_ms\":%.2f,\"gap_p99_ms\":%.2f,\"p99_steps\":%.2f,"
	       "\"tokens_per_second\":%.0f}\n",
	       threads, chunk, alone, share_of(b.gaps, b.gap_count, 0.5), p99, p99 / alone,
	       (double)b.written * 1e3 / spent);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	unsigned threads = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1;
	struct model model = bench_model();

	if (argc <= 2)
		measure(&model, threads, BATCH_CHUNK);
	for (int i = 2; i < argc; i++)
		measure(&model, threads, strtoul(argv[i], NULL, 10));
	return 0;
}
