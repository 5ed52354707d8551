/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "gateway/api/upload/capability.h"

static const uint8_t key[32] = {1, 2, 3};
static const struct capability sample = {
	.kind = CAPABILITY_PART, .size = 12345, .part = 7, .expires_seconds = 1000, .sha256 = {9}};

static void a_capability_reads_back(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(512);
	struct capability back;

	(void)state;
	capability_write(&text, &sample, key);
	assert_ok(capability_read(&back, buf_slice(&text), key, 999));
	assert_int_equal(back.kind, CAPABILITY_PART);
	assert_int_equal(back.size, 12345);
	assert_int_equal(back.part, 7);
	assert_memory_equal(back.sha256, sample.sha256, 32);
}

static void an_altered_capability_is_refused_wherever_it_was_altered(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(512);
	struct capability back;

	(void)state;
	capability_write(&text, &sample, key);
	for (size_t i = 0; i < text.size; i++) {
		uint8_t before = text.data[i];

		text.data[i] = before == 'A' ? 'B' : 'A';
		assert_int_not_equal(capability_read(&back, buf_slice(&text), key, 999), OK);
		text.data[i] = before;
	}
}

static void an_old_one_and_one_of_another_edge_are_refused(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(512);
	static const uint8_t other[32] = {7};
	struct capability back;

	(void)state;
	capability_write(&text, &sample, key);
	assert_err(capability_read(&back, buf_slice(&text), key, 1000), ERR_EXPIRED);
	assert_err(capability_read(&back, buf_slice(&text), other, 999), ERR_FORGED);
	assert_err(capability_read(&back, S(""), key, 0), ERR_FORMAT);
}

static void a_file_is_cut_into_at_most_a_thousand_parts_that_cover_it(void **state)
{
	static const uint64_t rows[] = {0,
					1,
					CAPABILITY_LEAST_PART,
					CAPABILITY_LEAST_PART + 1,
					UINT64_C(62) << 30,
					(UINT64_C(64) << 30) + 12345,
					UINT64_C(1) << 40,
					UINT64_C(1) << 46};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct capability c = {.kind = CAPABILITY_PART, .size = rows[i]};
		uint32_t count = capability_part_count(rows[i]);
		uint64_t total = 0, one;

		assert_in_range(count, 1, CAPABILITY_MAX_PARTS);
		assert_int_equal(count > 1, rows[i] > CAPABILITY_LEAST_PART);
		for (c.part = 1; c.part <= count; c.part++) {
			assert_ok(capability_part_bytes(&one, &c));
			assert_true(one <= capability_part_size(rows[i]));
			assert_true(one > 0 || rows[i] == 0);
			total += one;
		}
		assert_true(total == rows[i]);
		assert_err(capability_part_bytes(&one, &c), ERR_FORMAT);
		c.part = 0;
		assert_err(capability_part_bytes(&one, &c), ERR_FORMAT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_capability_reads_back),
		cmocka_unit_test(an_altered_capability_is_refused_wherever_it_was_altered),
		cmocka_unit_test(a_file_is_cut_into_at_most_a_thousand_parts_that_cover_it),
		cmocka_unit_test(an_old_one_and_one_of_another_edge_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
