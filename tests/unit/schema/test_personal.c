/* SPDX-License-Identifier: Apache-2.0 */
/* Every column of the database is known to be about a person, or not (schema/sql/personal.txt). */
#include <fcntl.h>
#include <stdio.h>

#include "crypto/base/buf.h"
#include "crypto/base/file.h"
#include "tests/integration/postgres.h"
#include "tests/unit/test.h"

static struct postgres postgres;
static struct buf text;

static int open_all(void **state)
{
	(void)state;
	postgres_open(&postgres, "test_personal");
	text = buf_new(64 * 1024);
	assert_ok(file_read(&text, AT_FDCWD, "../schema/sql/personal.txt"));
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	buf_free(&text);
	return 0;
}

static bool is_known(struct slice word)
{
	static const char *const words[] = {"none",  "id",     "time",  "account", "file",
					    "entry", "digest", "short", "office"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (slice_equal(word, slice_of_string(words[i])))
			return true;
	return false;
}

/* "table.column" of a line, each with a comma behind it. */
static void take_line(struct buf *out, struct slice line)
{
	struct slice table, word, column, rest;

	slice_cut(line, ' ', &table, &rest);
	slice_cut(rest, ' ', &word, &rest);
	if (!is_known(word))
		fail_msg("%.*s: \"%.*s\" is no word of the list", SLICE_PRINT(table),
			 SLICE_PRINT(word));
	while (rest.size) {
		slice_cut(rest, ' ', &column, &rest);
		buf_printf(out, "%.*s.%.*s,", SLICE_PRINT(table), SLICE_PRINT(column));
	}
}

static void take_list(struct buf *out)
{
	struct slice rest = buf_slice(&text), line;

	while (rest.size) {
		slice_cut(rest, '\n', &line, &rest);
		if (line.size && line.data[0] != '#')
			take_line(out, line);
	}
	assert_ok(buf_done(out));
}

static void each_column_is_in_the_list(void **state)
{
	AUTO(buf_free) struct buf list = buf_new(64 * 1024), sql = buf_new(128 * 1024);
	char missing[256];

	(void)state;
	take_list(&list);
	buf_printf(&sql,
		   "SELECT coalesce(string_agg(t.table_name || '.' || c.column_name, ' '), '') "
		   "FROM information_schema.tables t JOIN information_schema.columns c "
		   "USING (table_schema, table_name) WHERE table_schema = 'sallyport' "
		   "AND t.table_type = 'BASE TABLE' AND t.table_name || '.' || c.column_name "
		   "<> ALL (string_to_array('%s', ','))",
		   buf_string(&list));
	assert_true(postgres_run(&postgres, buf_string(&sql), missing));
	if (missing[0])
		fail_msg("say in schema/sql/personal.txt what these are: %s", missing);
}

static void no_column_is_two_things(void **state)
{
	AUTO(buf_free) struct buf list = buf_new(64 * 1024), sql = buf_new(128 * 1024);
	char twice[256];

	(void)state;
	take_list(&list);
	buf_printf(&sql,
		   "SELECT coalesce(string_agg(name, ' '), '') FROM (SELECT name FROM "
		   "unnest(string_to_array('%s', ',')) name WHERE name <> '' "
		   "GROUP BY name HAVING count(*) > 1) found",
		   buf_string(&list));
	assert_true(postgres_run(&postgres, buf_string(&sql), twice));
	assert_string_equal(twice, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_column_is_in_the_list),
		cmocka_unit_test(no_column_is_two_things),
	};

	return cmocka_run_group_tests(tests, open_all, close_all);
}
