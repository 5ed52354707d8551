/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "schema/audit/batch.h"
#include "tests/unit/test.h"

enum { MOST = 70 };

static struct slice entry_of(char text[16], size_t i)
{
	snprintf(text, 16, "{\"row\":%zu}", i);
	return slice_of_string(text);
}

static void fill(struct digest leaves[MOST], size_t count)
{
	char text[16];

	for (size_t i = 0; i < count; i++)
		leaves[i] = merkle_leaf(entry_of(text, i));
}

static void every_row_of_every_size_is_proved(void **state)
{
	struct digest leaves[MOST];
	struct merkle_proof path;
	char text[16];

	(void)state;
	fill(leaves, MOST);
	for (size_t count = 1; count <= MOST; count++) {
		struct audit_batch batch = {.count = count,
					    .root = audit_batch_root(leaves, count)};

		for (size_t row = 0; row < count; row++) {
			audit_batch_path(&path, leaves, count, row);
			assert_ok(audit_batch_check(&batch, entry_of(text, row), row, &path));
			assert_err(audit_batch_check(&batch, entry_of(text, row + 1), row, &path),
				   ERR_FORGED);
			assert_err(audit_batch_check(&batch, entry_of(text, row), row + 1, &path),
				   ERR_FORGED);
		}
	}
}

static void what_is_written_is_read(void **state)
{
	struct audit_batch read, batch = {.count = 17,
					  .first_ms = INT64_C(1790000000000),
					  .last_ms = INT64_C(1790000000999),
					  .root = merkle_leaf(S("x"))};
	AUTO(buf_free) struct buf text = buf_new(AUDIT_BATCH_TEXT);

	(void)state;
	audit_batch_write(&text, &batch);
	assert_ok(buf_done(&text));
	assert_ok(audit_batch_read(&read, buf_slice(&text)));
	assert_int_equal(read.count, 17);
	assert_int_equal(read.first_ms, batch.first_ms);
	assert_int_equal(read.last_ms, batch.last_ms);
	assert_true(digest_equal(&read.root, &batch.root));
}

static void what_is_no_batch_is_refused(void **state)
{
#define ROOT "\"root\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\""
#define TIMES "\"first\":\"2026-01-01T00:00:00.000Z\",\"last\":\"2026-01-01T00:00:00.000Z\","
	static const char *const texts[] = {
		"",
		"[]",
		"{}",
		"{\"count\":17," ROOT "}",
		"{\"count\":0," TIMES ROOT "}",
		"{\"count\":4097," TIMES ROOT "}",
		"{\"count\":\"17\"," TIMES ROOT "}",
		"{\"count\":17," TIMES "\"root\":\"AAAA\"}",
		"{\"count\":17," TIMES ROOT ",\"more\":1}",
	};
	struct audit_batch batch;

	(void)state;
	assert_ok(audit_batch_read(&batch, S("{\"count\":17," TIMES ROOT "}")));
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (audit_batch_read(&batch, slice_of_string(texts[i])) != ERR_FORMAT)
			fail_msg("%s", texts[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_of_every_size_is_proved),
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_is_no_batch_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
