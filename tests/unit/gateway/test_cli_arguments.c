/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "gateway/cli/arguments.h"
#include "gateway/cli/database.h"
#include "gateway/cli/problem.h"
#include "gateway/cli/progress.h"

static const struct argument_rule rule = {"dir= office=+ once", 1, 2};

static enum err read(struct arguments *a, const char *const *words)
{
	char *argv[16];
	int argc = 0;

	for (; words[argc]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc];
	return arguments_read(a, &rule, argc, argv);
}

static void words_and_options_may_be_mixed(void **state)
{
	static const char *const words[] = {"a",        "--dir=x=y", "--once",     "b",
					    "--office", "p",         "--office=q", NULL};
	struct arguments a;
	const char *offices[4];

	(void)state;
	assert_ok(read(&a, words));
	assert_int_equal(a.word_count, 2);
	assert_string_equal(a.words[1], "b");
	assert_string_equal(arguments_value(&a, "dir"), "x=y");
	assert_true(arguments_flag(&a, "once"));
	assert_false(arguments_flag(&a, "json"));
	assert_int_equal(arguments_list(&a, "office", offices, 4), 2);
	assert_string_equal(offices[1], "q");
	assert_int_equal(arguments_list(&a, "office", offices, 1), 1);
}

static void two_dashes_end_the_options(void **state)
{
	static const char *const words[] = {"--", "--dir", "-x", NULL};
	struct arguments a;

	(void)state;
	assert_ok(read(&a, words));
	assert_string_equal(a.words[0], "--dir");
	assert_null(arguments_value(&a, "dir"));
}

static void what_is_not_understood_is_refused(void **state)
{
	static const struct {
		const char *words[6];
		const char *why;
	} rows[] = {
		{{"a", "--nope", NULL}, "there is no option --nope here"},
		{{"a", "--di=x", NULL}, "there is no option --di here"},
		{{"a", "--=x", NULL}, "there is no option -- here"},
		{{"a", "--once=yes", NULL}, "--once takes no value"},
		{{"a", "--dir", NULL}, "--dir needs a value"},
		{{"a", "--dir=1", "--dir=2", NULL}, "--dir is given twice"},
		{{"a", "-x", NULL}, "\"-x\": options begin with two dashes"},
		{{"a", "b", "c", NULL}, "\"c\" is one word too many"},
		{{"--once", NULL}, "1 more word is needed"},
	};
	struct arguments a;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_err(read(&a, rows[i].words), ERR_FORMAT);
		assert_string_equal(failure_text(), rows[i].why);
	}
}

static void help_needs_no_words(void **state)
{
	static const char *const words[] = {"-h", NULL};
	struct arguments a;

	(void)state;
	assert_ok(read(&a, words));
	assert_true(arguments_flag(&a, "help"));
}

static void a_number_has_bounds_and_a_default(void **state)
{
	static const char *const words[] = {"a", "--dir=70000", NULL};
	struct arguments a;
	uint64_t number = 7;

	(void)state;
	assert_ok(read(&a, words));
	assert_ok(arguments_number(&number, &a, "office", 10));
	assert_int_equal(number, 7);
	assert_ok(arguments_number(&number, &a, "dir", 70000));
	assert_int_equal(number, 70000);
	assert_err(arguments_number(&number, &a, "dir", 65535), ERR_FORMAT);
}

static void a_database_is_named_in_any_order(void **state)
{
	AUTO(arena_free) struct arena arena = {NULL};
	struct database d;

	(void)state;
	assert_ok(database_parse(&d, &arena, "user=me  host=/run/x port=5433"));
	assert_string_equal(d.host, "/run/x");
	assert_string_equal(d.port, "5433");
	assert_string_equal(d.name, "sallyport");
	assert_string_equal(d.user, "me");
	assert_null(d.password_file);
}

static void a_database_that_is_not_understood_is_refused(void **state)
{
	static const char *const rows[] = {"",
					   "port=5432",
					   "host=",
					   "host",
					   "host=a host=b",
					   "host=a password=x",
					   "host=a port=",
					   "host=a port=0",
					   "host=a port=65536",
					   "host=a =b",
					   "host=a port=5432x"};
	AUTO(arena_free) struct arena arena = {NULL};
	struct database d;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_err(database_parse(&d, &arena, rows[i]), ERR_FORMAT);
}

static void a_refusal_is_told_with_code_detail_and_what_is_missing(void **state)
{
	static const struct {
		long status;
		enum err kind;
		const char *header, *body, *text;
	} rows[] = {
		{403, ERR_DENIED, "",
		 "{\"code\":\"NO_LICENSE\",\"detail\":\"no\",\"missing\":[{\"need\":\"a license\","
		 "\"href\":\"/x\"},{\"need\":\"terms\"}]}",
		 "NO_LICENSE: no; missing: a license (/x), terms (HTTP 403)"},
		{403, ERR_DENIED, "",
		 "{\"code\":\"C\",\"missing\":{\"need\":\"n\",\"href\":\"h\"}}",
		 "C; missing: n (h) (HTTP 403)"},
		{403, ERR_DENIED, "GatedRepo", "{\"error\":\"ask\"}", "GatedRepo: ask (HTTP 403)"},
		{401, ERR_DENIED, "",
		 "{\"error\":{\"message\":\"m\",\"code\":\"invalid_api_key\",\"reason\":\"R\"}}",
		 "R: m (HTTP 401)"},
		{404, ERR_NOT_FOUND, "EntryNotFound", "", "EntryNotFound (HTTP 404)"},
		{503, ERR_UNAVAILABLE, "", "<html>", "no reason was given (HTTP 503)"},
		{409, ERR_CONFLICT, "", "[]", "no reason was given (HTTP 409)"},
		{500, ERR_INTERNAL, "", "{\"error\":7}", "no reason was given (HTTP 500)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_err(problem_failure(rows[i].status, slice_of_string(rows[i].header),
					   slice_of_string(rows[i].body)),
			   rows[i].kind);
		assert_string_equal(failure_text(), rows[i].text);
	}
}

static void progress_tells_part_amount_and_rate(void **state)
{
	struct progress p = {.what = "sealing a", .total = 3000000000, .done = 1500000000};
	char line[PROGRESS_LINE];

	(void)state;
	progress_line(line, &p, 10000);
	assert_non_null(strstr(line, "sealing a "));
	assert_non_null(strstr(line, "[############            ]  50%"));
	assert_non_null(strstr(line, "1.5 GB of 3.0 GB  150.0 MB/s"));
}

static void progress_of_nothing_is_done(void **state)
{
	struct progress p = {.what = "empty"};
	char line[PROGRESS_LINE];

	(void)state;
	progress_line(line, &p, 0);
	assert_non_null(strstr(line, "100%  0 B of 0 B  0 B/s"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_and_options_may_be_mixed),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(what_is_not_understood_is_refused),
		cmocka_unit_test(help_needs_no_words),
		cmocka_unit_test(a_number_has_bounds_and_a_default),
		cmocka_unit_test(a_database_is_named_in_any_order),
		cmocka_unit_test(a_database_that_is_not_understood_is_refused),
		cmocka_unit_test(a_refusal_is_told_with_code_detail_and_what_is_missing),
		cmocka_unit_test(progress_tells_part_amount_and_rate),
		cmocka_unit_test(progress_of_nothing_is_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
