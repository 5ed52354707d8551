/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_guesses.c - what guesses by prompt lookup give and cost: the same texts are written with
 * them and without, in turn. A guide lets one token come at each place, so that a text repeats
 * itself as much as it is told to: over and over; in words of so many tokens, in no order; or
 * never. Time is the process's own. One JSON line a type of weights, text, and number of
 * sequences: the median of the rounds' ratios (without : with; above 1 they pay), the least and
 * the most, and guesses a token. Arguments: rounds, tokens of a text, F32 or Q8_0 (both).
 */
#define _GNU_SOURCE /* clock_gettime */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "inference/batch.h"
#include "tests/bench/bench_model.h"

enum { PROMPT = 64, MOST = 4, WORDS = 200, VOCABULARY = 20000, MOST_ROUNDS = 64 };

/* Words of `length` tokens; 0: no token comes twice on purpose. */
static const struct kind {
	const char *name;
	size_t length;
	bool is_ordered;
} kinds[] = {
	{"the same again", 32, true}, {"words of 8", 8, false}, {"words of 5", 5, false},
	{"words of 4", 4, false},     {"words of 3", 3, false}, {"nothing again", 0, false},
};

struct text {
	const struct kind *kind;
	uint32_t seed;
	size_t place; /* of the next token */
	uint64_t mask[(VOCABULARY + 63) / 64];
};

static uint32_t hash_of(uint32_t x)
{
	x = (x ^ (x >> 16)) * 0x45d9f3bu;
	x = (x ^ (x >> 16)) * 0x45d9f3bu;
	return x ^ (x >> 16);
}

static uint32_t token_at(const struct text *t, size_t place)
{
	const struct kind *k = t->kind;
	uint32_t word;

	if (k->length == 0)
		return hash_of(t->seed + (uint32_t)place) % VOCABULARY;
	word = k->is_ordered ? 0 : hash_of(t->seed + (uint32_t)(place / k->length)) % WORDS;
	return hash_of(word * 64 + (uint32_t)(place % k->length) + 1) % VOCABULARY;
}

static const uint64_t *one_token(void *context)
{
	struct text *t = context;
	uint32_t token = token_at(t, t->place++);

	memset(t->mask, 0, sizeof t->mask);
	t->mask[token / 64] = UINT64_C(1) << token % 64;
	return t->mask;
}

static void must(enum err result)
{
	if (result == OK)
		return;
	fprintf(stderr, "%s\n", failure_text());
	exit(1);
}

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static enum batch_verdict on_token(void *context, uint64_t id, const struct sample *sample,
				   size_t cached)
{
	(void)context;
	(void)id;
	(void)sample;
	(void)cached;
	return BATCH_GO_ON;
}

/* Milliseconds for all texts, from when their prompts have been read. */
static double write_all(struct batch_counts *counts, const struct model *model,
			struct compute *compute, const struct kind *kind, size_t sequences,
			size_t tokens, bool is_guessing, uint32_t seed)
{
	static struct text texts[MOST];
	const struct batch_options options = {.sequences = MOST,
					      .context = PROMPT + tokens + 8,
					      .budget_bytes = (size_t)2 << 30,
					      .is_guessing = is_guessing};
	AUTO(batch_auto) struct batch *batch = NULL;
	double began;

	must(batch_new(&batch, model, compute, &options));
	for (size_t i = 0; i < sequences; i++) {
		uint32_t prompt[PROMPT];
		struct batch_request r = {.tokens = prompt,
					  .token_count = PROMPT,
					  .max_tokens = tokens,
					  .sampling = {.top_p = 1,
						       .is_silent = true,
						       .guide = {one_token, &texts[i]}}};

		texts[i] = (struct text){kind, seed + (uint32_t)i * 100003u, PROMPT, {0}};
		for (size_t k = 0; k < PROMPT; k++)
			prompt[k] = token_at(&texts[i], k);
		must(batch_add(batch, i, &r));
	}
	must(batch_step(batch, on_token, NULL));
	began = cpu_ms();
	while (!batch_is_idle(batch))
		must(batch_step(batch, on_token, NULL));
	began = cpu_ms() - began;
	batch_count(batch, counts);
	return began;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void measure(const struct model *model, const struct kind *kind, size_t sequences,
		    size_t rounds, size_t tokens)
{
	AUTO(compute_auto) struct compute *compute = NULL;
	double ratios[MOST_ROUNDS];
	struct batch_counts plain, counts = {0};

	must(compute_new(&compute, &operators_onednn, 1));
	for (size_t i = 0; i < rounds; i++) {
		double without = 0, with = 0;

		for (unsigned turn = 0; turn < 2; turn++)
			if ((turn + i) % 2)
				with = write_all(&counts, model, compute, kind, sequences, tokens,
						 true, (uint32_t)i + 1);
			else
				without = write_all(&plain, model, compute, kind, sequences, tokens,
						    false, (uint32_t)i + 1);
		ratios[i] = without / with;
	}
	qsort(ratios, rounds, sizeof *ratios, compare);
	printf("{\"bench\":\"guesses\",\"weights\":\"%s\",\"text\":\"%s\",\"sequences\":%zu,"
	       "\"gain\":%.2f,\"least\":%.2f,\"most\":%.2f,\"guessed\":%.2f,\"right\":%.2f,"
	       "\"passes\":%.2f}\n",
	       packed_type_name(bench_type), kind->name, sequences, ratios[rounds / 2], ratios[0],
	       ratios[rounds - 1], (double)counts.guessed / (double)(tokens * sequences),
	       (double)counts.right / (double)(tokens * sequences),
	       (double)counts.steps / (double)tokens);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static const enum packed_type types[] = {PACKED_F32, PACKED_Q8_0};
	size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 5;
	size_t tokens = argc > 2 ? strtoul(argv[2], NULL, 10) : 400;

	if (rounds < 1 || rounds > MOST_ROUNDS || tokens < 1 || tokens > 900)
		return 2;
	for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
		struct model model;

		bench_type = types[t];
		if (argc > 3 && strcmp(argv[3], packed_type_name(bench_type)) != 0)
			continue;
		model = bench_model();
		for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
			for (size_t sequences = 1; sequences <= MOST; sequences *= 4)
				measure(&model, &kinds[i], sequences, rounds, tokens);
	}
	return 0;
}
