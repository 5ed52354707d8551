/* SPDX-License-Identifier: Apache-2.0 */
/* What a gateway sends and what is shown of it: event streams, listings, links, wrapped text. */
#include "tests/unit/test.h"

#include "gateway/cli/arguments.h"
#include "gateway/cli/sse.h"
#include "gateway/cli/statement.h"
#include "gateway/cli/tree.h"
#include "gateway/cli/wrap.h"

#define SHA256 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define GIT "0123456789abcdef0123456789abcdef01234567"

static enum err collect(void *context, struct slice text)
{
	buf_write(context, text);
	return buf_done(context);
}

static void an_event_stream_is_read_in_any_portions(void **state)
{
	static const char stream[] =
		": a comment\n\n"
		"data: {\"choices\":[{\"delta\":{\"role\":\"assistant\"}}]}\r\n\r\n"
		"data: {\"choices\":[{\"delta\":{\"content\":\"On\"}}]}\n\n"
		"data: {\"choices\":[{\"delta\":{\"content\":\"e day\"}}]}\n\n"
		"data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,"
		"\"completion_tokens\":2}}\n\ndata: [DONE]\n\ndata: no JSON any more\n";

	(void)state;
	for (size_t portion = 1; portion < sizeof stream; portion++) {
		AUTO(buf_free) struct buf text = buf_new(64);
		AUTO(sse_clear) struct sse s = sse_new(collect, &text);

		for (size_t at = 0; at < sizeof stream - 1; at += portion)
			assert_ok(sse_push(&s, slice_part(slice_of_string(stream), at, portion)));
		assert_slice(buf_slice(&text), "One day");
		assert_true(s.is_done);
		assert_int_equal(s.prompt_tokens, 3);
		assert_int_equal(s.completion_tokens, 2);
	}
}

static void an_event_stream_that_says_an_error_fails_with_it(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(64);
	AUTO(sse_clear) struct sse s = sse_new(collect, &text);

	(void)state;
	assert_err(sse_push(&s, S("data: {\"error\":{\"message\":\"out of memory\"}}\n")),
		   ERR_CLOSED);
	assert_non_null(strstr(failure_text(), "out of memory"));
	assert_false(s.is_done);
}

static void an_event_stream_has_a_longest_line(void **state)
{
	static uint8_t piece[64 * 1024];
	AUTO(buf_free) struct buf text = buf_new(64);
	AUTO(sse_clear) struct sse s = sse_new(collect, &text);

	(void)state;
	memset(piece, 'x', sizeof piece);
	for (size_t i = 0; i < SSE_MAX_LINE / sizeof piece; i++)
		assert_ok(sse_push(&s, slice_of(piece, sizeof piece)));
	assert_err(sse_push(&s, S("x")), ERR_LIMIT);
}

static void names_of_a_tree_stay_below_their_directory(void **state)
{
	static const char *const bad[] = {"",     "/etc/passwd", "..",   "a/../b",
					  "a//b", "./a",         "a/",   "a\\b",
					  "a\nb", "\xff",        "a/..", TREE_PART_PREFIX "0"};
	static const char *const good[] = {"config.json", "onnx/model.onnx", ".gitattributes",
					   "..a", "a b"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_err(tree_check_path(slice_of_string(bad[i])), ERR_DENIED);
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_ok(tree_check_path(slice_of_string(good[i])));
}

static enum err read_tree(struct tree *out, struct arena *arena, const char *text)
{
	AUTO(json_auto) json_t *list = NULL;

	TRY(json_read(&list, slice_of_string(text), 1 << 16));
	return tree_read(out, arena, list);
}

static void a_tree_is_sorted_and_leaves_folders_out(void **state)
{
	AUTO(arena_free) struct arena arena = {NULL};
	struct tree t;

	(void)state;
	assert_ok(read_tree(&t, &arena,
			    "[{\"path\":\"m\",\"size\":7,\"oid\":\"" GIT
			    "\",\"lfs\":{\"oid\":\"" SHA256
			    "\"}},{\"type\":\"directory\",\"path\":\"d\"},"
			    "{\"path\":\"d/c\",\"size\":2,\"oid\":\"" GIT "\"}]"));
	assert_int_equal(t.count, 2);
	assert_int_equal(t.bytes, 9);
	assert_string_equal(t.files[0].path, "d/c");
	assert_string_equal(t.files[0].git, GIT);
	assert_null(t.files[0].sha256);
	assert_string_equal(t.files[1].sha256, SHA256);
	assert_false(t.is_masked);
}

static void a_tree_that_is_none_is_refused(void **state)
{
	static const struct {
		const char *text;
		enum err kind;
		const char *why;
	} rows[] = {
		{"{}", ERR_FORMAT, "no list"},
		{"[{\"path\":\"../x\",\"size\":1,\"oid\":\"" GIT "\"}]", ERR_DENIED, "climbs"},
		{"[{\"path\":\"x\",\"size\":-1,\"oid\":\"" GIT "\"}]", ERR_FORMAT, "negative"},
		{"[{\"path\":\"x\",\"size\":9007199254740993,\"oid\":\"" GIT "\"}]", ERR_FORMAT,
		 "size"},
		{"[{\"path\":\"x\",\"size\":1,\"oid\":\"abc\"}]", ERR_FORMAT, "short id"},
		{"[{\"path\":\"x\",\"size\":1,\"oid\":\"../../../../../../../../../../../../../"
		 ".\"}]",
		 ERR_FORMAT, "id with dots"},
		{"[{\"path\":\"x\",\"size\":1,\"oid\":\"" GIT "\"},{\"path\":\"x\",\"size\":1,"
		 "\"oid\":\"" GIT "\"}]",
		 ERR_FORMAT, "twice"},
	};
	AUTO(arena_free) struct arena arena = {NULL};
	struct tree t;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_err(read_tree(&t, &arena, rows[i].text), rows[i].kind);
}

static void a_tree_whose_ids_are_withheld_says_so(void **state)
{
	AUTO(arena_free) struct arena arena = {NULL};
	struct tree t;

	(void)state;
	assert_ok(read_tree(&t, &arena,
			    "[{\"path\":\"x\",\"size\":1,\"oid\":\""
			    "****************************************\"}]"));
	assert_true(t.is_masked);
}

static void the_next_page_is_the_link_with_that_relation(void **state)
{
	(void)state;
	assert_slice(tree_next_page(S("<https://h/a?p=2>; rel=\"next\"")), "https://h/a?p=2");
	assert_slice(tree_next_page(S("</z>; rel=\"last\", </a,b>; x=1; rel=next")), "/a,b");
	assert_slice(tree_next_page(S("</z>; rel=\"last\"")), "");
	assert_slice(tree_next_page(S("<unended; rel=\"next\"")), "");
	assert_slice(tree_next_page(S("")), "");
}

static void what_is_signed_has_sorted_rights(void **state)
{
	AUTO(buf_free) struct buf text = buf_new(STATEMENT_MAX);
	struct statement s = {.model = "a/b",
			      .use = "to \"study\"",
			      .rights = {"weights:read", "infer:generate"},
			      .right_count = 2,
			      .terms_sha256 = "00"};

	(void)state;
	assert_ok(statement_write(&text, &s));
	assert_slice(buf_slice(&text),
		     "{\"intended_use\":\"to \\\"study\\\"\",\"model\":\"a/b\",\"rights\":"
		     "[\"infer:generate\",\"weights:read\"],\"terms_sha256\":\"00\"}");
	s.use = "\xff";
	assert_err(statement_write(&text, &s), ERR_FORMAT);
}

static void text_is_wrapped_between_words(void **state)
{
	static const struct {
		const char *text, *first, *rest;
	} rows[] = {
		{"One day a fox", "One day a", "fox"},
		{"One day", "One day", ""},
		{"One\nday", "One", "day"},
		{"One day\n", "One day", ""},
		{"abcdefghijklm", "abcdefghij", "klm"},
		{"abcdefghij klm", "abcdefghij", "klm"},
		{"abcdefghi   klm", "abcdefghi", "klm"},
		{"  abcdefghijk", "  abcdefgh", "ijk"},
		{"\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
		 "x",
		 "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9",
		 "x"},
		{"", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct slice rest = slice_of_string(rows[i].text);

		assert_slice(wrap_next(&rest, 10), rows[i].first);
		assert_slice(rest, rows[i].rest);
	}
}

static void common_options_may_stand_before_the_command(void **state)
{
	static const struct {
		const char *words[5];
		int leading;
	} rows[] = {
		{{"whoami", "--json"}, 0},
		{{"--json", "whoami"}, 1},
		{{"--url", "https://a", "--ca=b", "whoami"}, 3},
		{{"--json", "--help"}, 1},
		{{"--office", "whoami"}, 0},
		{{"--url"}, 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char *argv[5];
		int argc = 0;

		for (; argc < 5 && rows[i].words[argc]; argc++)
			argv[argc] = (char *)(uintptr_t)rows[i].words[argc];
		assert_int_equal(arguments_leading(argc, argv), rows[i].leading);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_stream_is_read_in_any_portions),
		cmocka_unit_test(an_event_stream_that_says_an_error_fails_with_it),
		cmocka_unit_test(an_event_stream_has_a_longest_line),
		cmocka_unit_test(names_of_a_tree_stay_below_their_directory),
		cmocka_unit_test(a_tree_is_sorted_and_leaves_folders_out),
		cmocka_unit_test(a_tree_that_is_none_is_refused),
		cmocka_unit_test(a_tree_whose_ids_are_withheld_says_so),
		cmocka_unit_test(the_next_page_is_the_link_with_that_relation),
		cmocka_unit_test(what_is_signed_has_sorted_rights),
		cmocka_unit_test(text_is_wrapped_between_words),
		cmocka_unit_test(common_options_may_stand_before_the_command),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
