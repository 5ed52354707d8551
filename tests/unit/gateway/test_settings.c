/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "gateway/proc/settings.h"

#define REQUIRED \
	"[gateway]\ndata_dir=/data\norigin=localhost/log\nexternal_url=https://localhost\n" \
	"tls_certificate=/c\ntls_key=/k\n"
#define DATABASE "[database]\nhost=/run/postgresql\n"

static void what_is_not_given_has_its_default(void **state)
{
	struct settings s;

	(void)state;
	assert_ok(settings_parse(&s, S(REQUIRED "strict = yes\n" DATABASE "port=5433\n"), "f"));
	assert_string_equal(s.data_dir, "/data");
	assert_string_equal(s.listen, "127.0.0.1:8443");
	assert_int_equal(s.porters, 2);
	assert_true(s.strict);
	assert_int_equal(s.database_port, 5433);
	assert_int_equal(settings_log_level(&s), LOG_LEVEL_INFO);
	assert_false(settings_database_is_remote(&s));
}

static void a_wrong_setting_is_named_with_its_line(void **state)
{
	static const struct {
		const char *why;
		const char *text;
		const char *says;
	} rows[] = {
		{"unknown", REQUIRED "porter = 2\n" DATABASE, "f: line 7: there is no setting"},
		{"in the wrong section", REQUIRED DATABASE "porters = 2\n", "f: line 9: there is"},
		{"too large", REQUIRED "porters = 17\n" DATABASE, "f: line 7: porters = \"17\""},
		{"too small", REQUIRED "porters = 0\n" DATABASE, "f: line 7: porters"},
		{"no number", REQUIRED "porters = 2x\n" DATABASE, "f: line 7: porters"},
		{"negative", REQUIRED "porters = -1\n" DATABASE, "f: line 7: porters"},
		{"no switch", REQUIRED "strict = true\n" DATABASE, "f: line 7: strict"},
		{"twice", REQUIRED "data_dir = /b\n" DATABASE,
		 "f: line 7: data_dir is given twice"},
		{"no line of ours", REQUIRED "nonsense\n" DATABASE, "f: line 7: neither"},
		{"missing", REQUIRED, "f: host is missing in section [database]"},
		{"the first of two", REQUIRED "a = 1\nb = 2\n" DATABASE, "f: line 7: there is"},
		{"a relative path",
		 "[gateway]\ndata_dir=x\norigin=o\nexternal_url=u\n"
		 "tls_certificate=/c\ntls_key=/k\n" DATABASE,
		 "f: data_dir = \"x\""},
		{"no kind of cache", REQUIRED "engine_cache = f64\n" DATABASE,
		 "f: engine_cache = \"f64\": f32, f16 or q8 is expected"},
		{"no level", REQUIRED "log_level = loud\n" DATABASE, "f: log_level = \"loud\""},
	};
	struct settings s;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		enum err result = settings_parse(&s, slice_of_string(rows[i].text), "f");

		if (result != ERR_FORMAT ||
		    strncmp(failure_text(), rows[i].says, strlen(rows[i].says)) != 0)
			fail_msg("%s: %s: %s", rows[i].why, err_name(result), failure_text());
	}
}

static void a_line_that_the_parser_would_cut_is_refused(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(SETTINGS_MAX_FILE);
	struct settings s;

	(void)state;
	buf_write_string(&text, REQUIRED DATABASE "; ");
	for (unsigned i = 0; i < 300; i++)
		buf_write_u8(&text, 'x');
	assert_err(settings_parse(&s, buf_slice(&text), "f"), ERR_FORMAT);
	assert_non_null(strstr(failure_text(), "line 9: longer"));
	assert_err(settings_parse(&s, S(REQUIRED DATABASE "\0"), "f"), ERR_FORMAT);
}

static void each_edge_needs_an_engine(void **state)
{
	struct settings s;

	(void)state;
	assert_ok(settings_parse(&s, S(REQUIRED "edges = 3\nengines = 3\n" DATABASE), "f"));
	assert_int_equal(s.edges, 3);
	assert_err(settings_parse(&s, S(REQUIRED "edges = 3\nengines = 2\n" DATABASE), "f"),
		   ERR_FORMAT);
	assert_non_null(strstr(failure_text(), "edges = 3"));
}

static void the_manual_names_every_setting(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(SETTINGS_MAX_FILE);

	(void)state;
	settings_manual(&text);
	assert_non_null(strstr(buf_string(&text), "[gateway]\n"));
	assert_non_null(strstr(buf_string(&text), ";porters = 2\n"));
	assert_non_null(strstr(buf_string(&text), ";data_dir = (required)\n"));
	assert_non_null(strstr(buf_string(&text), ";auditor_password_file"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_given_has_its_default),
		cmocka_unit_test(a_wrong_setting_is_named_with_its_line),
		cmocka_unit_test(a_line_that_the_parser_would_cut_is_refused),
		cmocka_unit_test(each_edge_needs_an_engine),
		cmocka_unit_test(the_manual_names_every_setting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
