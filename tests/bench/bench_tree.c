/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_tree FOLDER [ENTRIES] - does memory grow with the log? The scribe's own writer of tiles and
 * bundles (gateway/scribe/tiles.h) and the keeper's frontier take ENTRIES (100 million) as cycles
 * bring them, and agree on the root of each; then the files are checked as at a start, and verified
 * as an auditor does. A JSON line at each power of ten, with memory and time.
 *
 * Two stand-ins: leaves come from a formula in the place of audit_leaf, and fsync does nothing,
 * since each of some 800,000 files would wait twice for the disk. 19 GB for 100 million; FOLDER
 * must be empty, and is left as it is.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "crypto/note.h"
#include "gateway/scribe/tiles.h"
#include "schema/audit/verify.h"

/* What a cycle of a busy log brings: no multiple of a tile, so that partial ones are written. */
enum { CYCLE = 4099, THREADS = 2, ENTRY_MAX = 256 };

static const uint8_t seed[SIGN_SEED] = {7};

struct bench {
	struct tiles tiles;
	struct merkle_frontier keeper;
	char vkey[NOTE_VKEY_MAX];
	double began;
};

/* ---- the two stand-ins */

int fsync(int fd)
{
	(void)fd;
	return 0;
}

static struct slice make_entry(char room[ENTRY_MAX], uint64_t i)
{
	int size = snprintf(room, ENTRY_MAX,
			    "{\"c\":\"%043" PRIu64 "\",\"ev\":\"infer.generate\","
			    "\"id\":\"01a20178-78ed-757b-b5e0-%012" PRIx64 "\","
			    "\"t\":\"2026-01-02T03:04:05.678Z\",\"v\":1}",
			    i * UINT64_C(2654435761), i);

	return slice_of(room, (size_t)size);
}

enum err store_log_leaves(struct store *s, struct arena *arena, struct store_leaf **out,
			  size_t *count, uint64_t first, size_t limit)
{
	char room[ENTRY_MAX];

	(void)s;
	*out = arena_alloc(arena, limit * sizeof **out);
	*count = limit;
	for (size_t i = 0; i < limit; i++) {
		struct slice entry = make_entry(room, first + i);
		struct digest hash = merkle_leaf(entry);

		(*out)[i] = (struct store_leaf){.index = first + i,
						.leaf = arena_copy(arena, entry)};
		memcpy((*out)[i].leaf_hash, hash.bytes, sizeof hash.bytes);
	}
	return OK;
}

/* ---- memory and time */

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long resident_kib(void)
{
	AUTO(buf_free) struct buf text = buf_new(4096);
	const char *pages;

	if (file_read(&text, AT_FDCWD, "/proc/self/statm") != OK)
		return -1;
	pages = strchr(buf_string(&text), ' ');
	return pages ? strtol(pages, NULL, 10) * (sysconf(_SC_PAGESIZE) / 1024) : -1;
}

static void tell(const struct bench *b, const char *what)
{
	long now = resident_kib();
	struct rusage used;

	getrusage(RUSAGE_SELF, &used); /* counted more coarsely than what is resident now */
	printf("{\"bench\":\"tree.%s\",\"entries\":%" PRIu64 ",\"resident_kib\":%ld,"
	       "\"most_kib\":%ld,\"seconds\":%.1f}\n",
	       what, b->tiles.size, now, used.ru_maxrss > now ? used.ru_maxrss : now,
	       seconds() - b->began);
	fflush(stdout);
}

/* ---- the log */

static enum err sign_log(const struct bench *b, const struct sign_key *key, struct digest root)
{
	AUTO(buf_free) struct buf text = buf_new(NOTE_MAX);
	AUTO(buf_free) struct buf note = buf_new(NOTE_MAX);
	struct checkpoint c = {.origin = S("bench/log"), .size = b->tiles.size, .root = root};

	checkpoint_write(&text, &c);
	TRY(note_sign(&note, buf_slice(&text), c.origin, key));
	return file_write_atomic(b->tiles.directory, "checkpoint", buf_slice(&note), 0644);
}

static enum err cycle(struct bench *b, const struct sign_key *key, uint64_t goal)
{
	struct digest scribes, keepers;
	char room[ENTRY_MAX];

	while (b->keeper.size < goal) {
		struct digest leaf = merkle_leaf(make_entry(room, b->keeper.size));

		merkle_append(&b->keeper, &leaf);
	}
	TRY(tiles_extend(&b->tiles, NULL, goal));
	TRY(tiles_root(&scribes, &b->tiles, goal));
	keepers = merkle_root(&b->keeper);
	if (!digest_equal(&scribes, &keepers))
		return failure(ERR_INTERNAL, "the trees differ at %" PRIu64, goal);
	return sign_log(b, key, keepers);
}

static enum err make_log(struct bench *b, const struct sign_key *key, uint64_t size)
{
	uint64_t mark = 10000;

	while (b->tiles.size < size) {
		uint64_t goal = b->tiles.size + CYCLE;

		goal = goal < mark ? goal : mark;
		TRY(cycle(b, key, goal < size ? goal : size));
		if (b->tiles.size == mark || b->tiles.size == size)
			tell(b, "write");
		mark *= b->tiles.size == mark ? 10 : 1;
	}
	return OK;
}

static enum err start_check(struct bench *b)
{
	struct digest root = merkle_root(&b->keeper);
	struct tiles fresh = {.directory = b->tiles.directory};

	b->began = seconds();
	TRY(tiles_check(&fresh, b->tiles.size, root.bytes));
	if (fresh.size != b->tiles.size)
		return failure(ERR_INTERNAL, "the files are not whole");
	tell(b, "start");
	return OK;
}

static enum err fetch(void *context, struct buf *out, const char *path)
{
	const struct bench *b = context;

	return file_read(out, b->tiles.directory, path);
}

static enum err verify(struct bench *b)
{
	struct audit_source source = {
		.fetch = fetch, .context = b, .threads = THREADS, .vkey = slice_of_string(b->vkey)};
	struct audit_verified verified;

	b->began = seconds();
	TRY(audit_verify(&verified, &source, NULL));
	tell(b, "verify");
	return OK;
}

static enum err run(struct bench *b, const char *folder, uint64_t size)
{
	AUTO(sign_key_auto) struct sign_key *key = NULL;
	AUTO(buf_free) struct buf vkey = buf_new(NOTE_VKEY_MAX);
	uint8_t public_key[SIGN_PUBLIC];
	struct note_key verifier;

	TRY(file_make_directory(AT_FDCWD, folder, 0755));
	TRY(file_open_directory(&b->tiles.directory, AT_FDCWD, folder));
	TRY(sign_key_from_seed(&key, slice_of(seed, sizeof seed)));
	sign_key_public(key, public_key);
	TRY(note_key_make(&verifier, S("bench/log"), NOTE_ED25519, public_key));
	note_key_write(&vkey, &verifier);
	snprintf(b->vkey, sizeof b->vkey, "%s", buf_string(&vkey));
	b->began = seconds();
	TRY(make_log(b, key, size));
	TRY(start_check(b));
	return verify(b);
}

int main(int argc, char **argv)
{
	uint64_t size = argc > 2 ? strtoull(argv[2], NULL, 10) : 100000000;
	struct bench b = {.tiles = {.size = 0}};

	if (argc >= 2 && size > 0 && run(&b, argv[1], size) == OK)
		return 0;
	fprintf(stderr, "bench_tree: %s\n", argc < 2 ? "say a folder" : failure_text());
	return 1;
}
