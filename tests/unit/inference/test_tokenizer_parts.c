/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "inference/tokenizer/charsmap.h"
#include "inference/tokenizer/pretokenize.h"
#include "inference/tokenizer/tokenizer.h"

static void expressions_are_said_in_pcre2s_words(void **state)
{
	static const struct {
		const char *from, *to;
	} rows[] = {
		{" ?[^(\\s|[.,!?]a)]+", " ?[^(\\t-\\r\\x{85}\\p{Z}|.,!?a)]+"},
		{"\\S\\w", "[^\\t-\\r\\x{85}\\p{Z}][\\p{L}\\p{M}\\p{N}\\p{Pc}]"},
		{"\\p{Lu}\\P{Han}", "\\p{Lu}\\P{sc:Han}"},
		{"(?i:'s)|a++{2,}\\u00e9", "(?i:'s)|a++{2,}\\x{00e9}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		AUTO(buf_free) struct buf out = buf_new(1000);

		assert_ok(regex_translate(&out, slice_of_string(rows[i].from)));
		assert_slice(buf_slice(&out), rows[i].to);
	}
}

static void expressions_that_are_not_known_are_refused(void **state)
{
	static const char *const rows[] = {
		"(a)\\1",  "(?R)",      "(*ACCEPT)a", "\\Ka",        "\\ba", "[a&&b]",
		"[a[^b]]", "a{1,3}+",   "a{,3}",      "[[:alpha:]]", "[abc", "(?C1)a",
		"a(?i)b",  "(a",        "\\h",        "a*",          "[]a]", "\\x{110000}",
		"[b-a]",   "\\p{Nope}", "\\p{^L}",    "(?<n>a)",     "\\",
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		AUTO(regex_auto) struct regex *r = NULL;

		if (regex_new(&r, slice_of_string(rows[i])) != ERR_UNSUPPORTED)
			fail_msg("\"%s\" is not refused", rows[i]);
	}
}

/* From each place this reads all that is left: a square without a ceiling. And the second would
 * try every way to part the text. */
static void a_match_takes_no_more_steps_than_it_may(void **state)
{
	static const char *const rows[] = {"[^x]++x|a", "(?:a+)+[xy]", "(?=[^x]*x)a|a"};
	AUTO(buf_free) struct buf text = buf_new(1 << 20);

	(void)state;
	memset(buf_reserve(&text, 1 << 20), 'a', 1 << 20);
	buf_commit(&text, 1 << 20);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		AUTO(regex_auto) struct regex *r = NULL;
		struct regex_walk walk;
		enum err result = OK;

		assert_ok(regex_new(&r, slice_of_string(rows[i])));
		walk = regex_begin(r, buf_slice(&text));
		do
			result = regex_next(&walk);
		while (result == OK && walk.found);
		if (result != ERR_LIMIT)
			fail_msg("\"%s\" is not stopped", rows[i]);
	}
}

/* A match that is longer than any window, one behind many windows, and what stands at the end. */
static void a_match_is_found_across_windows(void **state)
{
	AUTO(regex_auto) struct regex *r = NULL;
	AUTO(buf_free) struct buf text = buf_new(1 << 16);
	struct regex_walk walk;

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		buf_write(&text, S("\xc3\xa9"));
	for (size_t i = 0; i < 5000; i++)
		buf_write_u8(&text, ' ');
	buf_write(&text, S("x"));
	assert_ok(regex_new(&r, S("\\s+(?!\\S)|x")));
	walk = regex_begin(r, buf_slice(&text));
	assert_ok(regex_next(&walk));
	assert_true(walk.found && walk.start == 2000 && walk.end == 6999);
	assert_ok(regex_next(&walk));
	assert_true(walk.found && walk.start == 7000 && walk.end == 7001);
	assert_ok(regex_next(&walk));
	assert_false(walk.found);
}

/* "a,,b" split at commas in each of the ways, as the reference does; '|' between the pieces. */
static void splits_keep_what_matched_where_it_belongs(void **state)
{
	static const struct {
		enum pre_behavior behavior;
		bool inverts;
		const char *pieces;
	} rows[] = {
		{SPLIT_REMOVED, false, "a|b|"},
		{SPLIT_REMOVED, true, ",|,|"},
		{SPLIT_ISOLATED, false, "a|,|,|b|"},
		{SPLIT_CONTIGUOUS, false, "a|,,|b|"},
		{SPLIT_MERGED_WITH_PREVIOUS, false, "a,|,|b|"},
		{SPLIT_MERGED_WITH_NEXT, false, "a|,|,b|"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		AUTO(pieces_free) struct pieces pieces = {0};
		AUTO(buf_free) struct buf shown = buf_new(100);
		struct pre_step step = {.kind = PRE_SPLIT,
					.find = FIND_TEXT,
					.text = S(","),
					.behavior = rows[i].behavior,
					.inverts = rows[i].inverts};
		size_t start = 0;

		assert_ok(pre_run(&step, 1, &pieces, S("a,,b"), true, 1000));
		for (size_t j = 0; j < pieces.count; j++) {
			buf_write(&shown, slice_part(buf_slice(&pieces.text), start,
						     pieces.list[j].end - start));
			buf_write_u8(&shown, '|');
			start = pieces.list[j].end;
		}
		assert_slice(buf_slice(&shown), rows[i].pieces);
	}
}

static void every_byte_has_a_character_of_its_own(void **state)
{
	(void)state;
	for (unsigned b = 0; b < 256; b++)
		assert_int_equal(byte_of_character(character_of_byte((uint8_t)b)), b);
	assert_int_equal(character_of_byte(' '), 0x120);
	assert_int_equal(byte_of_character(' '), -1);
	assert_int_equal(byte_of_character(0x144), -1);
	assert_int_equal(byte_of_character(0xad), -1);
}

/* Unicode 15, 3.9, "U+FFFD Substitution of Maximal Subparts": its own example. */
static void bytes_that_are_no_text_are_replaced_part_by_part(void **state)
{
	AUTO(buf_free) struct buf out = buf_new(100);

	(void)state;
	unicode_write_lossy(&out, S("\x61\xf1\x80\x80\xe1\x80\xc2\x62\x80\x63\x80\xbf\x64"));
	assert_slice(buf_slice(&out), "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
				      "b\xef\xbf\xbd"
				      "c\xef\xbf\xbd\xef\xbf\xbd"
				      "d");
}

static void normal_forms_are_unicodes(void **state)
{
	AUTO(buf_free) struct buf out = buf_new(10000);
	AUTO(buf_free) struct buf marks = buf_new(10000);

	(void)state;
	assert_ok(unicode_normalize(&out, S("ae\xcc\x81\xef\xac\x81z"), UNICODE_NFC));
	assert_slice(buf_slice(&out), "a\xc3\xa9\xef\xac\x81z");
	buf_reset(&out);
	assert_ok(unicode_normalize(&out, S("\xc3\xa9\xef\xac\x81"), UNICODE_NFKD));
	assert_slice(buf_slice(&out), "e\xcc\x81"
				      "fi");
	for (size_t i = 0; i < 257; i++)
		buf_write(&marks, S("\xcc\x81"));
	assert_err(unicode_normalize(&out, buf_slice(&marks), UNICODE_NFC), ERR_LIMIT);
}

static void a_broken_charsmap_is_refused(void **state)
{
	static const char *const rows[] = {
		"", "AAAA", "BAAAAA==", "/////wAAAAA=", "AwAAAAAAAAA=", "!!!!"};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		AUTO(charsmap_auto) struct charsmap *m = NULL;

		assert_err(charsmap_new(&m, slice_of_string(rows[i])), ERR_FORMAT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expressions_are_said_in_pcre2s_words),
		cmocka_unit_test(expressions_that_are_not_known_are_refused),
		cmocka_unit_test(a_match_takes_no_more_steps_than_it_may),
		cmocka_unit_test(a_match_is_found_across_windows),
		cmocka_unit_test(splits_keep_what_matched_where_it_belongs),
		cmocka_unit_test(every_byte_has_a_character_of_its_own),
		cmocka_unit_test(bytes_that_are_no_text_are_replaced_part_by_part),
		cmocka_unit_test(normal_forms_are_unicodes),
		cmocka_unit_test(a_broken_charsmap_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
