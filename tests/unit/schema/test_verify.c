/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier on logs that are made in memory as they are asked for, of every awkward size. */
#include "tests/unit/test.h"

#include <stdatomic.h>
#include <stdio.h>

#include "crypto/note.h"
#include "crypto/tile.h"
#include "schema/audit/verify.h"

enum { LEVELS = 3, MOST = 70000, SEVERAL = 3 };

/* One change of one file. */
enum change { NOTHING, FLIP, SHORTEN, LENGTHEN, EMPTY, MISSING, OF_BEFORE };

struct log {
	uint64_t size;
	struct digest *hashes[LEVELS];
	char vkey[NOTE_VKEY_MAX];
	struct buf note;
	enum change change;
	const char *path; /* of the changed file */
	size_t at;        /* the flipped byte */
	atomic_uint fetched;
};

static size_t write_entry(char out[64], uint64_t i)
{
	return (size_t)snprintf(out, 64, "entry %llu%.*s", (unsigned long long)i, (int)(i % 40),
				"........................................");
}

static void sign(struct log *log)
{
	static const uint8_t seed[SIGN_SEED] = {1};
	AUTO(sign_key_auto) struct sign_key *key = NULL;
	AUTO(buf_free) struct buf text = buf_new(NOTE_MAX);
	struct merkle_frontier tree = {0};
	struct checkpoint c = {.origin = S("unit/log"), .size = log->size};
	uint8_t public_key[SIGN_PUBLIC];
	struct note_key verifier;

	for (uint64_t i = 0; i < log->size; i++)
		merkle_append(&tree, &log->hashes[0][i]);
	c.root = merkle_root(&tree);
	assert_ok(sign_key_from_seed(&key, slice_of(seed, sizeof seed)));
	sign_key_public(key, public_key);
	checkpoint_write(&text, &c);
	buf_reset(&log->note);
	assert_ok(note_sign(&log->note, buf_slice(&text), c.origin, key));
	assert_ok(note_key_make(&verifier, c.origin, NOTE_ED25519, public_key));
	buf_reset(&text);
	note_key_write(&text, &verifier);
	snprintf(log->vkey, sizeof log->vkey, "%s", buf_string(&text));
}

static int open_log(void **state)
{
	struct log *log = calloc(1, sizeof *log);

	log->note = buf_new(NOTE_MAX);
	for (unsigned level = 0; level < LEVELS; level++)
		log->hashes[level] = calloc(MOST, sizeof(struct digest));
	for (uint64_t i = 0; i < MOST; i++) {
		char text[64];

		log->hashes[0][i] = merkle_leaf(slice_of(text, write_entry(text, i)));
	}
	for (unsigned level = 1; level < LEVELS; level++)
		for (uint64_t i = 0; i < (uint64_t)MOST >> 8 * level; i++) {
			struct merkle_frontier row = {0};

			for (size_t k = 0; k < TILE_WIDTH; k++)
				merkle_append(&row, &log->hashes[level - 1][i * TILE_WIDTH + k]);
			log->hashes[level][i] = merkle_root(&row);
		}
	*state = log;
	return 0;
}

static int close_log(void **state)
{
	struct log *log = *state;

	for (unsigned level = 0; level < LEVELS; level++)
		free(log->hashes[level]);
	buf_free(&log->note);
	free(log);
	return 0;
}

static void write_file(struct buf *out, const struct log *log, struct tile tile)
{
	for (unsigned i = 0; i < tile.width; i++) {
		uint64_t n = tile.index * TILE_WIDTH + i;
		char text[64];

		if (tile.kind == TILE_ENTRIES)
			assert_ok(tile_bundle_add(out, slice_of(text, write_entry(text, n))));
		else
			buf_write(out, digest_slice(&log->hashes[tile.level][n]));
	}
}

static void change_file(struct buf *out, const struct log *log, struct tile tile, size_t start)
{
	switch (log->change) {
	case NOTHING:
	case MISSING:
		break;
	case FLIP:
		out->data[start + log->at] ^= 1;
		break;
	case SHORTEN:
		out->size--;
		break;
	case LENGTHEN:
		buf_write_u8(out, 0);
		break;
	case EMPTY:
		out->size = start;
		break;
	case OF_BEFORE: /* the file that stands before it */
		out->size = start;
		tile.index--;
		write_file(out, log, tile);
		break;
	}
}

static enum err fetch(void *context, struct buf *out, const char *path)
{
	struct log *log = context;
	bool is_it = log->path && strcmp(path, log->path) == 0;
	size_t start = out->size;
	struct tile tile, whole;

	if (strcmp(path, "checkpoint") == 0) {
		buf_write(out, buf_slice(&log->note));
		return buf_done(out);
	}
	atomic_fetch_add(&log->fetched, 1);
	assert_ok(tile_path_parse(&tile, slice_of_string(path)));
	whole = tile_of(tile.level, tile.index, log->size);
	if (tile.width > whole.width || (is_it && log->change == MISSING))
		return failure(ERR_NOT_FOUND, "not there");
	write_file(out, log, tile);
	if (is_it)
		change_file(out, log, tile, start);
	return buf_done(out);
}

static enum err verify(struct audit_verified *out, struct log *log, unsigned threads,
		       const struct audit_remembered *remembered)
{
	const struct audit_source source = {.fetch = fetch,
					    .context = log,
					    .threads = threads,
					    .vkey = slice_of_string(log->vkey)};

	return audit_verify(out, &source, remembered);
}

static void a_log_of_any_size_verifies_with_any_number_of_threads(void **state)
{
	static const uint64_t sizes[] = {0,   1,   2,     255,   256,   257,
					 513, 700, 65280, 65536, 65537, 66049};
	struct log *log = *state;

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		for (unsigned threads = 0; threads <= SEVERAL; threads += SEVERAL) {
			struct audit_verified v;

			log->size = sizes[i];
			sign(log);
			assert_ok(verify(&v, log, threads, NULL));
			assert_int_equal(v.size, sizes[i]);
			assert_int_equal(v.bundles, (sizes[i] + 255) / 256);
		}
	}
}

static void what_is_remembered_must_be_its_beginning(void **state)
{
	static const uint64_t sizes[] = {1, 255, 256, 257, 512, 65536};
	struct log *log = *state;

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		struct audit_remembered then = {.size = sizes[i]};
		struct audit_verified v;

		log->size = sizes[i];
		sign(log);
		assert_ok(verify(&v, log, SEVERAL, NULL));
		memcpy(then.root, v.root, sizeof then.root);
		assert_ok(verify(&v, log, SEVERAL, &then)); /* as long as it was */
		log->size = 66000;
		sign(log);
		assert_ok(verify(&v, log, SEVERAL, &then));
		then.root[5] ^= 1;
		assert_err(verify(&v, log, SEVERAL, &then), ERR_CONFLICT);
		log->size = sizes[i] - 1;
		sign(log);
		assert_err(verify(&v, log, SEVERAL, &then), ERR_CONFLICT);
	}
}

static void every_change_of_every_kind_of_file_is_found_and_named(void **state)
{
	static const struct {
		const char *path;
		enum change change;
		size_t at;
		enum err result;
		const char *named;
	} rows[] = {
		{"tile/entries/003", FLIP, 4, ERR_FORGED, "entry 768 was changed"},
		{"tile/entries/003", FLIP, 1, ERR_FORGED, "tile/entries/003"},
		{"tile/entries/003", SHORTEN, 0, ERR_FORGED, "tile/entries/003"},
		{"tile/entries/003", LENGTHEN, 0, ERR_FORGED, "tile/entries/003"},
		{"tile/entries/003", EMPTY, 0, ERR_FORGED, "tile/entries/003"},
		{"tile/entries/003", MISSING, 0, ERR_NOT_FOUND, "tile/entries/003"},
		{"tile/entries/003", OF_BEFORE, 0, ERR_FORGED, "entry 768 was changed"},
		{"tile/entries/257.p/8", FLIP, 9, ERR_FORGED, "entry 65792 was changed"},
		{"tile/entries/257.p/8", SHORTEN, 0, ERR_FORGED, "tile/entries/257.p/8"},
		{"tile/0/200", FLIP, 64, ERR_FORGED, "tile tile/0/200 was changed: hash 2"},
		{"tile/0/200", SHORTEN, 0, ERR_FORGED, "tile/0/200 has 8191"},
		{"tile/0/200", LENGTHEN, 0, ERR_LIMIT, NULL},
		{"tile/0/200", EMPTY, 0, ERR_FORGED, "tile/0/200 has 0"},
		{"tile/0/200", MISSING, 0, ERR_NOT_FOUND, "tile/0/200"},
		{"tile/0/200", OF_BEFORE, 0, ERR_FORGED, "tile tile/0/200 was changed: hash 0"},
		{"tile/1/000", FLIP, 0, ERR_FORGED, "tile tile/1/000 was changed: hash 0"},
		{"tile/1/001.p/1", FLIP, 31, ERR_FORGED, "tile tile/1/001.p/1 was changed"},
		{"tile/2/000.p/1", FLIP, 0, ERR_FORGED, "tile tile/2/000.p/1 was changed"},
		{"tile/2/000.p/1", MISSING, 0, ERR_NOT_FOUND, "tile/2/000.p/1"},
	};
	struct log *log = *state;

	log->size = 65800;
	sign(log);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct audit_verified v;

		log->path = rows[i].path;
		log->change = rows[i].change;
		log->at = rows[i].at;
		if (verify(&v, log, SEVERAL, NULL) != rows[i].result ||
		    (rows[i].named && !strstr(failure_text(), rows[i].named)))
			fail_msg("row %zu: %s", i, failure_text());
	}
	log->path = NULL;
}

/* Two changes: the one nearer the beginning is told, whichever thread met it. */
static void the_first_failure_is_told_and_the_rest_is_not_read(void **state)
{
	struct log *log = *state;
	struct audit_verified v;

	log->size = 65800;
	sign(log);
	log->path = "tile/entries/001";
	log->change = EMPTY;
	assert_err(verify(&v, log, SEVERAL, NULL), ERR_FORGED);
	assert_non_null(strstr(failure_text(), "tile/entries/001 is not well formed at entry 256"));
	log->fetched = 0; /* how far several get before they hear of it is nobody's promise */
	assert_err(verify(&v, log, 1, NULL), ERR_FORGED);
	assert_true(log->fetched < 100);
	log->path = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_log_of_any_size_verifies_with_any_number_of_threads),
		cmocka_unit_test(what_is_remembered_must_be_its_beginning),
		cmocka_unit_test(every_change_of_every_kind_of_file_is_found_and_named),
		cmocka_unit_test(the_first_failure_is_told_and_the_rest_is_not_read),
	};

	return cmocka_run_group_tests(tests, open_log, close_log);
}
