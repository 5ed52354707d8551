/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/keep.h"

#include <pthread.h>

#include "tests/unit/test.h"

struct word {
	uint64_t number;
	struct slice text;
};

static void copy_word(struct arena *arena, void *to, const void *from)
{
	struct word *word = to;

	*word = *(const struct word *)from;
	word->text = arena_copy(arena, word->text);
}

static const struct keep_kind words = {"word", sizeof(struct word), copy_word};
static const struct keep_kind others = {"other", sizeof(struct word), copy_word};
static const struct keep_stamp now = {7, 1}, later = {8, 1}, after_an_act = {7, 2};
static const struct keep_limits small = {.entries = 4, .bytes = 4096, .entry_bytes = 1024};

static void put(struct keep *k, const char *key, struct keep_stamp stamp, const char *text)
{
	const struct word word = {.number = 1, .text = slice_of_string(text)};

	keep_put(k, &words, slice_of_string(key), stamp, &word);
}

static bool has(struct keep *k, const struct keep_kind *kind, const char *key,
		struct keep_stamp stamp, const char *text)
{
	AUTO(arena_free) struct arena arena = {0};
	struct word word;

	if (!keep_get(k, &arena, &word, kind, slice_of_string(key), stamp))
		return false;
	assert_true(slice_equal(word.text, slice_of_string(text)));
	return true;
}

static void a_thing_is_found_under_its_own_stamp_only(void **state)
{
	AUTO(keep_auto) struct keep *k = keep_new(&small);

	(void)state;
	put(k, "a", now, "alpha");
	assert_true(has(k, &words, "a", now, "alpha"));
	assert_false(has(k, &words, "a", later, ""));
	assert_false(has(k, &words, "a", after_an_act, ""));
	assert_false(has(k, &words, "b", now, ""));
	assert_false(has(k, &others, "a", now, ""));
}

static void a_new_stamp_takes_the_place_of_the_old(void **state)
{
	AUTO(keep_auto) struct keep *k = keep_new(&small);

	(void)state;
	put(k, "a", now, "alpha");
	put(k, "a", later, "omega");
	assert_false(has(k, &words, "a", now, ""));
	assert_true(has(k, &words, "a", later, "omega"));
	assert_int_equal(keep_usage_of(k).entries, 1);
}

static void what_is_found_is_the_finders_own(void **state)
{
	AUTO(keep_auto) struct keep *k = keep_new(&small);
	AUTO(arena_free) struct arena arena = {0};
	char text[] = "mine";
	struct word word;

	(void)state;
	put(k, "a", now, text);
	text[0] = 'x';
	assert_true(keep_get(k, &arena, &word, &words, S("a"), now));
	put(k, "a", later, "gone");
	assert_true(slice_equal(word.text, S("mine")));
}

static void the_one_used_least_lately_is_forgotten(void **state)
{
	AUTO(keep_auto) struct keep *k = keep_new(&small); /* four places: one set */

	(void)state;
	put(k, "a", now, "a");
	put(k, "b", now, "b");
	put(k, "c", now, "c");
	put(k, "d", now, "d");
	assert_true(has(k, &words, "a", now, "a"));
	put(k, "e", now, "e");
	assert_true(has(k, &words, "a", now, "a"));
	assert_false(has(k, &words, "b", now, ""));
	assert_int_equal(keep_usage_of(k).entries, 4);
}

static void bytes_have_a_ceiling(void **state)
{
	const struct keep_limits limits = {.entries = 64, .bytes = 4096, .entry_bytes = 1024};
	AUTO(keep_auto) struct keep *k = keep_new(&limits);
	char text[901] = {0}, key[] = "a";

	(void)state;
	memset(text, 't', sizeof text - 1);
	for (int i = 0; i < 26; i++, key[0]++)
		put(k, key, now, text);
	assert_true(keep_usage_of(k).bytes <= 4096);
	assert_true(keep_usage_of(k).entries >= 2);
	assert_true(has(k, &words, "z", now, text));
}

static void what_is_too_large_is_not_kept(void **state)
{
	AUTO(keep_auto) struct keep *k = keep_new(&small);
	char text[1025] = {0}, key[KEEP_MAX_KEY + 2] = {0};

	(void)state;
	memset(text, 't', sizeof text - 1);
	memset(key, 'k', sizeof key - 1);
	put(k, "a", now, text);
	put(k, key, now, "b");
	assert_false(has(k, &words, "a", now, ""));
	assert_false(has(k, &words, key, now, ""));
	assert_int_equal(keep_usage_of(k).bytes, 0);
}

static void *put_and_get(void *memory)
{
	struct keep *k = memory;

	for (uint64_t i = 0; i < 4000; i++) {
		AUTO(arena_free) struct arena arena = {0};
		char *text = arena_printf(&arena, "key %u", (unsigned)(i * 7 % 40));
		struct slice key = slice_of_string(text);
		struct word word = {.number = i * 7 % 40, .text = key};

		if (!keep_get(k, &arena, &word, &words, key, now))
			keep_put(k, &words, key, now, &word);
		assert_int_equal(word.number, i * 7 % 40);
		assert_true(slice_equal(word.text, key));
	}
	return NULL;
}

static void threads_find_whole_things(void **state)
{
	const struct keep_limits limits = {.entries = 16, .bytes = 1024, .entry_bytes = 512};
	AUTO(keep_auto) struct keep *k = keep_new(&limits);
	pthread_t threads[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, put_and_get, k), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	assert_true(keep_usage_of(k).bytes <= 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thing_is_found_under_its_own_stamp_only),
		cmocka_unit_test(a_new_stamp_takes_the_place_of_the_old),
		cmocka_unit_test(what_is_found_is_the_finders_own),
		cmocka_unit_test(the_one_used_least_lately_is_forgotten),
		cmocka_unit_test(bytes_have_a_ceiling),
		cmocka_unit_test(what_is_too_large_is_not_kept),
		cmocka_unit_test(threads_find_whole_things),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
