/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_llama.c - our engine and llama.cpp take turns on the same GGUF file.
 *
 *	bench_llama write SHAPE TYPE OUT            a file of random weights (S, M, L)
 *	bench_llama run FOLDER FILE THREADS SEQUENCES ROUNDS [KERNELS]
 *	bench_llama prefill FOLDER FILE THREADS TOKENS ROUNDS [KERNELS]
 *	bench_llama w8a8 FOLDER FILE THREADS TOKENS ROUNDS [KERNELS]
 *
 * FOLDER holds llama.cpp's library, of whose backends it takes the best; KERNELS is a table of ours
 * ("avx2"), or the best. A round of `run` is eight tokens of each sequence by the one,
 * then by the other; of `prefill`, a prompt, and of `w8a8`, too, where ours multiplies rows of
 *bytes. One line of JSON: medians over the rounds of tokens a second, by the clock and by the
 *process's own CPU time (which others on the machine disturb less), and their ratios.
 */
#include "tests/bench/bench_llama.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "inference/model/config_gguf.h"
#include "inference/model/forward.h"
#include "tests/conformance/llama_cpp/library.h"

enum { STEPS = 8, MOST_ROUNDS = 200, MOST_SEQUENCES = 32, CONTEXT = 1024, TOKEN = 17 };

struct ours {
	struct weight_source source;
	struct model_files files;
	int file;
	struct config config;
	struct compute *compute;
	struct model *model;
	struct kvcache *cache;
	struct forward *forward;
	struct kvcache_table tables[MOST_SEQUENCES];
};

static enum err read_file(struct weight_source *source, void *out, size_t size, uint64_t offset)
{
	const struct ours *o = source->context;
	ssize_t got = pread(o->file, out, size, (off_t)offset);

	return got == (ssize_t)size ? OK : failure(ERR_IO, "the file cannot be read");
}

static enum err find_file(struct model_files *files, const char *name, struct weight_source **out)
{
	struct ours *o = files->context;

	if (strcmp(name, "model.gguf") != 0)
		return failure(ERR_NOT_FOUND, "no %s", name);
	*out = &o->source;
	return OK;
}

static const char *name_at(struct model_files *files, size_t i)
{
	(void)files;
	return i == 0 ? "model.gguf" : NULL;
}

static enum err open_ours(struct ours *o, const char *path, size_t sequences, unsigned threads,
			  enum model_quantize quantize)
{
	AUTO(gguf_auto) struct gguf *g = NULL;
	struct model_options options = {.budget_bytes = SIZE_MAX / 2, .quantize = quantize};

	o->file = open(path, O_RDONLY | O_CLOEXEC);
	if (o->file < 0)
		return failure_errno("%s", path);
	o->source = (struct weight_source){read_file, (uint64_t)lseek(o->file, 0, SEEK_END), o,
					   true};
	o->files = (struct model_files){find_file, o, name_at};
	TRY(gguf_find(&g, NULL, &o->files));
	TRY(config_of_gguf(&o->config, g));
	TRY(compute_new(&o->compute, &operators_onednn, threads));
	options.pool = compute_pool(o->compute);
	TRY(model_open(&o->model, &o->files, &o->config, &options));
	TRY(kvcache_new(&o->cache, &o->config, sequences * kvcache_pages_for(CONTEXT), false));
	for (size_t i = 0; i < sequences; i++)
		if (!kvcache_reserve(o->cache, &o->tables[i], CONTEXT))
			return failure(ERR_LIMIT, "too few pages");
	return forward_new(&o->forward, o->model, o->cache, o->compute, MOST_SEQUENCES, CONTEXT,
			   false);
}

static enum err step_ours(struct ours *o, size_t count, size_t position, bool each)
{
	static struct forward_row rows[FORWARD_MAX_ROWS];
	float *logits;

	for (size_t i = 0; i < count; i++)
		rows[i] = (struct forward_row){
			.table = &o->tables[each ? i : 0],
			.position = (uint32_t)(each ? position : position + i),
			.token = TOKEN,
			.wants_logits = each || i + 1 == count,
		};
	return forward_run(o->forward, rows, count, &logits);
}

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Of one program: tokens a second of each round. */
struct series {
	double by_clock[MOST_ROUNDS], by_cpu[MOST_ROUNDS];
};

struct race {
	struct ours ours;
	struct library_session *theirs;
	struct series series[2];
	size_t sequences, tokens; /* tokens: of a prompt; 0: one after the other */
	const char *kind;
};

static enum err step(struct race *r, bool is_ours, size_t count, size_t position, bool each)
{
	return is_ours ? step_ours(&r->ours, count, position, each)
		       : library_session_step(r->theirs, TOKEN, count, (int32_t)position, each);
}

static enum err turn(struct race *r, bool is_ours, size_t round)
{
	double clock = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	double tokens = (double)(r->tokens ? r->tokens : STEPS * r->sequences);

	if (r->tokens)
		TRY(step(r, is_ours, r->tokens, 0, false));
	for (size_t i = 0; !r->tokens && i < STEPS; i++)
		TRY(step(r, is_ours, r->sequences, (round * STEPS + i) % CONTEXT, true));
	r->series[is_ours].by_clock[round] = tokens / (seconds(CLOCK_MONOTONIC) - clock);
	r->series[is_ours].by_cpu[round] = tokens / (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
	return OK;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof *values, by_value);
	return values[count / 2];
}

static void print_medians(struct race *r, char **words, bool is_prefill)
{
	struct series *ours = &r->series[1], *theirs = &r->series[0];
	size_t number = strtoul(words[3], NULL, 10), rounds = strtoul(words[4], NULL, 10);
	unsigned threads = pool_threads(compute_pool(r->ours.compute));

	printf("{\"bench\":\"%s\",\"file\":\"%s\",\"threads\":%u,\"%s\":%zu,\"kernels\":\"%s\",",
	       is_prefill ? r->kind : "decode", strrchr(words[1], '/') + 1, threads,
	       is_prefill ? "tokens" : "sequences", number, compute_kernels(r->ours.compute)->name);
	printf("\"ours\":%.1f,\"llama_cpp\":%.1f,\"ours_cpu\":%.1f,\"llama_cpp_cpu\":%.1f,",
	       median(ours->by_clock, rounds), median(theirs->by_clock, rounds),
	       median(ours->by_cpu, rounds), median(theirs->by_cpu, rounds));
	printf("\"ratio\":%.2f,\"ratio_cpu\":%.2f}\n",
	       ours->by_clock[rounds / 2] / theirs->by_clock[rounds / 2],
	       ours->by_cpu[rounds / 2] / theirs->by_cpu[rounds / 2]);
}

static enum err use_kernels(struct compute *compute, const char *name)
{
	for (const struct kernels *const *k = kernels_list(); *k; k++) {
		if (strcmp((*k)->name, name) != 0)
			continue;
		compute_use(compute, *k);
		return OK;
	}
	return failure(ERR_NOT_FOUND, "this machine has no kernels \"%s\"", name);
}

static enum err race(struct race *r, char **words, bool is_prefill)
{
	unsigned threads = (unsigned)strtoul(words[2], NULL, 10);
	size_t number = strtoul(words[3], NULL, 10), rounds = strtoul(words[4], NULL, 10);
	struct library *library;

	r->sequences = is_prefill ? 1 : number;
	r->tokens = is_prefill ? number : 0;
	if (r->sequences > MOST_SEQUENCES || r->tokens > FORWARD_MAX_ROWS || rounds > MOST_ROUNDS)
		return failure(ERR_LIMIT, "too many of something");
	TRY(library_open(&library, words[0]));
	TRY(library_session_open(&r->theirs, library, words[1], (uint32_t)r->sequences, CONTEXT,
				 (int32_t)threads));
	TRY(open_ours(&r->ours, words[1], r->sequences, threads,
		      strcmp(r->kind, "w8a8") == 0 ? MODEL_W8A8 : MODEL_AS_STORED));
	if (words[5])
		TRY(use_kernels(r->ours.compute, words[5]));
	for (size_t i = 0; i < rounds; i++) {
		library_session_forget(r->theirs, r->tokens > 0);
		TRY(turn(r, false, i));
		TRY(turn(r, true, i));
	}
	print_medians(r, words, is_prefill);
	return OK;
}
int main(int count, char **words)
{
	static struct race r;
	enum tensor_type type;
	bool is_prefill;

	if (count == 5 && strcmp(words[1], "write") == 0)
		return tensor_type_of_name(&type, words[3]) && bench_write(words[4], words[2], type)
			       ? 0
			       : 1;
	r.kind = count >= 7 ? words[1] : "";
	is_prefill = strcmp(r.kind, "prefill") == 0 || strcmp(r.kind, "w8a8") == 0;
	if (!is_prefill && strcmp(r.kind, "run") != 0)
		return 2;
	if (race(&r, words + 2, is_prefill) == OK)
		return 0;
	fprintf(stderr, "%s\n", failure_text());
	return 1;
}
