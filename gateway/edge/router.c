/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/edge/router.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* In the order in which they win. */
enum part_kind { PART_LITERAL, PART_ONE, PART_REST };

struct part {
	enum part_kind kind;
	struct slice text; /* the literal, or the name */
};

struct entry {
	const struct route *route;
	struct slice method;
	bool is_any; /* method */
	size_t count;
	struct part parts[ROUTER_MAX_SEGMENTS];
};

struct router {
	const struct route *options; /* of every path; NULL: there is no such route */
	size_t count;
	struct entry entries[]; /* sorted: what wins stands first */
};

static enum err bad(const struct route *route, const char *what)
{
	return failure(ERR_FORMAT, "route \"%s %s\": %s", route->method ? route->method : "",
		       route->pattern ? route->pattern : "", what);
}

static enum err parse_part(struct part *part, const struct route *route, struct slice text,
			   bool is_last)
{
	struct slice name;

	if (text.size == 0 || text.data[0] != '{') {
		*part = (struct part){.kind = PART_LITERAL, .text = text};
		return OK;
	}
	if (!slice_ends_with(text, S("}")))
		return bad(route, "a parameter must fill its segment");
	name = slice_part(text, 1, text.size - 2);
	*part = (struct part){.kind = PART_ONE, .text = name};
	if (slice_ends_with(name, S("..."))) {
		*part = (struct part){.kind = PART_REST,
				      .text = slice_part(name, 0, name.size - 3)};
		if (!is_last)
			return bad(route, "{name...} must be the last segment");
	}
	return part->text.size ? OK : bad(route, "a parameter without a name");
}

static enum err parse_pattern(struct entry *entry, const struct route *route)
{
	struct slice rest = slice_of_string(route->pattern);
	size_t params = 0;
	bool more = true;

	if (!slice_starts_with(rest, S("/")))
		return bad(route, "the pattern does not begin with a slash");
	rest = slice_part(rest, 1, rest.size);
	while (more) {
		struct slice text;

		if (entry->count == ROUTER_MAX_SEGMENTS)
			return bad(route, "too many segments");
		more = slice_cut(rest, '/', &text, &rest);
		TRY(parse_part(&entry->parts[entry->count], route, text, !more));
		params += entry->parts[entry->count++].kind != PART_LITERAL;
	}
	if (params > ROUTER_MAX_PARAMS)
		return bad(route, "too many parameters");
	entry->route = route;
	entry->method = slice_of_string(route->method);
	entry->is_any = slice_equal(entry->method, S("*"));
	return OK;
}

static enum err check_route(const struct route *route)
{
	if (!route->method || !*route->method || !route->pattern || !route->run)
		return bad(route, "method, pattern and handler are needed");
	if (!route->right || !*route->right)
		return bad(route, "declares no right; say which one it needs, or \"public\"");
	if (route->body == BODY_BUFFER && route->body_max == 0)
		return bad(route, "a buffered body needs a ceiling");
	return OK;
}

/* {"OPTIONS", "*"}: of whatever path another route serves. */
static bool is_options_of_all(const struct route *route)
{
	return strcmp(route->method, "OPTIONS") == 0 && strcmp(route->pattern, "*") == 0;
}

static int compare_slices(struct slice a, struct slice b)
{
	size_t size = a.size < b.size ? a.size : b.size;
	int order = size ? memcmp(a.data, b.data, size) : 0;

	return order ? order : (a.size > b.size) - (a.size < b.size);
}

/* Same shape: same literals in the same places; the names of parameters do not count. */
static int compare_shapes(const struct entry *a, const struct entry *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++) {
		const struct part *p = &a->parts[i], *q = &b->parts[i];
		int order = (int)p->kind - (int)q->kind;

		if (order == 0 && p->kind == PART_LITERAL)
			order = compare_slices(p->text, q->text);
		if (order)
			return order;
	}
	return (a->count > b->count) - (a->count < b->count);
}

static int compare_entries(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = compare_shapes(a, b);
	bool a_any = strcmp(a->route->method, "*") == 0, b_any = strcmp(b->route->method, "*") == 0;

	if (order)
		return order;
	if (a_any != b_any)
		return a_any ? 1 : -1;
	return strcmp(a->route->method, b->route->method);
}

enum err router_new(struct router **out, const struct route *routes, size_t count)
{
	AUTO(router_auto) struct router *router = NULL;

	router = calloc(1, sizeof *router + count * sizeof router->entries[0]);
	assert(router);
	for (size_t i = 0; i < count; i++) {
		TRY(check_route(&routes[i]));
		if (is_options_of_all(&routes[i]))
			router->options = &routes[i];
		else
			TRY(parse_pattern(&router->entries[router->count++], &routes[i]));
	}
	qsort(router->entries, router->count, sizeof router->entries[0], compare_entries);
	for (size_t i = 1; i < router->count; i++)
		if (compare_entries(&router->entries[i - 1], &router->entries[i]) == 0)
			return bad(router->entries[i].route, "another route matches the same");
	*out = router;
	router = NULL; /* given away */
	return OK;
}

void router_free(struct router *router)
{
	free(router);
}

static struct slice join_rest(const struct http_request *request, size_t from, struct arena *arena)
{
	size_t size = request->segment_count - from - 1, used = 0;
	uint8_t *room;

	if (size == 0)
		return request->segments[from];
	for (size_t i = from; i < request->segment_count; i++)
		size += request->segments[i].size;
	room = arena_alloc(arena, size);
	for (size_t i = from; i < request->segment_count; i++) {
		struct slice segment = request->segments[i];

		if (i > from)
			room[used++] = '/';
		if (segment.size)
			memcpy(room + used, segment.data, segment.size);
		used += segment.size;
	}
	return slice_of(room, used);
}

/* {name...} takes no empty segment: "a//b" is no path of a file. */
static bool rest_is_full(const struct http_request *request, size_t from)
{
	for (size_t i = from; i < request->segment_count; i++)
		if (request->segments[i].size == 0)
			return false;
	return from < request->segment_count;
}

static bool path_matches(const struct entry *entry, const struct http_request *request)
{
	for (size_t i = 0; i < entry->count; i++) {
		const struct part *part = &entry->parts[i];

		if (part->kind == PART_REST)
			return rest_is_full(request, i);
		if (i >= request->segment_count)
			return false;
		if (part->kind == PART_LITERAL && !slice_equal(part->text, request->segments[i]))
			return false;
		if (part->kind == PART_ONE && request->segments[i].size == 0)
			return false;
	}
	return entry->count == request->segment_count;
}

static void take_params(const struct entry *entry, const struct http_request *request,
			struct arena *arena, struct router_match *out)
{
	out->route = entry->route;
	for (size_t i = 0; i < entry->count; i++) {
		const struct part *part = &entry->parts[i];
		struct router_param *param = &out->params[out->param_count];

		if (part->kind == PART_LITERAL)
			continue;
		param->name = part->text;
		param->value = part->kind == PART_ONE ? request->segments[i]
						      : join_rest(request, i, arena);
		out->param_count++;
	}
}

/* "GET, HEAD, POST": each method once. */
static void add_allow(char allow[ROUTER_MAX_ALLOW], const char *method)
{
	size_t size = strlen(allow);
	const char *found = strstr(allow, method);

	if (found && (found == allow || found[-1] == ' '))
		return;
	snprintf(allow + size, ROUTER_MAX_ALLOW - size, "%s%s", size ? ", " : "", method);
}

static const struct entry *find_method(const struct router *router,
				       const struct http_request *request, struct slice method,
				       bool with_any)
{
	for (size_t i = 0; i < router->count; i++) {
		const struct entry *entry = &router->entries[i];

		if ((slice_equal(entry->method, method) || (with_any && entry->is_any)) &&
		    path_matches(entry, request))
			return entry;
	}
	return NULL;
}

void router_find(const struct router *router, const struct http_request *request,
		 struct arena *arena, struct router_match *out)
{
	const struct entry *entry = find_method(router, request, request->method, false);

	*out = (struct router_match){.route = NULL};
	if (!entry && slice_equal(request->method, S("HEAD")))
		entry = find_method(router, request, S("GET"), false);
	if (!entry)
		entry = find_method(router, request, request->method, true);
	if (entry) {
		take_params(entry, request, arena, out);
		return;
	}
	for (size_t i = 0; i < router->count; i++) {
		if (!path_matches(&router->entries[i], request))
			continue;
		add_allow(out->allow, router->entries[i].route->method);
		if (strcmp(router->entries[i].route->method, "GET") == 0)
			add_allow(out->allow, "HEAD");
	}
	if (*out->allow && slice_equal(request->method, S("OPTIONS")))
		out->route = router->options;
}
