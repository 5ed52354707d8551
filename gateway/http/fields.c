/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/http/fields.h"

enum { FIELD_EXTRA = 4 }; /* ": " and CR LF */

static void refuse(struct http_fields *fields, unsigned status, const char *reason)
{
	if (fields->refusal.status == 0)
		fields->refusal = (struct http_refusal){.status = status, .reason = reason};
}

static void add_pseudo(struct http_fields *fields, struct arena *arena, struct slice name,
		       struct slice value)
{
	const struct {
		struct slice name;
		struct slice *to;
	} known[] = {
		{S(":method"), &fields->method},
		{S(":scheme"), &fields->scheme},
		{S(":authority"), &fields->authority},
		{S(":path"), &fields->path},
	};

	if (fields->header_count) {
		refuse(fields, 400, "a pseudo-header behind a header");
		return;
	}
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (!slice_equal(name, known[i].name))
			continue;
		if (known[i].to->data)
			refuse(fields, 400, "a pseudo-header twice");
		else if (value.size == 0)
			refuse(fields, 400, "an empty pseudo-header");
		else
			*known[i].to = arena_copy(arena, value);
		return;
	}
	refuse(fields, 400, "an unknown pseudo-header");
}

/* What concerns one connection has no meaning here (RFC 9113 section 8.2.2), and someone behind
 * or before us may still give it one. */
static bool is_of_connection(struct slice name, struct slice value)
{
	static const char *const names[] = {"connection", "keep-alive", "proxy-connection",
					    "transfer-encoding", "upgrade"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (slice_equal(name, slice_of_string(names[i])))
			return true;
	return slice_equal(name, S("te")) && !slice_equal(value, S("trailers"));
}

static bool has_upper_case(struct slice name)
{
	for (size_t i = 0; i < name.size; i++)
		if (name.data[i] >= 'A' && name.data[i] <= 'Z')
			return true;
	return false;
}

static void add_header(struct http_fields *fields, struct arena *arena, struct slice name,
		       struct slice value)
{
	if (has_upper_case(name)) {
		refuse(fields, 400, "an upper-case letter in the name of a header");
		return;
	}
	if (is_of_connection(name, value)) {
		refuse(fields, 400, "a header that concerns the connection");
		return;
	}
	if (!fields->headers) /* one more: Host, if it came as :authority */
		fields->headers = arena_alloc(arena,
					      (HTTP_MAX_HEADERS + 1) * sizeof *fields->headers);
	if (fields->header_count == HTTP_MAX_HEADERS) {
		refuse(fields, 431, "too many request headers");
		return;
	}
	fields->headers[fields->header_count++] = (struct http_header){
		.name = arena_copy(arena, name),
		.value = slice_trim(arena_copy(arena, value)),
	};
}

void http_fields_add(struct http_fields *fields, struct arena *arena, struct slice name,
		     struct slice value)
{
	if (fields->refusal.status)
		return;
	fields->size += name.size + value.size + FIELD_EXTRA;
	if (slice_equal(name, S(":path")) && value.size > HTTP_MAX_TARGET)
		refuse(fields, 414, "the request target is too long");
	else if (fields->size > HTTP_MAX_HEAD)
		refuse(fields, 431, "the request headers are too large");
	else if (slice_starts_with(name, S(":")))
		add_pseudo(fields, arena, name, value);
	else
		add_header(fields, arena, name, value);
}

/* The pseudo-headers that every request has, in the shape HTTP/1.1 gives them. */
static void check_pseudo(struct http_fields *fields)
{
	if (!fields->method.data || !fields->scheme.data || !fields->path.data)
		refuse(fields, 400, "a pseudo-header is missing");
	else if (!slice_equal(fields->scheme, S("https")))
		refuse(fields, 400, "a scheme other than https");
	else if (slice_equal(fields->method, S("CONNECT")))
		refuse(fields, 400, "this is not a proxy");
	else if (fields->path.data[0] != '/' && !slice_equal(fields->path, S("*")))
		refuse(fields, 400, "the request target is malformed");
}

/* One host, by either name. */
static void settle_host(struct http_request *out, struct http_fields *fields, struct arena *arena)
{
	struct slice host = http_header(out, "Host");

	if (!fields->authority.data)
		return;
	if (host.data && !slice_equal_ignoring_case(host, fields->authority))
		refuse(fields, 400, ":authority and Host name different hosts");
	if (host.data)
		return;
	if (!fields->headers)
		fields->headers = arena_alloc(arena, sizeof *fields->headers);
	fields->headers[out->header_count++] = (struct http_header){.name = S("host"),
								    .value = fields->authority};
	out->headers = fields->headers;
}

static enum err refused(const struct http_fields *fields, struct http_refusal *refusal)
{
	*refusal = fields->refusal;
	return failure(ERR_FORMAT, "request: %s", refusal->reason);
}

enum err http_fields_finish(struct http_request *out, struct http_fields *fields,
			    struct arena *arena, bool is_ended, struct http_refusal *refusal)
{
	*out = (struct http_request){
		.method = fields->method,
		.target = fields->path,
		.headers = fields->headers,
		.header_count = fields->header_count,
		.minor = 1,
	};
	check_pseudo(fields);
	settle_host(out, fields, arena);
	if (fields->refusal.status)
		return refused(fields, refusal);
	TRY(http_request_check(out, arena, refusal));
	if (is_ended && out->content_length) {
		refuse(fields, 400, "a Content-Length without a body");
		return refused(fields, refusal);
	}
	out->is_chunked = !is_ended && !http_header(out, "Content-Length").data;
	return OK;
}
