/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_verify FOLDER [ENTRIES] [THREADS] [ROUNDS] - how long it takes to verify a log from local
 * files, beside hashing the same inputs (each entry as a leaf, each pair of hashes as a node) with
 * OpenSSL's low-level SHA-256 on as many threads, from memory, in turn. The log is made below
 * FOLDER unless one of that size is there. One JSON line: medians, and the ratio by wall clock and
 * by CPU time.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* SHA256_Init and its like: what is measured against */
#include <assert.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/sha.h>

#include "crypto/base/file.h"
#include "crypto/note.h"
#include "crypto/tile.h"
#include "schema/audit/verify.h"

enum { CHUNK = TILE_WIDTH * TILE_WIDTH, MAX_ROUNDS = 51, MAX_THREADS = 64 };

static const uint8_t seed[SIGN_SEED] = {7};

struct bench {
	int dir;
	uint64_t size;
	unsigned threads;
	struct slice *bundles; /* all of them, in memory: for the plain hashing */
	char vkey[NOTE_VKEY_MAX];
};

/* ---- a log, as large as an entry of ours is */

static enum err put_file(int dir, const char *path, struct slice bytes)
{
	char copy[TILE_PATH];

	snprintf(copy, sizeof copy, "%s", path);
	TRY(file_make_directory(dir, dirname(copy), 0755));
	return file_write_atomic(dir, path, bytes, 0644);
}

static enum err put_tile(void *context, struct tile tile, struct slice bytes)
{
	const struct bench *b = context;
	char path[TILE_PATH];

	tile_path(path, tile);
	return put_file(b->dir, path, bytes);
}

static enum err fetch_tile(void *context, struct digest *out, struct tile tile)
{
	const struct bench *b = context;
	AUTO(buf_free) struct buf bytes = buf_new(TILE_BYTES);
	char path[TILE_PATH];

	tile_path(path, tile);
	TRY(file_read(&bytes, b->dir, path));
	memcpy(out, bytes.data, bytes.size);
	return OK;
}

static struct slice make_entry(char room[256], uint64_t i)
{
	int size = snprintf(room, 256,
			    "{\"c\":\"%043" PRIu64 "\",\"ev\":\"infer.generate\","
			    "\"id\":\"01a20178-78ed-757b-b5e0-%012" PRIx64 "\","
			    "\"t\":\"2026-01-02T03:04:05.678Z\",\"v\":1}",
			    i * UINT64_C(2654435761), i);

	return slice_of(room, (size_t)size);
}

static enum err make_chunk(struct bench *b, uint64_t from, size_t count, struct digest *leaves)
{
	AUTO(buf_free) struct buf bundle = buf_new(TILE_WIDTH * 512);
	struct tile_source source = {.fetch = fetch_tile, .context = b};
	char room[256];

	for (size_t i = 0; i < count; i++) {
		struct slice entry = make_entry(room, from + i);

		leaves[i] = merkle_leaf(entry);
		TRY(tile_bundle_add(&bundle, entry));
		if ((i + 1) % TILE_WIDTH == 0 || i + 1 == count) {
			struct tile tile = tile_of(0, (from + i) / TILE_WIDTH, from + i + 1);

			tile.kind = TILE_ENTRIES;
			TRY(put_tile(b, tile, buf_slice(&bundle)));
			buf_reset(&bundle);
		}
	}
	return tile_append(&source, put_tile, b, from, leaves, count);
}

static enum err sign_log(struct bench *b, const struct sign_key *key)
{
	AUTO(buf_free) struct buf text = buf_new(NOTE_MAX);
	AUTO(buf_free) struct buf note = buf_new(NOTE_MAX);
	struct tile_source source = {.fetch = fetch_tile, .context = b};
	struct checkpoint c = {.origin = S("bench/log"), .size = b->size};

	TRY(tile_root(&c.root, &source, b->size));
	checkpoint_write(&text, &c);
	TRY(note_sign(&note, buf_slice(&text), c.origin, key));
	return put_file(b->dir, "checkpoint", buf_slice(&note));
}

static enum err make_log(struct bench *b, const struct sign_key *key)
{
	struct digest *leaves = calloc(CHUNK, sizeof *leaves);
	enum err result = OK;

	assert(leaves);
	for (uint64_t at = 0; at < b->size && result == OK; at += CHUNK)
		result = make_chunk(b, at, b->size - at < CHUNK ? (size_t)(b->size - at) : CHUNK,
				    leaves);
	free(leaves);
	TRY(result);
	return sign_log(b, key);
}

static bool log_is_there(const struct bench *b)
{
	AUTO(buf_free) struct buf note = buf_new(NOTE_MAX);
	struct checkpoint c;
	struct slice text;

	return file_read(&note, b->dir, "checkpoint") == OK &&
	       note_text(&text, buf_slice(&note)) == OK && checkpoint_parse(&c, text) == OK &&
	       c.size == b->size;
}

/* ---- the plain hashing */

static struct digest plain_hash(uint8_t prefix, const void *bytes, size_t size)
{
	struct digest out;
	SHA256_CTX s;

	SHA256_Init(&s);
	SHA256_Update(&s, &prefix, 1);
	SHA256_Update(&s, bytes, size);
	SHA256_Final(out.bytes, &s);
	return out;
}

static void plain_bundle(struct slice bytes)
{
	struct digest row[TILE_WIDTH];
	size_t count = 0;

	for (size_t at = 0; at < bytes.size;) {
		size_t size = (size_t)bytes.data[at] << 8 | bytes.data[at + 1];

		row[count++] = plain_hash(0, bytes.data + at + 2, size);
		at += 2 + size;
	}
	for (; count > 1; count /= 2)
		for (size_t i = 0; i < count / 2; i++)
			row[i] = plain_hash(1, &row[2 * i], sizeof row[0] * 2);
}

struct share {
	const struct bench *b;
	uint64_t first, behind;
};

static void *plain_share(void *context)
{
	const struct share *s = context;

	for (uint64_t i = s->first; i < s->behind; i++)
		plain_bundle(s->b->bundles[i]);
	return NULL;
}

static uint64_t bundle_count(const struct bench *b)
{
	return (b->size + TILE_WIDTH - 1) / TILE_WIDTH;
}

static enum err run_plain(struct bench *b)
{
	pthread_t threads[MAX_THREADS];
	struct share shares[MAX_THREADS];
	uint64_t count = bundle_count(b);

	for (unsigned i = 0; i < b->threads; i++) {
		shares[i] = (struct share){b, count * i / b->threads, count * (i + 1) / b->threads};
		pthread_create(&threads[i], NULL, plain_share, &shares[i]);
	}
	for (unsigned i = 0; i < b->threads; i++)
		pthread_join(threads[i], NULL);
	return OK;
}

static enum err read_bundles(struct bench *b)
{
	b->bundles = calloc(bundle_count(b), sizeof *b->bundles);
	assert(b->bundles);
	for (uint64_t i = 0; i < bundle_count(b); i++) {
		struct buf bytes = buf_new(TILE_WIDTH * 512);
		struct tile tile = tile_of(0, i, b->size);
		char path[TILE_PATH];

		tile.kind = TILE_ENTRIES;
		tile_path(path, tile);
		TRY(file_read(&bytes, b->dir, path));
		b->bundles[i] = buf_slice(&bytes); /* kept until the end */
	}
	return OK;
}

/* ---- ours */

static enum err fetch(void *context, struct buf *out, const char *path)
{
	const struct bench *b = context;

	return file_read(out, b->dir, path);
}

static enum err run_ours(struct bench *b)
{
	struct audit_source source = {.fetch = fetch,
				      .context = b,
				      .threads = b->threads,
				      .vkey = slice_of_string(b->vkey)};
	struct audit_verified verified;

	TRY(audit_verify(&verified, &source, NULL));
	assert(verified.size == b->size);
	return OK;
}

/* ---- in turn */

static double seconds_of(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct taken {
	double wall, cpu;
};

static enum err take(struct taken *out, struct bench *b, enum err (*run)(struct bench *))
{
	double wall = seconds_of(CLOCK_MONOTONIC), cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);

	TRY(run(b));
	out->wall = seconds_of(CLOCK_MONOTONIC) - wall;
	out->cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	return OK;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *values, unsigned count)
{
	qsort(values, count, sizeof *values, compare);
	return values[count / 2];
}

static enum err bench(struct bench *b, unsigned rounds)
{
	double wall[MAX_ROUNDS], cpu[MAX_ROUNDS], ours_wall[MAX_ROUNDS], plain_wall[MAX_ROUNDS];
	struct taken ours, plain;

	for (unsigned i = 0; i < rounds; i++) {
		TRY(take(&plain, b, run_plain));
		TRY(take(&ours, b, run_ours));
		ours_wall[i] = ours.wall;
		plain_wall[i] = plain.wall;
		wall[i] = ours.wall / plain.wall;
		cpu[i] = ours.cpu / plain.cpu;
	}
	printf("{\"bench\":\"audit.verify\",\"entries\":%" PRIu64 ",\"threads\":%u,\"rounds\":%u,"
	       "\"verify_s\":%.3f,\"plain_s\":%.3f,\"ratio\":%.2f,\"ratio_cpu\":%.2f}\n",
	       b->size, b->threads, rounds, median(ours_wall, rounds), median(plain_wall, rounds),
	       median(wall, rounds), median(cpu, rounds));
	return OK;
}

static enum err run(struct bench *b, const char *folder, unsigned rounds)
{
	AUTO(sign_key_auto) struct sign_key *key = NULL;
	AUTO(buf_free) struct buf vkey = buf_new(NOTE_VKEY_MAX);
	uint8_t public_key[SIGN_PUBLIC];
	struct note_key verifier;

	TRY(file_make_directory(AT_FDCWD, folder, 0755));
	TRY(file_open_directory(&b->dir, AT_FDCWD, folder));
	TRY(sign_key_from_seed(&key, slice_of(seed, sizeof seed)));
	sign_key_public(key, public_key);
	TRY(note_key_make(&verifier, S("bench/log"), NOTE_ED25519, public_key));
	note_key_write(&vkey, &verifier);
	snprintf(b->vkey, sizeof b->vkey, "%s", buf_string(&vkey));
	if (!log_is_there(b))
		TRY(make_log(b, key));
	TRY(read_bundles(b));
	return bench(b, rounds);
}

static uint64_t number(int argc, char **argv, int i, uint64_t otherwise, uint64_t most)
{
	uint64_t value = argc > i ? strtoull(argv[i], NULL, 10) : otherwise;

	return value && value < most ? value : most;
}

int main(int argc, char **argv)
{
	struct bench b = {.size = number(argc, argv, 2, 1000000, UINT64_C(1) << 30),
			  .threads = (unsigned)number(argc, argv, 3, 2, MAX_THREADS)};

	if (argc >= 2 && run(&b, argv[1], (unsigned)number(argc, argv, 4, 9, MAX_ROUNDS)) == OK)
		return 0;
	fprintf(stderr, "bench_verify: %s\n", argc < 2 ? "say a folder" : failure_text());
	return 1;
}
