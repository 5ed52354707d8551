/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "inference/textstream.h"

/* Parts are written one by one; what comes out after each, then at the end, is joined by "|". */
struct row {
	const char *why;
	const char *parts[5];
	const char *stops[3];
	const char *expected;
	bool stopped;
};

static const struct row rows[] = {
	{"plain text goes through", {"one ", "two"}, {0}, "one |two|", false},
	{"half a character waits", {"caf\xc3", "\xa9!"}, {0}, "caf|\xc3\xa9!|", false},
	{"four bytes come as one",
	 {"\xf0", "\x9f", "\x98", "\x80"},
	 {0},
	 "|||\xf0\x9f\x98\x80|",
	 false},
	{"a byte that begins nothing", {"a\xff", "b"}, {0}, "a\xef\xbf\xbd|b|", false},
	{"a character broken off",
	 {"a\xe2\x82", "b"},
	 {0},
	 "a|\xef\xbf\xbd"
	 "b|",
	 false},
	{"an overlong form is not waited for",
	 {"\xe0\x80"},
	 {0},
	 "\xef\xbf\xbd\xef\xbf\xbd|",
	 false},
	{"half a character at the end", {"a\xc3"}, {0}, "a|\xef\xbf\xbd", false},
	{"a stop string in one part", {"go STOP on"}, {"STOP"}, "go |", true},
	{"a stop string over three parts",
	 {"go S", "TO", "P on", "more"},
	 {"STOP"},
	 "go ||||",
	 true},
	{"a beginning that comes to nothing", {"go S", "TAY"}, {"STOP"}, "go |STAY|", false},
	{"a beginning at the end", {"go ST"}, {"STOP"}, "go |ST", false},
	{"a beginning within a beginning", {"aa", "aab"}, {"aab"}, "|aa|", true},
	{"the earlier of two", {"x two one"}, {"one", "two"}, "x |", true},
	{"the shorter within what may be the longer", {"abc"}, {"abcd", "bc"}, "|a", true},
	{"a stop string of several bytes a character",
	 {"a\xe2\x82", "\xac z"},
	 {"\xe2\x82\xac"},
	 "a||",
	 true},
};

static void text_comes_out_when_it_is_safe(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		AUTO(textstream_auto) struct textstream *t = NULL;
		AUTO(buf_free) struct buf seen = buf_new(1000);
		struct slice stops[3];
		size_t count = 0;

		for (; count < 3 && rows[i].stops[count]; count++)
			stops[count] = slice_of_string(rows[i].stops[count]);
		assert_ok(textstream_new(&t, stops, count));
		for (size_t j = 0; j < 5 && rows[i].parts[j]; j++) {
			textstream_write(t, slice_of_string(rows[i].parts[j]));
			buf_write(&seen, textstream_take(t));
			buf_write_string(&seen, "|");
		}
		textstream_finish(t);
		buf_write(&seen, textstream_take(t));
		if (strcmp(buf_string(&seen), rows[i].expected) != 0)
			fail_msg("%s: \"%s\"", rows[i].why, buf_string(&seen));
		assert_int_equal(textstream_is_stopped(t), rows[i].stopped);
	}
}

static void stop_strings_have_ceilings(void **state)
{
	static uint8_t longest[TEXTSTREAM_MAX_STOP + 1];
	struct slice many[TEXTSTREAM_MAX_STOPS + 1];
	struct textstream *t = NULL;
	struct slice one;

	(void)state;
	memset(longest, 'a', sizeof longest);
	for (size_t i = 0; i < TEXTSTREAM_MAX_STOPS + 1; i++)
		many[i] = S("x");
	assert_err(textstream_new(&t, many, TEXTSTREAM_MAX_STOPS + 1), ERR_LIMIT);
	one = slice_of(longest, sizeof longest);
	assert_err(textstream_new(&t, &one, 1), ERR_LIMIT);
	one.size = 0;
	assert_err(textstream_new(&t, &one, 1), ERR_FORMAT);
	assert_ok(textstream_new(&t, many, TEXTSTREAM_MAX_STOPS));
	textstream_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_comes_out_when_it_is_safe),
		cmocka_unit_test(stop_strings_have_ceilings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
