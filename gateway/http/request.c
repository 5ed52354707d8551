/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/http/request.h"

#include "gateway/http/url.h"

static enum err refuse(struct http_refusal *refusal, unsigned status, const char *reason)
{
	*refusal = (struct http_refusal){.status = status, .reason = reason};
	return failure(ERR_FORMAT, "request: %s", reason);
}

static enum http_scan_result scan_refuse(struct http_refusal *refusal, unsigned status,
					 const char *reason)
{
	*refusal = (struct http_refusal){.status = status, .reason = reason};
	return HTTP_SCAN_REFUSED;
}

/* From `at`, whose byte before is no CR: the first byte that is a control character, or that a
 * ceiling may concern. What stands between is good. */
static size_t skip_plain(const struct http_scan *scan, struct slice input, size_t at)
{
	size_t end = input.size < HTTP_MAX_HEAD ? input.size : HTTP_MAX_HEAD;
	size_t line_end = scan->line_begin + HTTP_MAX_TARGET + HTTP_MAX_METHOD + 12;

	if (scan->lines == 0 && end > line_end)
		end = line_end;
	while (at < end && input.data[at] > '\r')
		at++;
	return at;
}

/*
 * Looks at every byte once and judges it only by those before it, so that the verdict, and where
 * it falls, does not depend on how the input was cut.
 */
enum http_scan_result http_head_scan(struct http_scan *scan, struct slice input,
				     struct http_refusal *refusal)
{
	for (; scan->seen < input.size; scan->seen++) {
		uint8_t c = input.data[scan->seen];
		bool after_cr = scan->seen > 0 && input.data[scan->seen - 1] == '\r';
		size_t line_size = scan->seen - scan->line_begin;

		if (scan->lines == 0 && line_size > HTTP_MAX_TARGET + HTTP_MAX_METHOD + 12)
			return scan_refuse(refusal, 414, "the request target is too long");
		if (scan->seen >= HTTP_MAX_HEAD)
			return scan_refuse(refusal, 431, "the request headers are too large");
		if (c == 0)
			return scan_refuse(refusal, 400, "a NUL byte in the request head");
		if (after_cr != (c == '\n'))
			return scan_refuse(refusal, 400, "a line does not end in CR LF");
		if (c != '\n') {
			if (c != '\r')
				scan->seen = skip_plain(scan, input, scan->seen + 1) - 1;
			continue;
		}
		if (line_size == 1 && scan->lines == 0)
			return scan_refuse(refusal, 400, "an empty line before the request");
		if (line_size == 1) {
			scan->seen++;
			return HTTP_SCAN_HEAD;
		}
		scan->line_begin = scan->seen + 1;
		scan->lines++;
	}
	return HTTP_SCAN_MORE;
}

/* RFC 9110 section 5.6.2. */
static bool is_token_byte(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(struct slice s)
{
	for (size_t i = 0; i < s.size; i++)
		if (!is_token_byte(s.data[i]))
			return false;
	return s.size > 0;
}

/* Visible bytes, spaces and tabs between them, and what is above ASCII. */
static bool is_field_value(struct slice s)
{
	for (size_t i = 0; i < s.size; i++)
		if ((s.data[i] < 0x20 && s.data[i] != '\t') || s.data[i] == 0x7f)
			return false;
	return true;
}

static bool is_target(struct slice s)
{
	for (size_t i = 0; i < s.size; i++)
		if (s.data[i] <= 0x20 || s.data[i] >= 0x7f || s.data[i] == '#')
			return false;
	return s.size > 0;
}

static bool is_digits(struct slice s)
{
	for (size_t i = 0; i < s.size; i++)
		if (s.data[i] < '0' || s.data[i] > '9')
			return false;
	return s.size > 0;
}

/* host[:port] of a URL: a name, an IPv4 address, or an IPv6 address in brackets. */
static bool is_authority(struct slice s)
{
	static const char name_bytes[] = "-._~";
	size_t i = 0;

	if (s.size && s.data[0] == '[') {
		for (i = 1; i < s.size && s.data[i] != ']'; i++)
			if (!strchr("0123456789abcdefABCDEF:.", s.data[i]))
				return false;
		if (i == s.size || i == 1)
			return false;
		i++;
	} else {
		for (; i < s.size && s.data[i] != ':'; i++) {
			uint8_t c = s.data[i];
			bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
					    (c >= 'A' && c <= 'Z');

			if (!alphanumeric && !strchr(name_bytes, c))
				return false;
		}
		if (i == 0)
			return false;
	}
	if (i == s.size)
		return true;
	return s.data[i] == ':' && is_digits(slice_part(s, i + 1, s.size)) && s.size - i <= 6;
}

/* Take one line, without its CR LF, from the front of *rest. */
static struct slice take_line(struct slice *rest)
{
	size_t end = slice_find(*rest, '\n');
	struct slice line = slice_part(*rest, 0, end ? end - 1 : 0);

	*rest = slice_part(*rest, end + 1, rest->size);
	return line;
}

static enum err check_request_line(const struct http_request *out, struct http_refusal *refusal)
{
	if (!is_token(out->method) || out->method.size > HTTP_MAX_METHOD)
		return refuse(refusal, 400, "the method is malformed");
	if (!is_target(out->target))
		return refuse(refusal, 400, "the request target is malformed");
	if (out->target.size > HTTP_MAX_TARGET)
		return refuse(refusal, 414, "the request target is too long");
	return OK;
}

static enum err parse_version(struct http_request *out, struct slice version,
			      struct http_refusal *refusal)
{
	if (slice_equal(version, S("HTTP/1.1")))
		out->minor = 1;
	else if (slice_equal(version, S("HTTP/1.0")))
		out->minor = 0;
	else if (version.size == 8 && slice_starts_with(version, S("HTTP/")) &&
		 version.data[5] >= '0' && version.data[5] <= '9' && version.data[6] == '.' &&
		 version.data[7] >= '0' && version.data[7] <= '9')
		return refuse(refusal, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
	else
		return refuse(refusal, 400, "the request line is malformed");
	return OK;
}

static enum err parse_request_line(struct http_request *out, struct slice line,
				   struct http_refusal *refusal)
{
	struct slice rest, version;

	if (!slice_cut(line, ' ', &out->method, &rest) ||
	    !slice_cut(rest, ' ', &out->target, &version))
		return refuse(refusal, 400, "the request line is malformed");
	TRY(check_request_line(out, refusal));
	return parse_version(out, version, refusal);
}

static enum err parse_headers(struct http_request *out, struct arena *arena, struct slice rest,
			      struct http_refusal *refusal)
{
	struct http_header *headers = arena_alloc(arena, HTTP_MAX_HEADERS * sizeof *headers);
	struct slice line;

	out->headers = headers;
	for (line = take_line(&rest); line.size; line = take_line(&rest)) {
		struct http_header h;

		if (out->header_count == HTTP_MAX_HEADERS)
			return refuse(refusal, 431, "too many request headers");
		/* A line that begins with white space (obs-fold) and a space before the colon
		 * both end here: neither is a token. */
		if (!slice_cut(line, ':', &h.name, &h.value) || !is_token(h.name))
			return refuse(refusal, 400, "a request header is malformed");
		h.value = slice_trim(h.value);
		if (!is_field_value(h.value))
			return refuse(refusal, 400, "a control byte in a request header");
		headers[out->header_count++] = h;
	}
	return OK;
}

struct slice http_header(const struct http_request *request, const char *name)
{
	for (size_t i = 0; i < request->header_count; i++)
		if (slice_equal_ignoring_case(request->headers[i].name, slice_of_string(name)))
			return request->headers[i].value.data ? request->headers[i].value : S("");
	return slice_of(NULL, 0);
}

static size_t header_count(const struct http_request *request, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < request->header_count; i++)
		if (slice_equal_ignoring_case(request->headers[i].name, slice_of_string(name)))
			count++;
	return count;
}

bool http_header_has_token(const struct http_request *request, const char *name, const char *token)
{
	for (size_t i = 0; i < request->header_count; i++) {
		struct slice rest = request->headers[i].value;

		if (!slice_equal_ignoring_case(request->headers[i].name, slice_of_string(name)))
			continue;
		while (rest.size) {
			struct slice item, behind;

			slice_cut(rest, ',', &item, &behind);
			if (slice_equal_ignoring_case(slice_trim(item), slice_of_string(token)))
				return true;
			rest = behind;
		}
	}
	return false;
}

/* Headers that mean one thing. With two of them, two readers may each believe another one. */
static enum err check_singletons(const struct http_request *out, struct http_refusal *refusal)
{
	static const struct {
		const char *name;
		const char *reason;
	} singletons[] = {
		{"Host", "more than one Host header"},
		{"Content-Length", "more than one Content-Length header"},
		{"Transfer-Encoding", "more than one Transfer-Encoding header"},
		{"Authorization", "more than one Authorization header"},
		{"Content-Type", "more than one Content-Type header"},
		{"Range", "more than one Range header"},
		{"Expect", "more than one Expect header"},
	};

	for (size_t i = 0; i < sizeof singletons / sizeof *singletons; i++)
		if (header_count(out, singletons[i].name) > 1)
			return refuse(refusal, 400, singletons[i].reason);
	return OK;
}

static enum err parse_host(struct http_request *out, struct http_refusal *refusal)
{
	out->host = http_header(out, "Host");
	if (!out->host.data && out->minor == 0) {
		out->host = S("");
		return OK;
	}
	if (!out->host.data)
		return refuse(refusal, 400, "the Host header is missing");
	if (!is_authority(out->host))
		return refuse(refusal, 400, "the Host header is malformed");
	return OK;
}

/* How long the body is. Length and chunks together is the oldest smuggling trick of all. */
static enum err parse_framing(struct http_request *out, struct http_refusal *refusal)
{
	struct slice length = http_header(out, "Content-Length");
	struct slice coding = http_header(out, "Transfer-Encoding");

	if (length.data && coding.data)
		return refuse(refusal, 400, "both Content-Length and Transfer-Encoding");
	if (length.data && !slice_to_u64(length, INT64_MAX, &out->content_length))
		return refuse(refusal, 400, "the Content-Length is malformed");
	if (!coding.data)
		return OK;
	if (out->minor == 0)
		return refuse(refusal, 400, "Transfer-Encoding in HTTP/1.0");
	if (!slice_equal_ignoring_case(coding, S("chunked")))
		return refuse(refusal, 400, "a Transfer-Encoding other than chunked");
	out->is_chunked = true;
	return OK;
}

static enum err parse_connection(struct http_request *out, struct http_refusal *refusal)
{
	struct slice expect = http_header(out, "Expect");

	out->keeps_alive = out->minor == 1 && !http_header_has_token(out, "Connection", "close");
	if (!expect.data)
		return OK;
	if (!slice_equal_ignoring_case(expect, S("100-continue")))
		return refuse(refusal, 417, "an expectation other than 100-continue");
	out->expects_continue = out->minor == 1;
	return OK;
}

/* "https://host/path" (RFC 9112 section 3.2.2): the host must be the one of the Host header. */
static enum err cut_absolute_target(struct http_request *out, struct slice *rest,
				    struct http_refusal *refusal)
{
	struct slice authority;
	size_t scheme = slice_starts_with(*rest, S("https://")) ? 8 : 7;
	size_t end = scheme;

	while (end < rest->size && rest->data[end] != '/' && rest->data[end] != '?')
		end++;
	authority = slice_part(*rest, scheme, end - scheme);
	if (!is_authority(authority))
		return refuse(refusal, 400, "the request target is malformed");
	if (!slice_equal_ignoring_case(authority, out->host))
		return refuse(refusal, 400, "the request target and Host name different hosts");
	*rest = slice_part(*rest, end, rest->size);
	return OK;
}

static enum err parse_target(struct http_request *out, struct arena *arena,
			     struct http_refusal *refusal)
{
	struct slice *segments = arena_alloc(arena, HTTP_MAX_SEGMENTS * sizeof *segments);
	struct slice rest = out->target;

	out->segments = segments;
	if (slice_equal(rest, S("*")) && slice_equal(out->method, S("OPTIONS"))) {
		out->path = rest;
		return OK;
	}
	if (slice_starts_with(rest, S("https://")) || slice_starts_with(rest, S("http://")))
		TRY(cut_absolute_target(out, &rest, refusal));
	slice_cut(rest, '?', &out->path, &out->query);
	if (out->path.size == 0 && rest.size != out->target.size)
		out->path = S("/");
	if (out->path.size == 0 || out->path.data[0] != '/')
		return refuse(refusal, 400, "the request target is malformed");
	if (url_split_path(segments, HTTP_MAX_SEGMENTS, &out->segment_count, arena, out->path))
		return refuse(refusal, 400, "the path of the request target is malformed");
	return OK;
}

/* What is asked of a head once its parts are known. */
static enum err check_parts(struct http_request *out, struct arena *arena,
			    struct http_refusal *refusal)
{
	TRY(check_singletons(out, refusal));
	TRY(parse_host(out, refusal));
	TRY(parse_framing(out, refusal));
	TRY(parse_connection(out, refusal));
	return parse_target(out, arena, refusal);
}

enum err http_request_check(struct http_request *out, struct arena *arena,
			    struct http_refusal *refusal)
{
	TRY(check_request_line(out, refusal));
	for (size_t i = 0; i < out->header_count; i++) {
		if (!is_token(out->headers[i].name))
			return refuse(refusal, 400, "a request header is malformed");
		if (!is_field_value(out->headers[i].value))
			return refuse(refusal, 400, "a control byte in a request header");
	}
	return check_parts(out, arena, refusal);
}

enum err http_request_parse(struct http_request *out, struct arena *arena, struct slice head,
			    struct http_refusal *refusal)
{
	struct slice rest = head;

	*out = (struct http_request){.method = S("")};
	TRY(parse_request_line(out, take_line(&rest), refusal));
	TRY(parse_headers(out, arena, rest, refusal));
	return check_parts(out, arena, refusal);
}
