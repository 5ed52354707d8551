/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "gateway/api/notice/notice_kinds.h"
#include "tests/unit/test.h"

static void a_kind_has_its_own_row_or_that_of_its_family(void **state)
{
	static const struct {
		const char *kind, *row;
	} rows[] = {
		{"request.deny", "request.deny"},
		{"request.reopen", "request."},
		{"request.accept", "request.accept"},
		{"license.expire", "license."},
		{"license.revoke", "license.revoke"},
		{"terms.change", "terms."},
		{"terms.add", "terms.add"},
		{"decision.deny", ""},
		{"infer.end", ""},
		{"requests", ""},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_string_equal(notice_kind_of(slice_of_string(rows[i].kind))->name,
				    rows[i].row);
}

static void every_row_that_is_told_has_words_and_a_place(void **state)
{
	size_t count;
	const struct notice_kind *kinds = notice_kinds(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		unsigned others = kinds[i].audience & ~(unsigned)(NOTICE_PERSON | NOTICE_SELF);

		/* nobody's own row hides behind a family that stands before it */
		assert_ptr_equal(notice_kind_of(slice_of_string(kinds[i].name)), &kinds[i]);
		if (!kinds[i].audience)
			continue;
		assert_true(kinds[i].title[0] && kinds[i].sentence[0] && kinds[i].path[0] == '/');
		assert_true(kinds[i].next[0] || kinds[i].office[0]);
		if (others & ~(unsigned)NOTICE_HOLDERS)
			assert_true(kinds[i].office[0]);
	}
}

static void names_are_put_in_once(void **state)
{
	AUTO(buf_free) struct buf out = buf_new(1000);
	const struct notice_names names = {.model = S("a/{person}"), .person = S("ada")};

	(void)state;
	notice_write(&out, "{person} asks for {model}; {license} {unknown} {", &names);
	assert_ok(buf_done(&out));
	assert_string_equal(buf_string(&out), "ada asks for a/{person}; ? unknown} ");
}

static void a_pattern_means_a_kind_a_family_or_all(void **state)
{
	static const struct {
		const char *pattern, *kind;
		bool matches;
	} rows[] = {
		{"*", "request.deny", true},          {"request.deny", "request.deny", true},
		{"request.*", "request.deny", true},  {"request.*", "license.deny", false},
		{"request.deny", "request.d", false}, {"request.d", "request.deny", false},
		{".*", "request.deny", false},        {"", "request.deny", false},
		{"request*", "request.deny", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(notice_pattern_matches(slice_of_string(rows[i].pattern),
							slice_of_string(rows[i].kind)),
				 rows[i].matches);
}

static void only_patterns_of_what_is_told_are_good(void **state)
{
	static const struct {
		const char *pattern, *why;
		enum err expected;
	} rows[] = {
		{"*", "all", OK},
		{"license.*", "a family", OK},
		{"license.revoke", "a kind", OK},
		{"license.expire", "a kind of a family", OK},
		{"infer.end", "is told to nobody", ERR_FORMAT},
		{"key.release", "is told to nobody", ERR_FORMAT},
		{"token.revoke", "is told to nobody", ERR_FORMAT},
		{"license.", "a family without its star", ERR_FORMAT},
		{"nothing.*", "no family", ERR_FORMAT},
		{"**", "no pattern", ERR_FORMAT},
		{"", "empty", ERR_FORMAT},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (notice_pattern_check(slice_of_string(rows[i].pattern)) != rows[i].expected)
			fail_msg("%s: %s", rows[i].pattern, rows[i].why);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kind_has_its_own_row_or_that_of_its_family),
		cmocka_unit_test(every_row_that_is_told_has_words_and_a_place),
		cmocka_unit_test(names_are_put_in_once),
		cmocka_unit_test(a_pattern_means_a_kind_a_family_or_all),
		cmocka_unit_test(only_patterns_of_what_is_told_are_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
