/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "gateway/cli/pull_map.h"
#include "gateway/cli/pull_place.h"
#include "gateway/cli/pull_proof.h"
#include "gateway/http/retry.h"

#define MIB UINT64_C(1048576)

static const struct digest content = {{7}};

static void map_auto(struct pull_map *m)
{
	pull_map_clear(m);
}

static void a_map_has_pieces_that_make_up_the_file(void **state)
{
	static const struct {
		uint64_t size, piece;
		size_t count;
	} rows[] = {
		{0, 64 * MIB, 0},
		{1, 64 * MIB, 1},
		{64 * MIB, 64 * MIB, 1},
		{64 * MIB + 1, 64 * MIB, 2},
		{1024 * MIB, 64 * MIB, 16},
		{256 * 1024 * MIB, 128 * MIB, 2048},
		{(uint64_t)1 << 50, 4097 * 64 * MIB, 4096},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		AUTO(map_auto) struct pull_map m;
		uint64_t sum = 0;

		pull_map_init(&m, &content, rows[i].size);
		assert_int_equal(m.piece, rows[i].piece);
		assert_int_equal(m.count, rows[i].count);
		for (size_t n = 0; n < m.count; n++) {
			assert_int_equal(pull_map_begin(&m, n), sum);
			sum += pull_map_length(&m, n);
		}
		assert_int_equal(sum, rows[i].size);
		assert_int_equal(pull_map_missing(&m), rows[i].size);
	}
}

static void what_a_map_says_is_read_back(void **state)
{
	AUTO(map_auto) struct pull_map m;
	AUTO(map_auto) struct pull_map read;
	AUTO(buf_free) struct buf text = buf_new(PULL_MAP_MAX);

	(void)state;
	pull_map_init(&m, &content, 100 * MIB);
	pull_map_init(&read, &content, 100 * MIB);
	m.done[0] = 64 * MIB;
	m.done[1] = 5;
	pull_map_write(&text, &m);
	assert_int_equal(text.size, pull_map_cell(2));
	assert_ok(pull_map_read(&read, buf_slice(&text)));
	assert_true(pull_map_is_done(&read, 0));
	assert_false(pull_map_is_done(&read, 1));
	assert_int_equal(pull_map_missing(&read), 36 * MIB - 5);
}

static void a_map_of_something_else_or_damaged_changes_nothing(void **state)
{
	static const struct digest other = {{8}};
	AUTO(map_auto) struct pull_map m;
	AUTO(map_auto) struct pull_map stranger;
	AUTO(buf_free) struct buf text = buf_new(PULL_MAP_MAX);

	(void)state;
	pull_map_init(&m, &content, 100 * MIB);
	pull_map_init(&stranger, &other, 100 * MIB);
	stranger.done[0] = 9;
	pull_map_write(&text, &stranger);
	assert_err(pull_map_read(&m, buf_slice(&text)), ERR_CONFLICT);
	buf_reset(&text);
	m.done[1] = 36 * MIB + 1; /* more than the piece has */
	pull_map_write(&text, &m);
	m.done[1] = 0;
	assert_err(pull_map_read(&m, buf_slice(&text)), ERR_FORMAT);
	text.data[text.size - 1] = 0;
	assert_err(pull_map_read(&m, slice_part(buf_slice(&text), 0, text.size - 1)), ERR_FORMAT);
	buf_write_u8(&text, 0);
	assert_err(pull_map_read(&m, buf_slice(&text)), ERR_FORMAT);
	assert_err(pull_map_read(&m, S("")), ERR_FORMAT);
	assert_int_equal(pull_map_missing(&m), 100 * MIB);
}

static void pauses_grow_and_have_a_ceiling(void **state)
{
	(void)state;
	assert_int_equal(retry_pause_ms(1, 0), 250);
	assert_int_equal(retry_pause_ms(2, 0), 500);
	assert_int_equal(retry_pause_ms(6, 0), 8000);
	assert_int_equal(retry_pause_ms(4000, 0), 8000);
	assert_int_equal(retry_pause_ms(1, 3), 3000);
	assert_int_equal(retry_pause_ms(6, 3), 8000);
	assert_int_equal(retry_pause_ms(1, INT64_MAX), RETRY_LONGEST_ASKED_MS);
	assert_true(retry_is_worth(503) && retry_is_worth(429) && retry_is_worth(500));
	assert_false(retry_is_worth(403) || retry_is_worth(404) || retry_is_worth(501) ||
		     retry_is_worth(200));
}

static void a_record_knows_what_pulls_have_put_there(void **state)
{
	static const struct digest other = {{8}};
	AUTO(json_auto) json_t *record = NULL;
	AUTO(json_auto) json_t *read = NULL;
	AUTO(file_close) int dir = -1;
	char folder[] = "/tmp/test_cli_pull.XXXXXX";

	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_ok(file_open_directory(&dir, AT_FDCWD, folder));
	assert_ok(place_record_read(&record, dir));
	place_record_add(record, "a/b", &content);
	place_record_add(record, "a/b", &content);
	assert_ok(place_record_write(dir, record));
	assert_ok(place_record_read(&read, dir));
	assert_true(place_record_has(read, "a/b", &content));
	assert_false(place_record_has(read, "a/b", &other));
	assert_false(place_record_has(read, "b", &content));
	assert_int_equal(json_array_size(json_object_get(read, "a/b")), 1);
	assert_ok(file_write_atomic(dir, ".sallyport-pull", S("{"), 0600));
	json_free(read);
	read = NULL;
	assert_err(place_record_read(&read, dir), ERR_FORMAT);
	assert_int_equal(unlinkat(dir, ".sallyport-pull", 0), 0);
	assert_int_equal(rmdir(folder), 0);
}

static void patterns_match_as_in_a_shell_but_over_slashes(void **state)
{
	static const char *const patterns[] = {"*.json", "onnx/?.bin"};

	(void)state;
	assert_true(tree_matches("config.json", patterns, 2));
	assert_true(tree_matches("a/b/c.json", patterns, 2));
	assert_true(tree_matches("onnx/x.bin", patterns, 2));
	assert_false(tree_matches("onnx/xy.bin", patterns, 2));
	assert_false(tree_matches("model.safetensors", patterns, 2));
	assert_false(tree_matches("x", patterns, 0));
}

static void an_entry_must_be_of_the_model_and_of_one_piece(void **state)
{
	static const char *const rows[] = {
		"{}",
		"{\"model\":\"m\"}",
		"{\"model\":\"x\",\"revision\":\"r\",\"files\":[],\"manifest_sha256\":\"\"}",
		"{\"model\":\"m\",\"revision\":\"x\",\"files\":[],\"manifest_sha256\":\"\"}",
		"{\"model\":\"m\",\"revision\":\"r\",\"files\":[],\"manifest_sha256\":\"00\"}",
		"{\"model\":\"m\",\"revision\":\"r\",\"files\":[{}],\"manifest_sha256\":\"00\"}",
		"{\"model\":\"m\",\"revision\":\"r\",\"files\":7,\"manifest_sha256\":\"00\"}",
		"[]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		AUTO(arena_free) struct arena arena = {NULL};
		struct tree tree = {.count = 0};
		enum err result = pull_proof_read(&tree, &arena, slice_of_string(rows[i]), S("m"),
						  S("r"));

		assert_true(result == ERR_FORMAT || result == ERR_FORGED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_map_has_pieces_that_make_up_the_file),
		cmocka_unit_test(what_a_map_says_is_read_back),
		cmocka_unit_test(a_map_of_something_else_or_damaged_changes_nothing),
		cmocka_unit_test(pauses_grow_and_have_a_ceiling),
		cmocka_unit_test(a_record_knows_what_pulls_have_put_there),
		cmocka_unit_test(patterns_match_as_in_a_shell_but_over_slashes),
		cmocka_unit_test(an_entry_must_be_of_the_model_and_of_one_piece),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
