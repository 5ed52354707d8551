/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <string.h>

#include "gateway/api/page.h"

enum { USUAL = 50, MOST = 100 };

static enum err read_page(struct page *out, struct arena *arena, const char *query)
{
	return page_read(out, arena, slice_of_string(query), USUAL, MOST);
}

static void a_limit_is_taken_within_its_ceiling(void **state)
{
	static const struct {
		const char *query;
		size_t limit;
	} rows[] = {
		{"", USUAL},         {"limit=", USUAL},
		{"limit=7", 7},      {"a=b&limit=100", MOST},
		{"limit=101", MOST}, {"limit=4294967295", MOST},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		AUTO(arena_free) struct arena arena = {0};
		struct page page;

		assert_ok(read_page(&page, &arena, rows[i].query));
		assert_int_equal(page.limit, rows[i].limit);
		assert_int_equal(page.after.size, 0);
	}
}

static void what_is_no_limit_or_cursor_of_ours_is_refused(void **state)
{
	static const char *const queries[] = {
		"limit=0",           "limit=-1",
		"limit=ten",         "limit=1e3",
		"limit=99999999999", "cursor=%",
		"cursor=a",          "cursor=YQ==",
		"cursor=YR",         "cursor=AA", /* a NUL */
		"cursor=_w",         /* not UTF-8 */ "limit=%zz",
	};

	(void)state;
	for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
		AUTO(arena_free) struct arena arena = {0};
		struct page page;

		assert_err(read_page(&page, &arena, queries[i]), ERR_FORMAT);
	}
}

static void a_cursor_has_a_ceiling(void **state)
{
	AUTO(arena_free) struct arena arena = {0};
	char query[4096] = "cursor=";
	struct page page;

	(void)state;
	memset(query + 7, 'Q', 4000);
	assert_err(read_page(&page, &arena, query), ERR_FORMAT);
}

static void the_next_page_keeps_what_was_asked_and_moves_on(void **state)
{
	AUTO(arena_free) struct arena arena = {0};
	AUTO(buf_free) struct buf link = buf_new(PAGE_MAX_LINK);
	struct page page;
	struct slice query, rest;

	(void)state;
	page_write_next(&link, S("https://host:8443"), S("/api/models/a/b/tree/refs%2Fx"),
			S("recursive=true&cursor=b2xk&limit=3&c%75rsor=eA&"),
			S("docs/\xc3\xa4.md"));
	assert_slice(buf_slice(&link),
		     "<https://host:8443/api/models/a/b/tree/refs%2Fx?recursive=true&limit=3&"
		     "cursor=ZG9jcy_DpC5tZA>; rel=\"next\"");
	slice_cut(buf_slice(&link), '?', &rest, &query);
	slice_cut(query, '>', &query, &rest);
	assert_ok(page_read(&page, &arena, query, USUAL, MOST));
	assert_slice(page.after, "docs/\xc3\xa4.md");
	assert_int_equal(page.limit, 3);
}

static void nothing_breaks_out_of_the_link(void **state)
{
	AUTO(buf_free) struct buf link = buf_new(PAGE_MAX_LINK);

	(void)state;
	page_write_next(&link, S("https://h"), S("/a>;\"\\<\r\n b"), S("q=>\xff"), S("x"));
	assert_slice(buf_slice(&link), "<https://h/a%3E;%22%5C%3C%0D%0A%20b?q=%3E%FF&cursor=eA>; "
				       "rel=\"next\"");
}

static void a_list_by_time_goes_on_behind_a_moment(void **state)
{
	AUTO(arena_free) struct arena arena = {0};
	static const char *const foreign[] = {"5", "x:", ":", "5:zz",
					      "-5:00000000-0000-0000-0000-000000000000"};
	struct page page = {.after = S("")};
	uint8_t id[16] = {7, [15] = 9}, read[16] = {0};
	int64_t ms = 1;

	(void)state;
	assert_ok(page_read_moment(&ms, read, &page));
	assert_int_equal(ms, 0);
	page.after = page_moment(&arena, 1795372800123, id);
	assert_slice(page.after, "1795372800123:07000000-0000-0000-0000-000000000009");
	assert_ok(page_read_moment(&ms, read, &page));
	assert_int_equal(ms, 1795372800123);
	assert_memory_equal(read, id, sizeof id);
	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
		page.after = slice_of_string(foreign[i]);
		assert_err(page_read_moment(&ms, read, &page), ERR_FORMAT);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_limit_is_taken_within_its_ceiling),
		cmocka_unit_test(what_is_no_limit_or_cursor_of_ours_is_refused),
		cmocka_unit_test(a_cursor_has_a_ceiling),
		cmocka_unit_test(the_next_page_keeps_what_was_asked_and_moves_on),
		cmocka_unit_test(nothing_breaks_out_of_the_link),
		cmocka_unit_test(a_list_by_time_goes_on_behind_a_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
