/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/signin/session_cookie.h"

#include "crypto/base/text.h"

void session_cookie_write(struct buf *out, const struct session_cookie *cookie)
{
	text_write_base64(out, slice_of(cookie, sizeof *cookie), TEXT_BASE64_URL_RAW);
}

enum err session_cookie_read(struct session_cookie *out, struct slice value)
{
	AUTO(buf_free) struct buf bytes = buf_new(sizeof *out);

	TRY(text_read_base64(&bytes, value, TEXT_BASE64_URL_RAW));
	if (bytes.size != sizeof *out)
		return failure(ERR_FORMAT, "the session cookie is not one of ours");
	memcpy(out, bytes.data, sizeof *out);
	return OK;
}

struct digest session_cookie_hash(const struct session_cookie *cookie)
{
	return digest_of(slice_of(cookie->secret, SESSION_SECRET));
}

static bool find_in(struct slice *out, struct slice line, struct slice name)
{
	bool more = line.size > 0;

	while (more) {
		struct slice pair, key;

		more = slice_cut(line, ';', &pair, &line);
		if (slice_cut(slice_trim(pair), '=', &key, out) && slice_equal(key, name))
			return true;
	}
	return false;
}

struct slice session_cookie_find(const struct http_request *request, const char *name)
{
	struct slice value;

	for (size_t i = 0; i < request->header_count; i++)
		if (slice_equal_ignoring_case(request->headers[i].name, S("cookie")) &&
		    find_in(&value, request->headers[i].value, slice_of_string(name)))
			return value;
	return (struct slice){0};
}

static bool is_safe(struct slice method)
{
	return slice_equal(method, S("GET")) || slice_equal(method, S("HEAD")) ||
	       slice_equal(method, S("OPTIONS"));
}

static bool is_origin(struct slice origin, struct slice host)
{
	struct slice scheme = S("https://");

	return slice_starts_with(origin, scheme) &&
	       slice_equal_ignoring_case(slice_part(origin, scheme.size, SIZE_MAX), host);
}

enum page page_of(const struct http_request *request, struct slice own)
{
	struct slice origin = http_header(request, "Origin");
	struct slice site = http_header(request, "Sec-Fetch-Site");
	bool same_site = slice_equal(site, S("same-origin"));

	if (site.data && !same_site && !slice_equal(site, S("none")))
		return PAGE_FOREIGN;
	if (origin.data)
		return slice_equal_ignoring_case(origin, own) || is_origin(origin, request->host)
			       ? PAGE_OURS
			       : PAGE_FOREIGN;
	return same_site ? PAGE_OURS : PAGE_UNSAID;
}

bool session_cookie_counts(const struct http_request *request, struct slice own)
{
	switch (page_of(request, own)) {
	case PAGE_OURS:
		return true;
	case PAGE_UNSAID:
		return is_safe(request->method);
	case PAGE_FOREIGN:
		return false;
	}
	return false;
}
