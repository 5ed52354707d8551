/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* CPU_COUNT */
#include "gateway/cli/machine.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/clock.h"
#include "gateway/cli/machine_peak.h"

enum {
	ROUNDS = 5,
	READ_BYTES = 128 << 20, /* a core: more than any cache holds */
	PEAK_ROUNDS = 20 << 20,
};

_Thread_local volatile double machine_kept;

MACHINE_PEAK(plain, 4)

struct part {
	pthread_t thread;
	uint64_t *memory;
	double (*work)(const struct part *p); /* how much it did */
	double amount;
};

unsigned machine_cores(void)
{
	cpu_set_t cores;
	int count = 1;

	if (sched_getaffinity(0, sizeof cores, &cores) == 0)
		count = CPU_COUNT(&cores);
	return count < MACHINE_MAX_CORES ? (unsigned)count : MACHINE_MAX_CORES;
}

/* Eight sums, so that memory is what is waited for. */
static double read_memory(const struct part *p)
{
	const size_t count = READ_BYTES / sizeof *p->memory;
	uint64_t sums[8] = {0};

	for (size_t i = 0; i < count; i += 8)
		for (size_t k = 0; k < 8; k++)
			sums[k] += p->memory[i + k];
	for (size_t k = 1; k < 8; k++)
		sums[0] += sums[k];
	machine_kept = (double)sums[0];
	return READ_BYTES;
}

static double multiply(const struct part *p)
{
	(void)p;
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx512f"))
		return machine_peak_avx512(PEAK_ROUNDS);
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		return machine_peak_avx2(PEAK_ROUNDS);
#endif
	return machine_peak_plain(PEAK_ROUNDS);
}

static void *run(void *argument)
{
	struct part *p = argument;

	p->amount = p->work(p);
	return NULL;
}

/* All cores at once; how much a second. */
static enum err round_of(double *rate, struct part *parts, unsigned cores)
{
	int64_t began = clock_monotonic_us(), spent;
	unsigned started = 0;
	double amount = 0;

	while (started < cores &&
	       pthread_create(&parts[started].thread, NULL, run, &parts[started]) == 0)
		started++;
	for (unsigned i = 0; i < started; i++) {
		pthread_join(parts[i].thread, NULL);
		amount += parts[i].amount;
	}
	if (started < cores)
		return failure(ERR_IO, "a thread cannot be started");
	spent = clock_monotonic_us() - began;
	*rate = amount * 1e6 / (double)(spent > 0 ? spent : 1);
	return OK;
}

static enum err best_of(double *best, struct part *parts, unsigned cores)
{
	*best = 0;
	for (int i = 0; i < ROUNDS; i++) {
		double rate = 0;

		TRY(round_of(&rate, parts, cores));
		*best = rate > *best ? rate : *best;
	}
	return OK;
}

enum err machine_bandwidth(double *bytes_per_second, unsigned cores)
{
	struct part parts[MACHINE_MAX_CORES] = {0};
	enum err result = OK;

	assert(cores > 0 && cores <= MACHINE_MAX_CORES);
	for (unsigned i = 0; i < cores; i++) {
		parts[i].work = read_memory;
		parts[i].memory = malloc(READ_BYTES);
		if (!parts[i].memory)
			result = failure(ERR_LIMIT, "no memory to measure with");
		else
			memset(parts[i].memory, (int)i + 1, READ_BYTES); /* pages of its own */
	}
	if (result == OK)
		result = best_of(bytes_per_second, parts, cores);
	for (unsigned i = 0; i < cores; i++)
		free(parts[i].memory);
	return result;
}

enum err machine_peak(double *flops, unsigned cores)
{
	struct part parts[MACHINE_MAX_CORES] = {0};

	assert(cores > 0 && cores <= MACHINE_MAX_CORES);
	for (unsigned i = 0; i < cores; i++)
		parts[i].work = multiply;
	return best_of(flops, parts, cores);
}
