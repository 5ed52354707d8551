/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of the rows of a batch, out of nodes that are computed once: those of the definition. */
#include "tests/unit/test.h"

#include "gateway/api/audit/report_batch.h"
#include "schema/audit/batch.h"

static struct digest leaves[AUDIT_BATCH_MAX];

static int fill(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < AUDIT_BATCH_MAX; i++)
		leaves[i] = merkle_leaf(slice_of(&i, sizeof i));
	return 0;
}

static enum err set(struct report_batch *b, size_t count)
{
	struct store_batch_entry entry = {.hashes = slice_of(leaves, count * sizeof *leaves)};

	return report_batch_set(b, &entry, count);
}

static void assert_paths(struct report_batch *b, size_t count, size_t step)
{
	assert_ok(set(b, count));
	assert_true(report_batch_is(b, count));
	for (size_t row = 0; row < count; row += step) {
		struct merkle_proof expected, path;

		audit_batch_path(&expected, leaves, count, row);
		assert_ok(report_batch_path(&path, b, row));
		assert_int_equal(path.count, expected.count);
		assert_memory_equal(path.nodes, expected.nodes, path.count * sizeof *path.nodes);
	}
}

static void paths_are_those_of_the_definition(void **state)
{
	AUTO(report_batch_auto) struct report_batch *b = report_batch_new();

	(void)state;
	for (size_t count = 1; count <= 70; count++)
		assert_paths(b, count, 1);
	assert_paths(b, AUDIT_BATCH_MAX - 1, 501);
	assert_paths(b, AUDIT_BATCH_MAX, 501);
}

static void rows_that_are_not_there_have_no_path(void **state)
{
	AUTO(report_batch_auto) struct report_batch *b = report_batch_new();
	struct store_batch_entry entry = {.hashes = slice_of(leaves, DIGEST_SIZE + 1)};
	struct merkle_proof path;

	(void)state;
	assert_false(report_batch_is(b, 0));
	assert_ok(set(b, 5));
	assert_err(report_batch_path(&path, b, 5), ERR_INTERNAL);
	assert_err(set(b, 0), ERR_INTERNAL);
	assert_false(report_batch_is(b, 5));
	assert_err(report_batch_set(b, &entry, 1), ERR_INTERNAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_those_of_the_definition),
		cmocka_unit_test(rows_that_are_not_there_have_no_path),
	};

	return cmocka_run_group_tests(tests, fill, NULL);
}
