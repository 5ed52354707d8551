/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "gateway/edge/router.h"

static void run(struct exchange *x, struct route_context *context)
{
	(void)x, (void)context;
}

#define ROUTE(m, p) \
	{ \
		.method = m, .pattern = p, .right = "public", .run = run \
	}

static const struct route table[] = {
	ROUTE("GET", "/{rest...}"),
	ROUTE("GET", "/"),
	ROUTE("GET", "/api/models/{name}"),
	ROUTE("POST", "/api/models/{name}"),
	ROUTE("GET", "/api/models/{ns}/{name}"),
	ROUTE("GET", "/api/models/{name}/refs"),
	ROUTE("GET", "/{ns}/{name}/resolve/{revision}/{path...}"),
	ROUTE("HEAD", "/{ns}/{name}/resolve/{revision}/{path...}"),
	ROUTE("OPTIONS", "/{rest...}"),
	ROUTE("*", "/any"),
};

static struct router_match find(struct arena *arena, const char *method, const char *path)
{
	const size_t count = sizeof table / sizeof *table;
	AUTO(router_auto) struct router *router = NULL;
	char *head = arena_printf(arena, "%s %s HTTP/1.1\r\nHost: h\r\n\r\n", method, path);
	struct http_request *request = arena_alloc(arena, sizeof *request);
	struct http_refusal refusal;
	struct router_match match;

	assert_ok(http_request_parse(request, arena, slice_of_string(head), &refusal));
	assert_ok(router_new(&router, table, count));
	router_find(router, request, arena, &match);
	return match;
}

static void the_most_literal_route_wins(void **state)
{
	static const struct {
		const char *method, *path, *pattern;
	} rows[] = {
		{"GET", "/", "/"},
		{"GET", "/nothing/known", "/{rest...}"},
		{"GET", "/api/models/m", "/api/models/{name}"},
		{"HEAD", "/api/models/m", "/api/models/{name}"},
		{"GET", "/api/models/a/b", "/api/models/{ns}/{name}"},
		{"GET", "/api/models/a/refs", "/api/models/{name}/refs"},
		{"GET", "/a/b/resolve/main/x/y", "/{ns}/{name}/resolve/{revision}/{path...}"},
		{"OPTIONS", "/api/models/m", "/{rest...}"},
		{"PATCH", "/any", "/any"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		AUTO(arena_free) struct arena arena = {NULL};
		struct router_match match = find(&arena, rows[i].method, rows[i].path);

		assert_non_null(match.route);
		assert_string_equal(match.route->pattern, rows[i].pattern);
	}
}

static void a_head_route_serves_head(void **state)
{
	AUTO(arena_free) struct arena arena = {NULL};

	(void)state;
	assert_string_equal(find(&arena, "HEAD", "/a/b/resolve/main/x").route->method, "HEAD");
}

static void parameters_are_decoded_per_segment(void **state)
{
	AUTO(arena_free) struct arena arena = {NULL};
	struct router_match m = find(&arena, "GET", "/a/b%20c/resolve/refs%2Fpr%2F1/x/y%2Fz");

	(void)state;
	assert_int_equal(m.param_count, 4);
	assert_slice(m.params[1].value, "b c");
	assert_slice(m.params[2].name, "revision");
	assert_slice(m.params[2].value, "refs/pr/1");
	assert_slice(m.params[3].value, "x/y/z");
}

static void an_encoded_slash_matches_no_literal_slash(void **state)
{
	AUTO(arena_free) struct arena arena = {NULL};

	(void)state;
	assert_string_equal(find(&arena, "GET", "/api%2Fmodels/m").route->pattern, "/{rest...}");
}

static void no_method_is_405_and_no_path_404(void **state)
{
	AUTO(arena_free) struct arena arena = {NULL};
	struct router_match m = find(&arena, "PUT", "/api/models/m");

	(void)state;
	assert_null(m.route);
	assert_string_equal(m.allow, "GET, HEAD, POST, OPTIONS");
	m = find(&arena, "PUT", "/a//b"); /* an empty segment is no name */
	assert_null(m.route);
	assert_string_equal(m.allow, "");
}

static void a_bad_table_does_not_start(void **state)
{
	static const struct {
		const char *why;
		struct route routes[2];
		size_t count;
	} rows[] = {
		{"no right", {{.method = "GET", .pattern = "/a", .run = run}}, 1},
		{"empty right", {{.method = "GET", .pattern = "/a", .right = "", .run = run}}, 1},
		{"no slash", {ROUTE("GET", "a")}, 1},
		{"rest in the middle", {ROUTE("GET", "/{a...}/b")}, 1},
		{"half a parameter", {ROUTE("GET", "/{a}b")}, 1},
		{"no name", {ROUTE("GET", "/{}")}, 1},
		{"twice the same", {ROUTE("GET", "/a/{b}"), ROUTE("GET", "/a/{c}")}, 2},
		{"no handler", {{.method = "GET", .pattern = "/a", .right = "public"}}, 1},
		{"body without ceiling",
		 {{.method = "GET",
		   .pattern = "/a",
		   .right = "public",
		   .body = BODY_BUFFER,
		   .run = run}},
		 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct router *router;

		if (router_new(&router, rows[i].routes, rows[i].count) != ERR_FORMAT)
			fail_msg("%s", rows[i].why);
	}
}

static void options_of_every_served_path_has_one_route(void **state)
{
	static const struct route served[] = {ROUTE("GET", "/a/{b}"), ROUTE("POST", "/a/{b}"),
					      ROUTE("OPTIONS", "*")};
	static const struct {
		const char *method, *path;
		bool is_found;
		const char *allow;
	} rows[] = {
		{"OPTIONS", "/a/x", true, "GET, HEAD, POST"},
		{"OPTIONS", "/b", false, ""},
		{"PUT", "/a/x", false, "GET, HEAD, POST"},
		{"GET", "/b", false, ""},
	};
	AUTO(router_auto) struct router *router = NULL;

	(void)state;
	assert_ok(router_new(&router, served, 3));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		AUTO(arena_free) struct arena arena = {NULL};
		char *head = arena_printf(&arena, "%s %s HTTP/1.1\r\nHost: h\r\n\r\n",
					  rows[i].method, rows[i].path);
		struct http_request request;
		struct http_refusal refusal;
		struct router_match match;

		assert_ok(http_request_parse(&request, &arena, slice_of_string(head), &refusal));
		router_find(router, &request, &arena, &match);
		assert_int_equal(match.route == &served[2], rows[i].is_found);
		assert_string_equal(match.allow, rows[i].allow);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_most_literal_route_wins),
		cmocka_unit_test(a_head_route_serves_head),
		cmocka_unit_test(parameters_are_decoded_per_segment),
		cmocka_unit_test(an_encoded_slash_matches_no_literal_slash),
		cmocka_unit_test(no_method_is_405_and_no_path_404),
		cmocka_unit_test(a_bad_table_does_not_start),
		cmocka_unit_test(options_of_every_served_path_has_one_route),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
