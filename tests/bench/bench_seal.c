/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_seal FOLDER [MIB] - the porter's sealing stage alone: a thread writes plaintext into a pipe
 * (by vmsplice, which costs next to nothing), the stage seals it into a store below FOLDER. One
 * JSON line a measurement, beside libsodium's plain ChaCha20-Poly1305 on one core in the same run.
 * The rate that counts is that of the slower of the stage's two threads by its own CPU time: what
 * passes where each has a core, also if the machine is busy now. With FOLDER on a tmpfs the disk
 * is not in it.
 */
#define _GNU_SOURCE /* vmsplice */
#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <sodium/crypto_aead_chacha20poly1305.h>

#include "crypto/base/file.h"
#include "gateway/porter/blobs.h"
#include "gateway/porter/sealing.h"

enum { CHUNK = 64 * 1024, BLOCK = 32 * 1024 * 1024, ROUNDS = 5, MIB = 1024 * 1024 };

struct feed {
	const uint8_t *block;
	uint64_t size;
	int pipe;
	double cpu; /* the feeder's own: not the stage's */
};

static double seconds_of(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *feed_pipe(void *context)
{
	struct feed *f = context;

	fcntl(f->pipe, F_SETPIPE_SZ, MIB);
	for (uint64_t at = 0; at < f->size;) {
		size_t from = (size_t)(at % BLOCK);
		size_t size = f->size - at < BLOCK - from ? (size_t)(f->size - at) : BLOCK - from;
		struct iovec piece = {.iov_base = (void *)(uintptr_t)(f->block + from),
				      .iov_len = size};
		ssize_t n = vmsplice(f->pipe, &piece, 1, 0);

		assert(n > 0);
		at += (uint64_t)n;
	}
	f->cpu = seconds_of(CLOCK_THREAD_CPUTIME_ID);
	close(f->pipe);
	return NULL;
}

/* As bench_crypto does: from memory to memory, chunk by chunk. */
static double time_libsodium(const uint8_t *plain, uint8_t *sealed)
{
	static const uint8_t key[32], nonce[12];
	double start = seconds_of(CLOCK_THREAD_CPUTIME_ID);

	for (size_t at = 0; at < BLOCK; at += CHUNK)
		crypto_aead_chacha20poly1305_ietf_encrypt(sealed + at, NULL, plain + at, CHUNK,
							  NULL, 0, NULL, nonce, key);
	return BLOCK / (seconds_of(CLOCK_THREAD_CPUTIME_ID) - start);
}

/* Seconds of one run. */
struct run {
	double wall;
	double sealing; /* CPU of the thread that seals and writes */
	double intake;  /* CPU of the one that reads and hashes */
};

static enum err seal_once(struct run *out, int store, const uint8_t *block, uint64_t size,
			  enum wire_content content)
{
	AUTO(secret_auto) struct secret *key = NULL;
	struct wire_porter_seal ask = {.blob = {1}, .size = size, .content = content};
	struct wire_porter_sealed sealed;
	struct feed feed = {.block = block, .size = size};
	pthread_t feeder;
	int ends[2];
	double start, all, own;
	enum err result;

	TRY(secret_random(&key, 16));
	if (pipe2(ends, O_CLOEXEC) != 0)
		return failure_errno("no pipe");
	feed.pipe = ends[1];
	all = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
	own = seconds_of(CLOCK_THREAD_CPUTIME_ID);
	start = seconds_of(CLOCK_MONOTONIC);
	pthread_create(&feeder, NULL, feed_pipe, &feed);
	result = sealing_from_pipe(&sealed, store, key, &ask, ends[0]);
	out->wall = seconds_of(CLOCK_MONOTONIC) - start;
	pthread_join(feeder, NULL);
	out->sealing = seconds_of(CLOCK_THREAD_CPUTIME_ID) - own;
	out->intake = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - all - feed.cpu - out->sealing;
	close(ends[0]);
	TRY(result);
	return blobs_discard(store, ask.blob);
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *values)
{
	qsort(values, ROUNDS, sizeof *values, compare);
	return values[ROUNDS / 2];
}

static enum err bench(const char *name, int store, const uint8_t *block, uint64_t size,
		      enum wire_content content)
{
	double wall[ROUNDS] = {0}, sealing[ROUNDS] = {0}, intake[ROUNDS] = {0};
	double plain[ROUNDS] = {0}, slower, megabytes;
	struct run one = {0};
	enum err result = OK;
	uint8_t *sealed = malloc(BLOCK + 16);

	assert(sealed);
	memset(sealed, 1, BLOCK + 16); /* page it in before the clock runs */
	for (int i = 0; i < ROUNDS && result == OK; i++) {
		plain[i] = time_libsodium(block, sealed) / 1e6;
		result = seal_once(&one, store, block, size, content);
		wall[i] = one.wall;
		sealing[i] = one.sealing;
		intake[i] = one.intake;
	}
	free(sealed);
	TRY(result);
	megabytes = (double)size / 1e6;
	slower = median(sealing) > median(intake) ? median(sealing) : median(intake);
	printf("{\"bench\":\"%s\",\"mib\":%llu,\"wall_mb_per_s\":%.0f,"
	       "\"seal_write_cpu_s_per_gb\":%.2f,\"read_hash_cpu_s_per_gb\":%.2f,"
	       "\"slower_thread_mb_per_s\":%.0f,\"libsodium_mb_per_s\":%.0f,"
	       "\"ratio_to_libsodium\":%.2f}\n",
	       name, (unsigned long long)(size / MIB), megabytes / median(wall),
	       median(sealing) / megabytes * 1e3, median(intake) / megabytes * 1e3,
	       megabytes / slower, median(plain), megabytes / slower / median(plain));
	return OK;
}

static enum err run(const char *folder, uint64_t size)
{
	AUTO(file_close) int store = -1;
	uint8_t *block = malloc(BLOCK);
	enum err result;

	assert(block);
	for (size_t i = 0; i < BLOCK; i++)
		block[i] = (uint8_t)(i * 31 + i / 251);
	TRY(file_open_directory(&store, AT_FDCWD, folder));
	TRY(blobs_sweep(store));
	result = bench("seal.large", store, block, size, WIRE_CONTENT_LARGE);
	if (result == OK)
		result = bench("seal.regular", store, block, size, WIRE_CONTENT_REGULAR);
	free(block);
	return result;
}

int main(int argc, char **argv)
{
	uint64_t mib = argc > 2 ? strtoull(argv[2], NULL, 10) : 512;

	if (argc >= 2 && run(argv[1], mib * MIB) == OK)
		return 0;
	fprintf(stderr, "bench_seal: %s\n", argc < 2 ? "say a folder" : failure_text());
	return 1;
}
