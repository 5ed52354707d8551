/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "gateway/http/fields.h"

#define GET ":method GET\n:scheme https\n:authority h\n:path /\n"
#define POST ":method POST\n:scheme https\n:authority h\n:path /\n"

/* "name value" lines become a request; 200, or the status of its refusal. */
static unsigned read_fields(struct http_request *out, struct arena *arena, const char *text,
			    bool is_ended)
{
	struct http_fields fields = {.size = 0};
	struct http_refusal refusal;
	struct slice rest = slice_of_string(text), line, name, value;

	while (rest.size) {
		slice_cut(rest, '\n', &line, &rest);
		slice_cut(line, ' ', &name, &value);
		http_fields_add(&fields, arena, name, value);
	}
	return http_fields_finish(out, &fields, arena, is_ended, &refusal) ? refusal.status : 200;
}

/* clang-format off */
static const struct {
	const char *why;
	const char *fields;
	unsigned status;
} rows[] = {
	{"plain", GET, 200},
	{"with headers", GET "accept */*\nte trailers\n", 200},
	{"host beside an equal authority", GET "host h\n", 200},
	{"host instead of authority", ":method GET\n:scheme https\n:path /\nhost h\n", 200},
	{"another host", GET "host evil\n", 400},
	{"no host at all", ":method GET\n:scheme https\n:path /\n", 400},
	{"two hosts", GET "host h\nhost h\n", 400},
	{"a user in the authority", ":method GET\n:scheme https\n:authority a@h\n:path /\n", 400},
	{"no method", ":scheme https\n:authority h\n:path /\n", 400},
	{"no path", ":method GET\n:scheme https\n:authority h\n", 400},
	{"no scheme", ":method GET\n:authority h\n:path /\n", 400},
	{"plain http", ":method GET\n:scheme http\n:authority h\n:path /\n", 400},
	{"two paths", GET ":path /b\n", 400},
	{"an empty path", ":method GET\n:scheme https\n:authority h\n:path \n", 400},
	{"a relative path", ":method GET\n:scheme https\n:authority h\n:path a\n", 400},
	{"an absolute target", ":method GET\n:scheme https\n:authority h\n:path https://h/\n", 400},
	{"dots", ":method GET\n:scheme https\n:authority h\n:path /a/../b\n", 400},
	{"encoded dots", ":method GET\n:scheme https\n:authority h\n:path /a%2f%2e%2e\n", 400},
	{"a fragment", ":method GET\n:scheme https\n:authority h\n:path /a#b\n", 400},
	{"an encoded NUL", ":method GET\n:scheme https\n:authority h\n:path /a%00\n", 400},
	{"a space in the path", ":method GET\n:scheme https\n:authority h\n:path /a b\n", 400},
	{"CONNECT", ":method CONNECT\n:scheme https\n:authority h:1\n:path /\n", 400},
	{"a bad method", ":method G(\n:scheme https\n:authority h\n:path /\n", 400},
	{"an unknown pseudo-header", GET ":protocol websocket\n", 400},
	{"a pseudo-header at the end", ":method GET\n:scheme https\n:authority h\nx y\n:path /\n", 400},
	{"connection", GET "connection close\n", 400},
	{"keep-alive", GET "keep-alive 5\n", 400},
	{"proxy-connection", GET "proxy-connection x\n", 400},
	{"upgrade", GET "upgrade h2c\n", 400},
	{"transfer-encoding", GET "transfer-encoding chunked\n", 400},
	{"te other than trailers", GET "te gzip\n", 400},
	{"an upper-case name", GET "Accept x\n", 400},
	{"a control byte in a value", GET "x a\rb\n", 400},
	{"not a name", GET "x(y z\n", 400},
	{"two authorizations", GET "authorization a\nauthorization b\n", 400},
	{"a length and no body", GET "content-length 5\n", 400},
	{"a length that is none", GET "content-length +5\n", 400},
	{"another expectation", GET "expect tea\n", 417},
};
/* clang-format on */

static void a_head_of_fields_is_as_strict_as_one_of_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		AUTO(arena_free) struct arena arena = {NULL};
		struct http_request request;
		unsigned status = read_fields(&request, &arena, rows[i].fields, true);

		if (status != rows[i].status)
			fail_msg("%s: %u", rows[i].why, status);
	}
}

static void a_request_of_fields_looks_like_any_other(void **state)
{
	AUTO(arena_free) struct arena arena = {NULL};
	struct http_request r;

	(void)state;
	assert_int_equal(read_fields(&r, &arena, POST "content-length 5\n", false), 200);
	assert_slice(r.host, "h");
	assert_slice(http_header(&r, "Host"), "h");
	assert_slice(r.method, "POST");
	assert_true(r.keeps_alive && !r.is_chunked && r.content_length == 5);
	assert_int_equal(read_fields(&r, &arena, POST, false), 200);
	assert_true(r.is_chunked);
	assert_int_equal(read_fields(&r, &arena, POST, true), 200);
	assert_false(r.is_chunked);
}

static unsigned status_of_many(size_t count, size_t value_size, const char *name)
{
	static const char letters[HTTP_MAX_HEAD] = "/";
	AUTO(arena_free) struct arena arena = {NULL};
	struct http_fields fields = {.size = 0};
	struct http_request request;
	struct http_refusal refusal;

	for (size_t i = 0; i < count; i++)
		http_fields_add(&fields, &arena, slice_of_string(name),
				slice_of(letters, value_size));
	return http_fields_finish(&request, &fields, &arena, true, &refusal) ? refusal.status : 200;
}

static void the_ceilings_of_a_head_hold(void **state)
{
	(void)state;
	assert_int_equal(status_of_many(HTTP_MAX_HEADERS + 1, 1, "x"), 431);
	assert_int_equal(status_of_many(5, 4000, "x"), 431);
	assert_int_equal(status_of_many(1, HTTP_MAX_TARGET + 1, ":path"), 414);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_of_fields_is_as_strict_as_one_of_lines),
		cmocka_unit_test(a_request_of_fields_looks_like_any_other),
		cmocka_unit_test(the_ceilings_of_a_head_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
