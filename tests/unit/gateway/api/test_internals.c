/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of a model's inside, and how it is told: numbers of half the size, lists in lists,
 * and an engine that is not believed. */
#include "tests/unit/test.h"

#include <math.h>

#include "crypto/json.h"
#include "gateway/api/infer/internals_answer.h"

static struct internals_ask ask;

static void read_ask(struct arena *arena, json_t **body, const char *text)
{
	struct generation_flaw flaw = {0};

	assert_ok(json_read(body, slice_of_string(text), 1 << 16));
	assert_ok(internals_ask_read(&ask, &flaw, arena, *body));
}

static void each_half_is_read_back_as_itself(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits < 0x10000; bits++)
		if ((bits & 0x7c00) != 0x7c00)
			assert_int_equal(internals_half(internals_half_value((uint16_t)bits)),
					 bits);
}

/* Between two neighbors: the nearer, and of a tie the even one. */
static void a_half_is_the_nearest_with_ties_to_even(void **state)
{
	(void)state;
	for (uint16_t low = 0; low < 0x7bff; low++) {
		float a = internals_half_value(low), b = internals_half_value(low + 1);
		float middle = (a + b) / 2;

		assert_int_equal(internals_half(middle), low & 1 ? low + 1 : low);
		assert_int_equal(internals_half(nextafterf(middle, 0)), low);
		assert_int_equal(internals_half(nextafterf(middle, b)), low + 1);
		assert_int_equal(internals_half(-nextafterf(middle, 0)), 0x8000 | low);
	}
	assert_int_equal(internals_half(65519.0f), 0x7bff);
	assert_int_equal(internals_half(65520.0f), 0x7c00);
}

static void positions_count_from_both_ends(void **state)
{
	static const uint32_t expected[] = {4, 0, 1, 2};
	AUTO(arena_free) struct arena arena = {0};
	AUTO(json_auto) json_t *body = NULL;
	size_t count;
	const uint32_t *at;

	(void)state;
	read_ask(&arena, &body,
		 "{\"model\":\"a\",\"input\":\"a\",\"read\":[{\"at\":\"p\","
		 "\"pos\":[-1,0,[1,-2]]},{\"at\":\"p\",\"pos\":[[-2,null]],\"heads\":[3]}]}");
	at = internals_positions(&count, &arena, &ask.look.asks[0], 5);
	assert_int_equal(count, 4);
	assert_memory_equal(at, expected, sizeof expected);
	at = internals_positions(&count, &arena, &ask.look.asks[1], 5);
	assert_int_equal(count, 2);
	assert_int_equal(at[1], 4);
	assert_string_equal(ask.names[0], "p[-1,0,1:-2]");
	assert_string_equal(ask.names[1], "p[-2:]{3}");
}

/* Two tokens, one tensor [1][2][2], and the names of the tokens. */
static void put_seen(struct buf *bytes, const float values[4])
{
	static const uint32_t tokens[] = {7, 8};

	buf_write(bytes, slice_of(tokens, sizeof tokens));
	buf_write(bytes, slice_of(values, 4 * sizeof *values));
	buf_write(bytes, S("\001a\002\"\xc3"));
}

static void numbers_are_listed_as_deep_as_they_are(void **state)
{
	static const float values[] = {1, -2.5f, 0.1f, 65519};
	const struct wire_engine_looked looked = {true, 2, 1, {{false, 3, {1, 2, 2}}}};
	const struct internals_about about = {S("a/b"), S("r"), "e"};
	AUTO(arena_free) struct arena arena = {0};
	AUTO(json_auto) json_t *body = NULL, *answer = NULL, *wanted = NULL;
	AUTO(buf_free) struct buf bytes = buf_new(1 << 10);
	AUTO(buf_free) struct buf text = buf_new(1 << 16);
	struct internals_revelation sum;
	struct internals_seen seen;

	(void)state;
	read_ask(&arena, &body,
		 "{\"model\":\"a/b\",\"input\":\"a\",\"precision\":\"float16\","
		 "\"read\":[{\"at\":\"blocks.0.attn.hook_pattern\"}]}");
	put_seen(&bytes, values);
	assert_ok(internals_seen_read(&seen, &arena, &ask, &looked, buf_slice(&bytes)));
	assert_ok(internals_seen_count(&sum, &ask, &seen));
	assert_int_equal(sum.scalars, 4);
	assert_int_equal(sum.bits, 64);
	assert_ok(internals_write_json(&text, &arena, &ask, &seen, &about, &sum));
	assert_ok(json_read(&answer, buf_slice(&text), 1 << 16));
	wanted = json_loads("[[[1,-2.5],[0.0999755859,65504]]]", 0, NULL);
	assert_true(json_equal(
		json_object_get(json_array_get(json_object_get(answer, "read"), 0), "values"),
		wanted));
	/* Half a character is no text. */
	json_decref(wanted);
	wanted = json_loads("[\"a\",\"\"]", 0, NULL);
	assert_true(json_equal(json_object_get(answer, "token_strs"), wanted));
}

static void an_engine_that_gives_less_or_more_is_not_believed(void **state)
{
	static const float values[] = {1, 2, 3, 4}, odd[] = {1, NAN, 3, 4}, far[] = {1, 2, 3, 7e4f};
	const struct wire_engine_looked looked = {true, 2, 1, {{false, 3, {1, 2, 2}}}};
	const struct wire_engine_looked huge = {true, 2, 1, {{false, 3, {~0u, ~0u, ~0u}}}};
	const struct wire_engine_looked none = {true, 2, 0, {{false, 0, {0}}}};
	AUTO(arena_free) struct arena arena = {0};
	AUTO(json_auto) json_t *body = NULL;
	AUTO(buf_free) struct buf bytes = buf_new(1 << 10);
	struct internals_seen seen;
	struct slice all;

	(void)state;
	read_ask(&arena, &body,
		 "{\"model\":\"a/b\",\"input\":\"a\",\"precision\":\"float16\","
		 "\"read\":[{\"at\":\"p\"}]}");
	put_seen(&bytes, values);
	all = buf_slice(&bytes);
	for (size_t size = 0; size < all.size; size++)
		assert_int_not_equal(
			internals_seen_read(&seen, &arena, &ask, &looked, slice_part(all, 0, size)),
			OK);
	assert_err(internals_seen_read(&seen, &arena, &ask, &huge, all), ERR_INTERNAL);
	assert_err(internals_seen_read(&seen, &arena, &ask, &none, all), ERR_INTERNAL);
	buf_write_u8(&bytes, 0);
	assert_int_not_equal(internals_seen_read(&seen, &arena, &ask, &looked, buf_slice(&bytes)),
			     OK);
	buf_reset(&bytes);
	put_seen(&bytes, odd);
	assert_err(internals_seen_read(&seen, &arena, &ask, &looked, buf_slice(&bytes)),
		   ERR_INTERNAL);
	buf_reset(&bytes);
	put_seen(&bytes, far);
	assert_err(internals_seen_read(&seen, &arena, &ask, &looked, buf_slice(&bytes)),
		   ERR_FORMAT);
	assert_non_null(strstr(failure_text(), "float32"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_half_is_read_back_as_itself),
		cmocka_unit_test(a_half_is_the_nearest_with_ties_to_even),
		cmocka_unit_test(positions_count_from_both_ends),
		cmocka_unit_test(numbers_are_listed_as_deep_as_they_are),
		cmocka_unit_test(an_engine_that_gives_less_or_more_is_not_believed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
