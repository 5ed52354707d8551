/* SPDX-License-Identifier: Apache-2.0 */
/* test_foreign_log.c - a log of 700 entries made by an independent generator and checked with
 * Go's x/mod, and the proof vectors of transparency-dev/merkle. */
#include "tests/unit/test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "crypto/base/text.h"
#include "crypto/json.h"
#include "crypto/tile.h"
#include "crypto/tlog_proof.h"
#include "tests/unit/crypto/foreign.h"

enum { SIZE = 700, FILE_MAX = 1000000 };

static int dir = -1;

static int open_log(void **state)
{
	(void)state;
	dir = foreign_open("tlog");
	return 0;
}

static int close_log(void **state)
{
	(void)state;
	file_close(&dir);
	return 0;
}

static void skip_without_data(void)
{
	if (dir < 0)
		skip();
}

static void read_keys(struct note_key keys[2])
{
	AUTO(buf_free) struct buf text = buf_new(FILE_MAX);
	struct slice log, witness, rest;

	foreign_read(&text, dir, "vkeys.txt");
	assert_true(slice_cut(buf_slice(&text), '\n', &log, &rest));
	slice_cut(rest, '\n', &witness, &rest);
	assert_ok(note_key_parse(&keys[0], log));
	assert_ok(note_key_parse(&keys[1], witness));
}

static enum err fetch(void *context, struct digest *out, struct tile tile)
{
	AUTO(buf_free) struct buf bytes = buf_new(TILE_BYTES);
	char path[TILE_PATH + 8] = "log/";

	(void)context;
	tile_path(path + 4, tile);
	TRY(file_read(&bytes, dir, path));
	if (bytes.size != tile.width * sizeof *out)
		return failure(ERR_FORMAT, "a tile of %zu bytes", bytes.size);
	memcpy(out, bytes.data, bytes.size);
	return OK;
}

static const struct tile_source source = {fetch, NULL};

static void checkpoint_is_signed_by_log_and_witness_and_matches_the_tiles(void **state)
{
	AUTO(buf_free) struct buf note = buf_new(FILE_MAX);
	struct note_key keys[2];
	struct checkpoint c;
	struct digest root;
	struct slice text;

	(void)state;
	skip_without_data();
	read_keys(keys);
	foreign_read(&note, dir, "log/checkpoint");
	assert_ok(note_verify(&text, buf_slice(&note), keys, 2));
	assert_ok(note_verify(&text, buf_slice(&note), keys + 1, 1)); /* the cosignature */
	assert_ok(checkpoint_parse(&c, text));
	assert_int_equal(c.size, SIZE);
	assert_ok(tile_root(&root, &source, SIZE));
	assert_true(digest_equal(&root, &c.root));
	note.data[0] ^= 1;
	assert_err(note_verify(&text, buf_slice(&note), keys + 1, 1), ERR_FORGED);
}

static void tiles_are_what_the_entries_make(void **state)
{
	static struct digest leaves[SIZE];
	struct merkle_frontier grown = {0}, read;

	(void)state;
	skip_without_data();
	for (uint64_t n = 0; n * TILE_WIDTH < SIZE; n++) {
		AUTO(buf_free) struct buf bundle = buf_new(FILE_MAX);
		struct tile tile = tile_of(0, n, SIZE);
		struct slice entries[TILE_WIDTH];
		char path[TILE_PATH + 8] = "log/";

		tile.kind = TILE_ENTRIES;
		tile_path(path + 4, tile);
		foreign_read(&bundle, dir, path);
		assert_ok(tile_bundle_split(entries, tile.width, buf_slice(&bundle)));
		for (unsigned i = 0; i < tile.width; i++)
			leaves[n * TILE_WIDTH + i] = merkle_leaf(entries[i]);
	}
	for (size_t i = 0; i < SIZE; i++)
		merkle_append(&grown, &leaves[i]);
	assert_ok(tile_frontier(&read, &source, SIZE));
	assert_int_equal(grown.size, read.size);
	for (unsigned k = 0; k < MERKLE_LEVELS; k++)
		if (grown.size >> k & 1)
			assert_true(digest_equal(&grown.nodes[k], &read.nodes[k]));
}

static void receipt_of_entry_417_verifies_and_is_ours_byte_for_byte(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(FILE_MAX);
	AUTO(buf_free) struct buf entry = buf_new(FILE_MAX);
	AUTO(buf_free) struct buf again = buf_new(FILE_MAX);
	struct note_key keys[2];
	struct tlog_proof proof;
	struct digest leaf;

	(void)state;
	skip_without_data();
	read_keys(keys);
	foreign_read(&text, dir, "proof417.tlog-proof");
	foreign_read(&entry, dir, "entry417.json");
	leaf = merkle_leaf(buf_slice(&entry));
	assert_ok(tlog_proof_parse(&proof, buf_slice(&text)));
	assert_ok(tlog_proof_verify(NULL, &proof, &leaf, keys, 2));
	assert_err(tlog_proof_verify(NULL, &proof, &leaf, keys + 1, 1), ERR_NOT_FOUND);
	assert_ok(tile_inclusion(&proof.inclusion, &source, 417, SIZE));
	tlog_proof_write(&again, &proof);
	assert_true(slice_equal(buf_slice(&again), buf_slice(&text)));
}

/* consistency.txt: "old 300", the proof, an empty line; old.checkpoint has the old root. */
static void tree_of_300_is_the_beginning_of_that_of_700(void **state)
{
	AUTO(buf_free) struct buf note = buf_new(FILE_MAX);
	AUTO(buf_free) struct buf expected = buf_new(FILE_MAX);
	AUTO(buf_free) struct buf here = buf_new(FILE_MAX);
	struct merkle_proof proof;
	struct checkpoint old;
	struct digest root;
	struct slice text;

	(void)state;
	skip_without_data();
	foreign_read(&note, dir, "old.checkpoint");
	foreign_read(&expected, dir, "consistency.txt");
	assert_ok(note_text(&text, buf_slice(&note)));
	assert_ok(checkpoint_parse(&old, text));
	assert_ok(tile_consistency(&proof, &source, old.size, SIZE));
	assert_ok(tile_root(&root, &source, SIZE));
	assert_ok(merkle_check_consistency(old.size, &old.root, SIZE, &root, &proof));
	buf_printf(&here, "old %llu\n", (unsigned long long)old.size);
	for (size_t i = 0; i < proof.count; i++) {
		text_write_base64(&here, digest_slice(&proof.nodes[i]), TEXT_BASE64);
		buf_write_u8(&here, '\n');
	}
	assert_true(slice_starts_with(buf_slice(&expected), buf_slice(&here)));
}

static void to_digest(struct digest *out, struct slice text, bool *good)
{
	AUTO(buf_free) struct buf bytes = buf_new(100);

	memset(out, 0, sizeof *out);
	if (text_read_base64(&bytes, text, TEXT_BASE64) != OK || bytes.size != DIGEST_SIZE)
		*good = false;
	else
		memcpy(out->bytes, bytes.data, DIGEST_SIZE);
}

static bool read_proof(struct merkle_proof *out, const json_t *vector)
{
	const json_t *nodes = json_object_get(vector, "proof");
	bool good = true;

	out->count = json_array_size(nodes);
	if (out->count > MERKLE_LEVELS)
		return false;
	for (size_t i = 0; i < out->count; i++) {
		struct slice text;

		assert_ok(json_text_at(&text, nodes, i));
		to_digest(&out->nodes[i], text, &good);
	}
	return good;
}

static struct digest member_digest(const json_t *vector, const char *name, bool *good)
{
	struct digest out = {0};
	struct slice text;

	if (json_get_text(&text, vector, name) != OK)
		*good = false; /* null */
	else
		to_digest(&out, text, good);
	return out;
}

static bool inclusion_holds(const json_t *v)
{
	struct merkle_proof proof;
	bool good = read_proof(&proof, v);
	struct digest root = member_digest(v, "root", &good);
	struct digest leaf = member_digest(v, "leafHash", &good);
	int64_t index, size;

	assert_ok(json_get_int(&index, v, "leafIdx"));
	assert_ok(json_get_int(&size, v, "treeSize"));
	return good &&
	       merkle_check_inclusion((uint64_t)index, (uint64_t)size, &leaf, &proof, &root) == OK;
}

static bool consistency_holds(const json_t *v)
{
	struct merkle_proof proof;
	bool good = read_proof(&proof, v);
	struct digest old_root = member_digest(v, "root1", &good);
	struct digest new_root = member_digest(v, "root2", &good);
	int64_t old_size, new_size;

	assert_ok(json_get_int(&old_size, v, "size1"));
	assert_ok(json_get_int(&new_size, v, "size2"));
	return good && merkle_check_consistency((uint64_t)old_size, &old_root, (uint64_t)new_size,
						&new_root, &proof) == OK;
}

/* One file of a folder of vectors: its verdict is ours. */
static void check_vector(int folder, const char *name, bool consistency)
{
	AUTO(buf_free) struct buf text = buf_new(FILE_MAX);
	AUTO(json_auto) json_t *v = NULL;
	bool refused, holds;

	foreign_read(&text, folder, name);
	if (json_read(&v, buf_slice(&text), FILE_MAX) != OK)
		return; /* sizes past 2^63, which no reader of ours lets in */
	assert_ok(json_get_bool_or(&refused, v, "wantErr", false));
	holds = consistency ? consistency_holds(v) : inclusion_holds(v);
	if (slice_equal(slice_of_string(name), S("sizes-are-equal-one-and-proof-is-empty.json")))
		return; /* its roots are 12 bytes, which are no hashes here */
	if (holds == refused)
		fail_msg("%s: our verdict is %s", name, holds ? "good" : "forged");
}

static size_t check_folder(const char *path, bool consistency)
{
	AUTO(file_close) int folder = -1;
	struct dirent *entry;
	size_t count = 0;
	DIR *list;

	assert_ok(file_open_directory(&folder, dir, path));
	list = fdopendir(dup(folder));
	assert_non_null(list);
	while ((entry = readdir(list))) {
		if (!slice_ends_with(slice_of_string(entry->d_name), S(".json")))
			continue;
		check_vector(folder, entry->d_name, consistency);
		count++;
	}
	closedir(list);
	return count;
}

static void published_proof_vectors_get_the_published_verdict(void **state)
{
	static const char *const folders[] = {"0", "1", "2", "3", "4", "additional"};
	size_t count = 0;

	(void)state;
	skip_without_data();
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		char path[64];

		snprintf(path, sizeof path, "rfc6962_proofs/inclusion/%s", folders[i]);
		count += check_folder(path, false);
		snprintf(path, sizeof path, "rfc6962_proofs/consistency/%s", folders[i]);
		count += check_folder(path, true);
	}
	assert_true(count > 150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checkpoint_is_signed_by_log_and_witness_and_matches_the_tiles),
		cmocka_unit_test(tiles_are_what_the_entries_make),
		cmocka_unit_test(receipt_of_entry_417_verifies_and_is_ours_byte_for_byte),
		cmocka_unit_test(tree_of_300_is_the_beginning_of_that_of_700),
		cmocka_unit_test(published_proof_vectors_get_the_published_verdict),
	};

	return cmocka_run_group_tests(tests, open_log, close_log);
}
