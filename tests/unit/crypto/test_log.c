/* SPDX-License-Identifier: Apache-2.0 */
/* test_log.c - tree, tiles, notes and receipts on trees of our own and the vectors of C2SP. */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/tile.h"
#include "crypto/tlog_proof.h"

enum { LEAVES = 1000 };

/* The definition of RFC 6962 section 2.1, as slow as it is plain. */
static struct digest slow_root(const struct digest *leaves, uint64_t count)
{
	uint64_t split = 1;
	struct digest left, right;

	if (count == 0)
		return digest_of(S(""));
	if (count == 1)
		return leaves[0];
	while (split * 2 < count)
		split *= 2;
	left = slow_root(leaves, split);
	right = slow_root(leaves + split, count - split);
	return merkle_node(&left, &right);
}

/* A tile store in memory: level, index -> row; widths only grow. */
struct store {
	struct digest rows[3][8][TILE_WIDTH];
	unsigned widths[3][8];
	size_t puts;
};

static enum err fetch(void *context, struct digest *out, struct tile tile)
{
	struct store *s = context;

	if (tile.level >= 3 || tile.index >= 8 || s->widths[tile.level][tile.index] < tile.width)
		return failure(ERR_NOT_FOUND, "no such tile");
	memcpy(out, s->rows[tile.level][tile.index], tile.width * sizeof *out);
	return OK;
}

static enum err put(void *context, struct tile tile, struct slice bytes)
{
	struct store *s = context;

	assert_true(tile.level < 3 && tile.index < 8);
	assert_int_equal(bytes.size, tile.width * 32);
	memcpy(s->rows[tile.level][tile.index], bytes.data, bytes.size);
	s->widths[tile.level][tile.index] = tile.width;
	s->puts++;
	return OK;
}

static struct digest leaves[LEAVES];
static struct store store;
static const struct tile_source source = {fetch, &store};

static int fill(void **state)
{
	static const size_t steps[] = {1, 254, 1, 1, 300, 443}; /* 1000, over every edge */
	uint64_t size = 0;

	(void)state;
	for (uint32_t i = 0; i < LEAVES; i++)
		leaves[i] = merkle_leaf(slice_of(&i, sizeof i));
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		assert_ok(tile_append(&source, put, &store, size, leaves + size, steps[i]));
		size += steps[i];
	}
	return 0;
}

static void frontier_and_tiles_give_the_root_of_the_definition(void **state)
{
	struct merkle_frontier grown = {0}, read;

	(void)state;
	for (uint64_t size = 0; size <= LEAVES; size++) {
		struct digest expected = slow_root(leaves, size);
		struct digest root = merkle_root(&grown);

		assert_true(digest_equal(&root, &expected));
		if (size % 37 == 0 || size == LEAVES || size == 256) {
			assert_ok(tile_root(&root, &source, size));
			assert_true(digest_equal(&root, &expected));
			assert_ok(tile_frontier(&read, &source, size));
			assert_memory_equal(&read, &grown, sizeof read.size);
		}
		if (size < LEAVES)
			merkle_append(&grown, &leaves[size]);
	}
}

static void inclusion_holds_for_the_leaf_and_for_no_other(void **state)
{
	(void)state;
	for (uint64_t size = 1; size <= LEAVES; size += 83) {
		struct digest root = slow_root(leaves, size);

		for (uint64_t i = 0; i < size; i += 1 + size / 19) {
			struct merkle_proof proof;

			assert_ok(tile_inclusion(&proof, &source, i, size));
			assert_ok(merkle_check_inclusion(i, size, &leaves[i], &proof, &root));
			assert_err(merkle_check_inclusion(i, size, &leaves[i + 1], &proof, &root),
				   ERR_FORGED);
			assert_err(merkle_check_inclusion(i + 1, size, &leaves[i], &proof, &root),
				   ERR_FORGED);
			proof.nodes[proof.count++] = root;
			assert_err(merkle_check_inclusion(i, size, &leaves[i], &proof, &root),
				   ERR_FORGED);
		}
	}
}

static void consistency_holds_for_prefixes_only(void **state)
{
	(void)state;
	for (uint64_t new_size = 1; new_size <= LEAVES; new_size += 111) {
		struct digest new_root = slow_root(leaves, new_size);

		for (uint64_t old = 1; old <= new_size; old += 1 + new_size / 13) {
			struct digest old_root = slow_root(leaves, old);
			struct merkle_proof proof;

			assert_ok(tile_consistency(&proof, &source, old, new_size));
			assert_ok(merkle_check_consistency(old, &old_root, new_size, &new_root,
							   &proof));
			old_root.bytes[0] ^= 1;
			assert_err(merkle_check_consistency(old, &old_root, new_size, &new_root,
							    &proof),
				   ERR_FORGED);
		}
	}
}

static void proofs_are_refused_where_there_is_no_such_tree(void **state)
{
	struct digest root = slow_root(leaves, 10);
	struct merkle_proof proof = {0};

	(void)state;
	assert_err(tile_inclusion(&proof, &source, 10, 10), ERR_NOT_FOUND);
	assert_err(tile_inclusion(&proof, &source, 0, 0), ERR_NOT_FOUND);
	assert_err(tile_consistency(&proof, &source, 11, 10), ERR_NOT_FOUND);
	assert_err(merkle_check_consistency(11, &root, 10, &root, &proof), ERR_FORGED);
	assert_err(merkle_check_consistency(5, &root, 10, &root, &proof), ERR_FORGED);
	assert_err(merkle_check_inclusion(0, 0, &root, &proof, &root), ERR_FORGED);
}

/* Appends every `step`th leaf of the tree, and what stands between them by its subtrees. */
static enum err walk_some(struct merkle_frontier *f, uint64_t size, uint64_t step,
			  const struct merkle_gap *instead, uint64_t instead_at)
{
	AUTO(tile_reader_auto) struct tile_reader *reader = tile_reader_new(&source, size);
	struct merkle_gap gap;

	for (uint64_t i = step - 1; i < size; i += step) {
		TRY(tile_gap(&gap, reader, f->size, i));
		TRY(merkle_skip(f, i, instead && i == instead_at ? instead : &gap));
		merkle_append(f, &leaves[i]);
	}
	TRY(tile_gap(&gap, reader, f->size, size));
	return merkle_skip(f, size, &gap);
}

static void many_leaves_and_the_gaps_between_them_give_the_root(void **state)
{
	(void)state;
	for (uint64_t size = 1; size <= LEAVES; size += 1 + size / 7) {
		struct digest expected = slow_root(leaves, size);

		for (uint64_t step = 1; step <= size + 1; step += 1 + step / 3) {
			struct merkle_frontier f = {.size = 0};
			struct digest root;

			assert_ok(walk_some(&f, size, step, NULL, 0));
			root = merkle_root(&f);
			assert_memory_equal(&root, &expected, sizeof root);
		}
	}
}

static void gaps_that_do_not_fit_are_refused_or_give_another_root(void **state)
{
	struct digest expected = slow_root(leaves, 700);
	struct merkle_frontier f = {.size = 0};
	struct merkle_gap gap = {.count = 0};
	struct digest root;

	(void)state;
	assert_err(walk_some(&f, 700, 100, &gap, 199), ERR_FORGED); /* none where some must be */
	f = (struct merkle_frontier){.size = 0};
	gap.count = MERKLE_GAP_MAX;
	assert_err(walk_some(&f, 700, 100, &gap, 199), ERR_FORGED); /* too many */
	assert_err(merkle_skip(&f, 0, &gap), ERR_FORGED);           /* backwards */
	f = (struct merkle_frontier){.size = 0};
	gap = (struct merkle_gap){.count = 6}; /* 99 = 64 + 32 + 2 + 1: not six */
	assert_err(merkle_skip(&f, 99, &gap), ERR_FORGED);
	f = (struct merkle_frontier){.size = 0};
	gap.count = 4;
	assert_ok(merkle_skip(&f, 99, &gap));
	root = merkle_root(&f);
	assert_memory_not_equal(&root, &expected, sizeof root);
}

/* The example of tlog-tiles: size 70000. */
static void tiles_have_the_names_and_widths_of_the_spec(void **state)
{
	char path[TILE_PATH];
	struct tile back;
	static const struct {
		struct tile tile;
		const char *path;
	} rows[] = {
		{{TILE_HASHES, 0, 1234067, 256}, "tile/0/x001/x234/067"},
		{{TILE_HASHES, 0, 273, 112}, "tile/0/273.p/112"},
		{{TILE_HASHES, 1, 1, 17}, "tile/1/001.p/17"},
		{{TILE_ENTRIES, 0, 0, 256}, "tile/entries/000"},
		{{TILE_HASHES, 7, 36028797018963967, 255},
		 "tile/7/x036/x028/x797/x018/x963/967.p/255"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		tile_path(path, rows[i].tile);
		assert_string_equal(path, rows[i].path);
		assert_ok(tile_path_parse(&back, slice_of_string(path)));
		assert_memory_equal(&back, &rows[i].tile, sizeof back);
	}
	assert_int_equal(tile_of(0, 272, 70000).width, 256);
	assert_int_equal(tile_of(0, 273, 70000).width, 112);
	assert_int_equal(tile_of(0, 274, 70000).width, 0);
	assert_int_equal(tile_of(1, 1, 70000).width, 17);
	assert_int_equal(tile_of(2, 0, 70000).width, 1);
	assert_int_equal(tile_of(3, 0, 70000).width, 0);
}

static void other_names_of_tiles_are_refused(void **state)
{
	static const char *const paths[] = {
		"tile/0/1",
		"tile/00/001",
		"tile/0/x000/001",
		"tile/0/001.p/256",
		"tile/0/001.p/0",
		"tile/0/001.p/01",
		"tile/8/000",
		"tile/0/001/",
		"tile/0/../001",
		"tile/0/x001",
		"tile/0/001.p/",
		"tile/0/001.q/1",
		"tile/entries/1000",
		"tile//001",
		"tile/0/",
		"",
		"tile/0/x999/x999/x999/x999/x999/x999/x999/999",
	};
	struct tile tile;

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		if (tile_path_parse(&tile, slice_of_string(paths[i])) == OK)
			fail_msg("%s was taken", paths[i]);
}

static void bundle_splits_into_exactly_its_entries(void **state)
{
	AUTO(buf_free) struct buf bundle = buf_new(1000);
	struct slice out[TILE_WIDTH];

	(void)state;
	assert_ok(tile_bundle_add(&bundle, S("one")));
	assert_ok(tile_bundle_add(&bundle, S("")));
	assert_ok(tile_bundle_split(out, 2, buf_slice(&bundle)));
	assert_slice(out[0], "one");
	assert_int_equal(out[1].size, 0);
	assert_err(tile_bundle_split(out, 1, buf_slice(&bundle)), ERR_FORMAT);
	assert_err(tile_bundle_split(out, 3, buf_slice(&bundle)), ERR_FORMAT);
	assert_err(tile_bundle_split(out, 257, buf_slice(&bundle)), ERR_LIMIT);
}

/* The example of signed-note.md. */
#define SPEC_KEY S("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
#define SPEC_TEXT "This is an example message.\n"
#define SPEC_LINE \
	"\xe2\x80\x94 example.com/foo " \
	"Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZX" \
	"sYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"

static void note_of_the_spec_verifies(void **state)
{
	AUTO(buf_free) struct buf again = buf_new(1000);
	struct note_key key;
	struct slice text;

	(void)state;
	assert_ok(note_key_parse(&key, SPEC_KEY));
	note_key_write(&again, &key);
	assert_true(slice_equal(buf_slice(&again), SPEC_KEY));
	assert_ok(note_verify(&text, S(SPEC_TEXT "\n" SPEC_LINE), &key, 1));
	assert_slice(text, SPEC_TEXT);
}

static void note_is_refused_unless_a_known_key_signed_it(void **state)
{
	struct note_key key;
	struct slice text;

	(void)state;
	assert_ok(note_key_parse(&key, SPEC_KEY));
	assert_err(note_verify(&text, S("This is an example messagE.\n\n" SPEC_LINE), &key, 1),
		   ERR_FORGED);
	assert_err(note_verify(&text, S(SPEC_TEXT "\n" SPEC_LINE), &key, 0), ERR_NOT_FOUND);
	assert_err(note_verify(&text, S(SPEC_TEXT), &key, 1), ERR_FORMAT);
	assert_err(note_verify(&text, S(SPEC_TEXT "\n"), &key, 1), ERR_FORMAT);
	assert_err(note_verify(&text, S(SPEC_TEXT "\n- example.com/foo AAAA\n"), &key, 1),
		   ERR_FORMAT);
	assert_err(note_verify(&text, S("bell \a\n\n" SPEC_LINE), &key, 1), ERR_FORMAT);
	key.id[0] ^= 1;
	assert_err(note_verify(&text, S(SPEC_TEXT "\n" SPEC_LINE), &key, 1), ERR_NOT_FOUND);
}

static void verifier_keys_with_another_id_or_type_are_refused(void **state)
{
	struct note_key key;

	(void)state;
	assert_err(note_key_parse(&key, S("example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LK"
					  "aANYcrnKv3U2k")),
		   ERR_FORMAT);
	assert_err(note_key_parse(&key, S("example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LK"
					  "aANYcrnKv3U2k")),
		   ERR_UNSUPPORTED);
	assert_err(note_key_make(&key, S("two words"), NOTE_ED25519, key.public_key), ERR_FORMAT);
	assert_err(note_key_make(&key,
				 S("a\xe3\x80\x80"
				   "b"),
				 NOTE_ED25519, key.public_key),
		   ERR_FORMAT);
	assert_err(note_key_make(&key, S(""), NOTE_ED25519, key.public_key), ERR_FORMAT);
}

static void checkpoints_are_three_lines(void **state)
{
	static const char *const bad[] = {
		"",
		"log\n",
		"log\n1\n",
		"log\n01\nAAAA\n",
		"log\n1\nAAAA\n",
		"log\n-1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
		"\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
		"log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
		"log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n",
	};
	AUTO(buf_free) struct buf again = buf_new(1000);
	struct checkpoint c;

	(void)state;
	assert_ok(
		checkpoint_parse(&c, S("log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")));
	checkpoint_write(&again, &c);
	assert_slice(buf_slice(&again), "log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n");
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (checkpoint_parse(&c, slice_of_string(bad[i])) == OK)
			fail_msg("checkpoint %zu was taken", i);
}

/* A receipt made as the gateway makes it. */
static void make_receipt(struct buf *out, struct note_key *key, uint64_t index)
{
	AUTO(sign_key_auto) struct sign_key *log_key = NULL;
	AUTO(buf_free) struct buf text = buf_new(1000);
	AUTO(buf_free) struct buf note = buf_new(1000);
	struct checkpoint c = {.origin = S("localhost:1/log"), .size = LEAVES};
	struct tlog_proof proof = {.index = index, .has_extra = true, .extra_size = 32};
	uint8_t public_key[SIGN_PUBLIC];

	assert_ok(sign_key_random(&log_key));
	sign_key_public(log_key, public_key);
	assert_ok(note_key_make(key, c.origin, NOTE_ED25519, public_key));
	c.root = slow_root(leaves, LEAVES);
	checkpoint_write(&text, &c);
	assert_ok(note_sign(&note, buf_slice(&text), c.origin, log_key));
	assert_ok(tile_inclusion(&proof.inclusion, &source, index, LEAVES));
	proof.checkpoint = buf_slice(&note);
	tlog_proof_write(out, &proof);
}

static void receipt_proves_its_entry_and_no_other(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(TLOG_PROOF_MAX);
	AUTO(buf_free) struct buf again = buf_new(TLOG_PROOF_MAX);
	struct note_key key;
	struct tlog_proof proof;
	struct checkpoint c;

	(void)state;
	make_receipt(&text, &key, 417);
	assert_ok(tlog_proof_parse(&proof, buf_slice(&text)));
	assert_ok(tlog_proof_verify(&c, &proof, &leaves[417], &key, 1));
	assert_int_equal(c.size, LEAVES);
	assert_int_equal(proof.extra_size, 32);
	tlog_proof_write(&again, &proof);
	assert_true(slice_equal(buf_slice(&text), buf_slice(&again)));
	assert_err(tlog_proof_verify(&c, &proof, &leaves[418], &key, 1), ERR_FORGED);
	proof.index = 418;
	assert_err(tlog_proof_verify(&c, &proof, &leaves[417], &key, 1), ERR_FORGED);
	assert_err(tlog_proof_verify(&c, &proof, &leaves[417], &key, 0), ERR_NOT_FOUND);
}

static void receipt_cut_off_or_padded_is_refused(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(TLOG_PROOF_MAX);
	struct note_key key;
	struct tlog_proof proof;

	(void)state;
	make_receipt(&text, &key, 3);
	for (size_t size = 0; size < text.size; size++)
		if (tlog_proof_parse(&proof, slice_part(buf_slice(&text), 0, size)) == OK)
			assert_int_not_equal(tlog_proof_verify(NULL, &proof, &leaves[3], &key, 1),
					     OK);
	assert_err(tlog_proof_parse(&proof, S("c2sp.org/tlog-proof@v2\nindex 1\n\nx")), ERR_FORMAT);
	assert_err(tlog_proof_parse(&proof, S("c2sp.org/tlog-proof@v1\nindex 01\n\nx")),
		   ERR_FORMAT);
	assert_err(tlog_proof_parse(&proof, S("c2sp.org/tlog-proof@v1\nindex 1\nAAAA\n\nx")),
		   ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frontier_and_tiles_give_the_root_of_the_definition),
		cmocka_unit_test(inclusion_holds_for_the_leaf_and_for_no_other),
		cmocka_unit_test(consistency_holds_for_prefixes_only),
		cmocka_unit_test(proofs_are_refused_where_there_is_no_such_tree),
		cmocka_unit_test(many_leaves_and_the_gaps_between_them_give_the_root),
		cmocka_unit_test(gaps_that_do_not_fit_are_refused_or_give_another_root),
		cmocka_unit_test(tiles_have_the_names_and_widths_of_the_spec),
		cmocka_unit_test(other_names_of_tiles_are_refused),
		cmocka_unit_test(bundle_splits_into_exactly_its_entries),
		cmocka_unit_test(note_of_the_spec_verifies),
		cmocka_unit_test(note_is_refused_unless_a_known_key_signed_it),
		cmocka_unit_test(verifier_keys_with_another_id_or_type_are_refused),
		cmocka_unit_test(checkpoints_are_three_lines),
		cmocka_unit_test(receipt_proves_its_entry_and_no_other),
		cmocka_unit_test(receipt_cut_off_or_padded_is_refused),
	};

	return cmocka_run_group_tests(tests, fill, NULL);
}
