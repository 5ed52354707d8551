/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "gateway/http/range.h"
#include "gateway/http/response.h"
#include "gateway/http/sse.h"
#include "gateway/http/url.h"

static void decoding_happens_once(void **state)
{
	AUTO(arena_free) struct arena arena = {NULL};
	struct slice out;

	(void)state;
	assert_ok(url_decode(&out, &arena, S("a%252Fb+%41")));
	assert_slice(out, "a%2Fb+A");
	assert_err(url_decode(&out, &arena, S("%")), ERR_FORMAT);
	assert_err(url_decode(&out, &arena, S("%4")), ERR_FORMAT);
	assert_err(url_decode(&out, &arena, S("a%g0")), ERR_FORMAT);
	assert_err(url_decode(&out, &arena, S("%00")), ERR_FORMAT);
}

static void a_path_is_cut_before_it_is_decoded(void **state)
{
	AUTO(arena_free) struct arena arena = {NULL};
	struct slice segments[8];
	size_t count;

	(void)state;
	assert_ok(url_split_path(segments, 8, &count, &arena, S("/ns/refs%2Fpr%2F1//x")));
	assert_int_equal(count, 4);
	assert_slice(segments[1], "refs/pr/1");
	assert_slice(segments[2], "");
	assert_err(url_split_path(segments, 2, &count, &arena, S("/a/b/c")), ERR_LIMIT);
	assert_err(url_split_path(segments, 8, &count, &arena, S("/a/..")), ERR_FORMAT);
	assert_err(url_split_path(segments, 8, &count, &arena, S("/%2e")), ERR_FORMAT);
}

static void a_form_is_read_by_name(void **state)
{
	AUTO(arena_free) struct arena arena = {NULL};
	struct slice out;

	(void)state;
	assert_ok(url_form_find(&out, &arena, S("a=1&b=x+y%26&&b=2&c"), "b"));
	assert_slice(out, "x y&");
	assert_ok(url_form_find(&out, &arena, S("a=1&c"), "c"));
	assert_slice(out, "");
	assert_err(url_form_find(&out, &arena, S("a=1"), "b"), ERR_NOT_FOUND);
	assert_err(url_form_find(&out, &arena, S("%=1&b=1"), "b"), ERR_FORMAT);
}

static void encoding_is_undone_by_decoding(void **state)
{
	AUTO(arena_free) struct arena arena = {NULL};
	AUTO(buf_free) struct buf b = buf_new(100);
	struct slice out;

	(void)state;
	url_write_component(&b, S("a/b ~%\xc3\xa9"));
	assert_slice(buf_slice(&b), "a%2Fb%20~%25%C3%A9");
	assert_ok(url_decode(&out, &arena, buf_slice(&b)));
	assert_slice(out, "a/b ~%\xc3\xa9");
	buf_reset(&b);
	url_write_path(&b, S("a/b c"));
	assert_slice(buf_slice(&b), "a/b%20c");
}

static void a_range_is_taken_ignored_or_refused(void **state)
{
	static const struct {
		const char *header;
		uint64_t size;
		enum range_kind kind;
		uint64_t first, length;
	} rows[] = {
		{"", 10, RANGE_WHOLE, 0, 10},
		{"bytes=0-0", 10, RANGE_PART, 0, 1},
		{"bytes=2-5", 10, RANGE_PART, 2, 4},
		{"Bytes=2-5", 10, RANGE_PART, 2, 4},
		{"bytes=2-", 10, RANGE_PART, 2, 8},
		{"bytes=0-18446744073709551615", 10, RANGE_PART, 0, 10},
		{"bytes=9-100", 10, RANGE_PART, 9, 1},
		{"bytes=-3", 10, RANGE_PART, 7, 3},
		{"bytes=-100", 10, RANGE_PART, 0, 10},
		{"bytes=10-", 10, RANGE_UNSATISFIABLE, 0, 0},
		{"bytes=-0", 10, RANGE_UNSATISFIABLE, 0, 0},
		{"bytes=0-0", 0, RANGE_UNSATISFIABLE, 0, 0},
		{"bytes=-1", 0, RANGE_UNSATISFIABLE, 0, 0},
		{"bytes=5-2", 10, RANGE_WHOLE, 0, 10},
		{"bytes=0-1,3-4", 10, RANGE_WHOLE, 0, 10},
		{"bytes=a-b", 10, RANGE_WHOLE, 0, 10},
		{"bytes=-", 10, RANGE_WHOLE, 0, 10},
		{"bytes=1 -2", 10, RANGE_WHOLE, 0, 10},
		{"bytes 1-2", 10, RANGE_WHOLE, 0, 10},
		{"items=1-2", 10, RANGE_WHOLE, 0, 10},
		{"bytes=99999999999999999999-", 10, RANGE_WHOLE, 0, 10},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct range r = range_of(slice_of_string(rows[i].header), rows[i].size);

		if (r.kind != rows[i].kind || r.first != rows[i].first ||
		    r.length != rows[i].length)
			fail_msg("\"%s\" of %u", rows[i].header, (unsigned)rows[i].size);
	}
}

static void an_answer_head_is_written_and_cannot_be_split(void **state)
{
	AUTO(buf_free) struct buf b = buf_new(1000);

	(void)state;
	http_write_status(&b, 206);
	assert_ok(http_write_header(&b, S("A"), S("b c")));
	http_write_end(&b);
	assert_slice(buf_slice(&b), "HTTP/1.1 206 Partial Content\r\nA: b c\r\n\r\n");
	assert_err(http_write_header(&b, S("A"), S("b\r\nC: d")), ERR_INTERNAL);
	assert_err(http_write_header(&b, S("A:"), S("b")), ERR_INTERNAL);
	assert_err(http_write_header(&b, S(""), S("b")), ERR_INTERNAL);
}

static void chunks_are_framed_and_none_is_empty(void **state)
{
	AUTO(buf_free) struct buf b = buf_new(1000);

	(void)state;
	http_write_chunk(&b, S("0123456789abcdef"));
	http_write_chunk(&b, S(""));
	http_write_last_chunk(&b);
	assert_slice(buf_slice(&b), "10\r\n0123456789abcdef\r\n0\r\n\r\n");
}

static void a_date_is_the_one_of_the_rfc(void **state)
{
	char date[HTTP_DATE];

	(void)state;
	http_date(date, 784111777);
	assert_string_equal(date, "Sun, 06 Nov 1994 08:49:37 GMT");
}

static void an_event_keeps_its_lines_and_text_is_escaped(void **state)
{
	AUTO(buf_free) struct buf b = buf_new(1000);

	(void)state;
	sse_write_event(&b, "ping", S("a\nb"));
	sse_write_event(&b, NULL, S("[DONE]"));
	assert_slice(buf_slice(&b), "event: ping\ndata: a\ndata: b\n\ndata: [DONE]\n\n");
	buf_reset(&b);
	json_write_text(&b, S("q\"\\\n\x01\xc3\xa9\xff/"));
	assert_slice(buf_slice(&b), "\"q\\\"\\\\\\n\\u0001\xc3\xa9\xef\xbf\xbd/\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decoding_happens_once),
		cmocka_unit_test(a_path_is_cut_before_it_is_decoded),
		cmocka_unit_test(a_form_is_read_by_name),
		cmocka_unit_test(encoding_is_undone_by_decoding),
		cmocka_unit_test(a_range_is_taken_ignored_or_refused),
		cmocka_unit_test(an_answer_head_is_written_and_cannot_be_split),
		cmocka_unit_test(chunks_are_framed_and_none_is_empty),
		cmocka_unit_test(a_date_is_the_one_of_the_rfc),
		cmocka_unit_test(an_event_keeps_its_lines_and_text_is_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
