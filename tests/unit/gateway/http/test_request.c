/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/base/arena.h"
#include "crypto/base/buf.h"
#include "gateway/http/body.h"
#include "gateway/http/request.h"

struct outcome {
	unsigned status; /* 200: accepted; 0: incomplete */
	size_t head_size;
	struct http_request request;
};

/* Give the input as two pieces, as the network might, and parse what comes of it. */
static struct outcome read_in_pieces(struct arena *arena, struct slice input, size_t first)
{
	struct outcome o = {.status = 0};
	struct http_scan scan = {.seen = 0};
	struct http_refusal refusal = {.status = 0};
	enum http_scan_result result = http_head_scan(&scan, slice_part(input, 0, first), &refusal);

	if (result == HTTP_SCAN_MORE)
		result = http_head_scan(&scan, input, &refusal);
	if (result == HTTP_SCAN_MORE)
		return o;
	o.status = refusal.status;
	if (result == HTTP_SCAN_REFUSED)
		return o;
	o.head_size = scan.seen;
	o.status = http_request_parse(&o.request, arena, slice_part(input, 0, scan.seen), &refusal)
			   ? refusal.status
			   : 200;
	return o;
}

static struct outcome read_whole(struct arena *arena, struct slice input)
{
	return read_in_pieces(arena, input, input.size);
}

#define HOST "Host: h\r\n"

/* clang-format off */
static const struct {
	const char *why;
	const char *head;
	unsigned status;
} rows[] = {
	{"plain", "GET / HTTP/1.1\r\n" HOST "\r\n", 200},
	{"length and chunks", "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
	{"chunks and length", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400},
	{"two lengths", "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400},
	{"two equal lengths", "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400},
	{"space before the colon", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding : chunked\r\n\r\n", 400},
	{"tab before the colon", "POST / HTTP/1.1\r\n" HOST "Content-Length\t: 5\r\n\r\n", 400},
	{"gzip, chunked", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n", 400},
	{"xchunked", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: xchunked\r\n\r\n", 400},
	{"chunked, identity", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, identity\r\n\r\n", 400},
	{"chunked twice", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
	{"chunked in 1.0", "POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", 400},
	{"empty coding", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding:\r\n\r\n", 400},
	{"chunked, any case", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n\r\n", 200},
	{"plus sign", "POST / HTTP/1.1\r\n" HOST "Content-Length: +5\r\n\r\n", 400},
	{"minus sign", "POST / HTTP/1.1\r\n" HOST "Content-Length: -5\r\n\r\n", 400},
	{"list of lengths", "POST / HTTP/1.1\r\n" HOST "Content-Length: 5, 5\r\n\r\n", 400},
	{"hex length", "POST / HTTP/1.1\r\n" HOST "Content-Length: 0x5\r\n\r\n", 400},
	{"leading zero", "POST / HTTP/1.1\r\n" HOST "Content-Length: 05\r\n\r\n", 400},
	{"empty length", "POST / HTTP/1.1\r\n" HOST "Content-Length: \r\n\r\n", 400},
	{"inner space", "POST / HTTP/1.1\r\n" HOST "Content-Length: 5 5\r\n\r\n", 400},
	{"length overflow", "POST / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551616\r\n\r\n", 400},
	{"length of a sane body", "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n", 200},
	{"bare LF after the request line", "GET / HTTP/1.1\n" HOST "\r\n", 400},
	{"bare LF after a header", "GET / HTTP/1.1\r\nHost: h\n\r\n", 400},
	{"bare LF at the end", "GET / HTTP/1.1\r\n" HOST "\n", 400},
	{"bare CR in a value", "GET / HTTP/1.1\r\n" HOST "A: b\rc\r\n\r\n", 400},
	{"CR CR LF", "GET / HTTP/1.1\r\n" HOST "A: b\r\r\n\r\n", 400},
	{"folded line", "GET / HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\n", 400},
	{"folded line, tab", "GET / HTTP/1.1\r\n" HOST "A: b\r\n\tc\r\n\r\n", 400},
	{"folded first line", "GET / HTTP/1.1\r\n " HOST "\r\n", 400},
	{"control byte in a value", "GET / HTTP/1.1\r\n" HOST "A: b\x01\r\n\r\n", 400},
	{"DEL in a value", "GET / HTTP/1.1\r\n" HOST "A: b\x7f\r\n\r\n", 400},
	{"UTF-8 in a value", "GET / HTTP/1.1\r\n" HOST "A: \xc3\xa9\r\n\r\n", 200},
	{"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
	{"two Hosts", "GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400},
	{"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
	{"Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
	{"Host with a user", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400},
	{"Host list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
	{"Host with a bad port", "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n", 400},
	{"Host, IPv6", "GET / HTTP/1.1\r\nHost: [::1]:8443\r\n\r\n", 200},
	{"1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 200},
	{"two tokens of access", "GET / HTTP/1.1\r\n" HOST "Authorization: a\r\nAuthorization: b\r\n\r\n", 400},
	{"absolute target", "GET http://h/x HTTP/1.1\r\n" HOST "\r\n", 200},
	{"absolute target without path", "GET https://h HTTP/1.1\r\n" HOST "\r\n", 200},
	{"absolute target, other host", "GET http://other/x HTTP/1.1\r\n" HOST "\r\n", 400},
	{"absolute target, user", "GET http://u@h/x HTTP/1.1\r\n" HOST "\r\n", 400},
	{"other scheme", "GET ftp://h/x HTTP/1.1\r\n" HOST "\r\n", 400},
	{"authority target", "CONNECT h:443 HTTP/1.1\r\n" HOST "\r\n", 400},
	{"asterisk", "OPTIONS * HTTP/1.1\r\n" HOST "\r\n", 200},
	{"asterisk elsewhere", "GET * HTTP/1.1\r\n" HOST "\r\n", 400},
	{"target without slash", "GET x HTTP/1.1\r\n" HOST "\r\n", 400},
	{"encoded NUL", "GET /a%00b HTTP/1.1\r\n" HOST "\r\n", 400},
	{"dots", "GET /a/../b HTTP/1.1\r\n" HOST "\r\n", 400},
	{"one dot", "GET /a/./b HTTP/1.1\r\n" HOST "\r\n", 400},
	{"encoded dots", "GET /a/%2e%2E/b HTTP/1.1\r\n" HOST "\r\n", 400},
	{"dots between encoded slashes", "GET /a%2f..%2fb HTTP/1.1\r\n" HOST "\r\n", 400},
	{"backslash", "GET /a%5cb HTTP/1.1\r\n" HOST "\r\n", 400},
	{"encoded control byte", "GET /a%0ab HTTP/1.1\r\n" HOST "\r\n", 400},
	{"half an escape", "GET /a%2 HTTP/1.1\r\n" HOST "\r\n", 400},
	{"no hex", "GET /a%zz HTTP/1.1\r\n" HOST "\r\n", 400},
	{"not UTF-8", "GET /a%ff HTTP/1.1\r\n" HOST "\r\n", 400},
	{"fragment", "GET /a#b HTTP/1.1\r\n" HOST "\r\n", 400},
	{"raw UTF-8 target", "GET /\xc3\xa9 HTTP/1.1\r\n" HOST "\r\n", 400},
	{"three dots are a name", "GET /a/.../b HTTP/1.1\r\n" HOST "\r\n", 200},
	{"two spaces", "GET  / HTTP/1.1\r\n" HOST "\r\n", 400},
	{"space behind the version", "GET / HTTP/1.1 \r\n" HOST "\r\n", 400},
	{"tab as separator", "GET\t/ HTTP/1.1\r\n" HOST "\r\n", 400},
	{"no version", "GET /\r\n" HOST "\r\n", 400},
	{"lower case version", "GET / http/1.1\r\n" HOST "\r\n", 400},
	{"version 2", "GET / HTTP/2.0\r\n" HOST "\r\n", 505},
	{"version 1.10", "GET / HTTP/1.10\r\n" HOST "\r\n", 400},
	{"method with a slash", "G/T / HTTP/1.1\r\n" HOST "\r\n", 400},
	{"empty line first", "\r\nGET / HTTP/1.1\r\n" HOST "\r\n", 400},
	{"header without a colon", "GET / HTTP/1.1\r\n" HOST "abc\r\n\r\n", 400},
	{"header without a name", "GET / HTTP/1.1\r\n" HOST ": x\r\n\r\n", 400},
	{"space in a name", "GET / HTTP/1.1\r\n" HOST "A B: x\r\n\r\n", 400},
	{"other expectation", "GET / HTTP/1.1\r\n" HOST "Expect: a\r\n\r\n", 417},
};
/* clang-format on */

static void parser_refuses_what_two_readers_could_read_differently(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		AUTO(arena_free) struct arena arena = {NULL};
		struct outcome o = read_whole(&arena, slice_of_string(rows[i].head));

		if (o.status != rows[i].status)
			fail_msg("%s: %u, not %u", rows[i].why, o.status, rows[i].status);
	}
}

static void a_split_at_any_byte_changes_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct slice input = slice_of_string(rows[i].head);

		for (size_t cut = 0; cut <= input.size; cut++) {
			AUTO(arena_free) struct arena arena = {NULL};
			struct outcome o = read_in_pieces(&arena, input, cut);

			if (o.status != rows[i].status)
				fail_msg("%s, cut at %zu: %u", rows[i].why, cut, o.status);
		}
	}
}

static void parser_gives_the_parts_of_a_request(void **state)
{
	AUTO(arena_free) struct arena arena = {NULL};
	struct outcome o = read_whole(&arena,
				      S("POST /a/b%2Fc/?q=1&r HTTP/1.1\r\nHost: x:1\r\n"
					"ACCEPT:  text/html \r\nConnection: a, Close\r\n"
					"Content-Length: 7\r\nExpect: 100-Continue\r\n\r\nrest"));

	(void)state;
	assert_int_equal(o.status, 200);
	assert_slice(o.request.method, "POST");
	assert_slice(o.request.path, "/a/b%2Fc/");
	assert_slice(o.request.query, "q=1&r");
	assert_slice(o.request.host, "x:1");
	assert_int_equal(o.request.segment_count, 3);
	assert_slice(o.request.segments[1], "b/c");
	assert_slice(o.request.segments[2], "");
	assert_slice(http_header(&o.request, "accept"), "text/html");
	assert_null(http_header(&o.request, "absent").data);
	assert_int_equal(o.request.content_length, 7);
	assert_false(o.request.keeps_alive);
	assert_true(o.request.expects_continue);
}

static void parser_refuses_a_nul_byte(void **state)
{
	AUTO(arena_free) struct arena arena = {NULL};

	(void)state;
	assert_int_equal(read_whole(&arena, S("GET / HTTP/1.1\r\nHost: h\0\r\n\r\n")).status, 400);
}

static unsigned status_of_repeated(const char *head, char filler, size_t count, const char *tail)
{
	AUTO(arena_free) struct arena arena = {NULL};
	AUTO(buf_free) struct buf b = buf_new(1 << 20);

	buf_write_string(&b, head);
	for (size_t i = 0; i < count; i++)
		buf_write_u8(&b, (uint8_t)filler);
	buf_write_string(&b, tail);
	return read_whole(&arena, buf_slice(&b)).status;
}

static void parser_has_ceilings(void **state)
{
	AUTO(buf_free) struct buf many = buf_new(1 << 20);
	AUTO(arena_free) struct arena arena = {NULL};
	const char *tail = " HTTP/1.1\r\nHost: h\r\n\r\n";

	(void)state;
	assert_int_equal(status_of_repeated("GET /", 'a', HTTP_MAX_TARGET - 1, tail), 200);
	assert_int_equal(status_of_repeated("GET /", 'a', HTTP_MAX_TARGET, tail), 414);
	assert_int_equal(status_of_repeated("GET /", 'a', 100000, ""), 414);
	assert_int_equal(
		status_of_repeated("GET / HTTP/1.1\r\nHost: h\r\nA: ", 'a', 16000, "\r\n\r\n"),
		200);
	assert_int_equal(status_of_repeated("GET / HTTP/1.1\r\nHost: h\r\nA: ", 'a', 20000, ""),
			 431);
	assert_int_equal(status_of_repeated("", 'A', 33, " / HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
	assert_int_equal(status_of_repeated("GET ", '/', 100, tail), 400); /* segments */
	buf_write_string(&many, "GET / HTTP/1.1\r\nHost: h\r\n");
	for (int i = 0; i < HTTP_MAX_HEADERS; i++)
		buf_write_string(&many, "a: b\r\n");
	buf_write_string(&many, "\r\n");
	assert_int_equal(read_whole(&arena, buf_slice(&many)).status, 431);
}

/* Decode a chunked body that comes in pieces of `step` bytes; false if it is refused. */
static bool decode_chunks(struct slice input, size_t step, struct buf *out, bool *is_done)
{
	struct http_request request = {.is_chunked = true};
	struct http_body body = http_body_of(&request);
	size_t have = 0, at = 0;

	while (!http_body_is_done(&body)) {
		size_t used;
		struct slice data;

		if (http_body_next(&body, slice_part(input, at, have - at), &used, &data))
			return false;
		buf_write(out, data);
		at += used;
		if (used == 0 && have == input.size)
			break;
		if (used == 0)
			have = have + step < input.size ? have + step : input.size;
	}
	*is_done = http_body_is_done(&body);
	return true;
}

/* clang-format off */
static const struct {
	const char *why;
	const char *input;
	const char *text; /* NULL: refused */
} chunk_rows[] = {
	{"two chunks", "3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n", "abc0123456789"},
	{"nothing", "0\r\n\r\n", ""},
	{"zeros", "000\r\n\r\n", ""},
	{"extension", "3;a=b;c=\"d\"\r\nabc\r\n0;x\r\n\r\n", "abc"},
	{"trailer", "1\r\na\r\n0\r\nX-Sum: 1\r\nY: 2\r\n\r\n", "a"},
	{"quoted extension", "1;a=\"b;\\\"c\";d\r\na\r\n0\r\n\r\n", "a"},
	{"extension without a name", "1;\r\na\r\n0\r\n\r\n", NULL},
	{"extension without a value", "1;a=\r\na\r\n0\r\n\r\n", NULL},
	{"open quotes", "1;a=\"b\r\na\r\n0\r\n\r\n", NULL},
	{"space in an extension", "1; a\r\na\r\n0\r\n\r\n", NULL},
	{"0x", "0x1\r\na\r\n0\r\n\r\n", NULL},
	{"plus", "+1\r\na\r\n0\r\n\r\n", NULL},
	{"minus", "-1\r\na\r\n0\r\n\r\n", NULL},
	{"space before", " 1\r\na\r\n0\r\n\r\n", NULL},
	{"space behind", "1 \r\na\r\n0\r\n\r\n", NULL},
	{"no size", "\r\na\r\n0\r\n\r\n", NULL},
	{"only an extension", ";a\r\na\r\n0\r\n\r\n", NULL},
	{"size too long", "0000000000001\r\na\r\n0\r\n\r\n", NULL},
	{"overflow", "fffffffffffffffff\r\n", NULL},
	{"bare LF behind the size", "1\na\r\n0\r\n\r\n", NULL},
	{"bare LF behind the data", "1\r\na\n0\r\n\r\n", NULL},
	{"bare LF in an extension", "1;a\nb\r\na\r\n0\r\n\r\n", NULL},
	{"bare CR in an extension", "1;a\rb\r\na\r\n0\r\n\r\n", NULL},
	{"data longer than its size", "1\r\nab\r\n0\r\n\r\n", NULL},
	{"trailer without a colon", "0\r\nabc\r\n\r\n", NULL},
	{"folded trailer", "0\r\nA: b\r\n c\r\n\r\n", NULL},
	{"bare LF at the end", "0\r\n\n", NULL},
};
/* clang-format on */

static void chunks_are_decoded_or_refused_however_they_are_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof chunk_rows / sizeof *chunk_rows; i++) {
		struct slice input = slice_of_string(chunk_rows[i].input);

		for (size_t step = 1; step <= input.size; step++) {
			AUTO(buf_free) struct buf out = buf_new(1000);
			bool is_done = false, good = decode_chunks(input, step, &out, &is_done);

			if (good != (chunk_rows[i].text != NULL))
				fail_msg("%s, in %zu: %d", chunk_rows[i].why, step, good);
			if (!good)
				continue;
			assert_true(is_done);
			assert_slice(buf_slice(&out), chunk_rows[i].text);
		}
	}
}

static void chunk_extensions_and_trailers_have_ceilings(void **state)
{
	AUTO(buf_free) struct buf extension = buf_new(1 << 20);
	AUTO(buf_free) struct buf trailer = buf_new(1 << 20);
	AUTO(buf_free) struct buf out = buf_new(1 << 20);
	bool is_done;

	(void)state;
	for (int i = 0; i <= HTTP_MAX_CHUNK_EXTENSIONS; i++)
		buf_write_string(&extension, "1;x\r\na\r\n"); /* the CR counts */
	buf_write_string(&trailer, "0\r\n");
	for (int i = 0; i < HTTP_MAX_TRAILERS; i++)
		buf_write_string(&trailer, "a:b\r\n");
	assert_false(decode_chunks(buf_slice(&extension), 1000, &out, &is_done));
	assert_false(decode_chunks(buf_slice(&trailer), 1000, &out, &is_done));
}

static void a_body_by_length_ends_where_it_says(void **state)
{
	struct http_request request = {.content_length = 3};
	struct http_body body = http_body_of(&request);
	struct slice data;
	size_t used;

	(void)state;
	assert_ok(http_body_next(&body, S("abcGET"), &used, &data));
	assert_int_equal(used, 3);
	assert_slice(data, "abc");
	assert_true(http_body_is_done(&body));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parser_refuses_what_two_readers_could_read_differently),
		cmocka_unit_test(a_split_at_any_byte_changes_nothing),
		cmocka_unit_test(parser_gives_the_parts_of_a_request),
		cmocka_unit_test(parser_refuses_a_nul_byte),
		cmocka_unit_test(parser_has_ceilings),
		cmocka_unit_test(chunks_are_decoded_or_refused_however_they_are_cut),
		cmocka_unit_test(chunk_extensions_and_trailers_have_ceilings),
		cmocka_unit_test(a_body_by_length_ends_where_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
