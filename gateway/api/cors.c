/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/cors.h"

/* research/access-and-hub.md 1.9, and what else of our answers a page can use. */
#define EXPOSED \
	"X-Repo-Commit, X-Request-Id, X-Error-Code, X-Error-Message, X-HF-Warning, " \
	"X-Total-Count, X-Audit-Receipt, ETag, Link, Accept-Ranges, Content-Range, " \
	"X-Linked-Size, " \
	"X-Linked-ETag, Retry-After, ratelimit, ratelimit-policy"
#define METHODS "GET, HEAD, POST, PUT, OPTIONS"
#define HEADERS "Authorization, Range, Content-Type, X-Sallyport-Purpose"
#define SECONDS "600"

static bool next_origin(struct slice *out, struct slice *rest)
{
	do {
		if (rest->size == 0)
			return false;
		slice_cut(*rest, ' ', out, rest);
	} while (out->size == 0);
	return true;
}

/* Lower case, since browsers send it so; a path or a slash at its end would never be equal. */
static bool is_host_sign(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       (c && strchr(".-_:[]", c) != NULL);
}

static bool is_origin(struct slice text)
{
	struct slice host;

	if (slice_starts_with(text, S("https://")))
		host = slice_part(text, 8, text.size);
	else if (slice_starts_with(text, S("http://")))
		host = slice_part(text, 7, text.size);
	else
		return false;
	for (size_t i = 0; i < host.size; i++)
		if (!is_host_sign(host.data[i]))
			return false;
	return host.size > 0;
}

enum err cors_check(struct slice origins)
{
	struct slice one;

	while (next_origin(&one, &origins))
		if (!is_origin(one))
			return failure(
				ERR_FORMAT,
				"cors_origins: \"%.*s\" is no origin; write it in lower case as "
				"https://HOST or https://HOST:PORT, without a path, and no *",
				SLICE_PRINT(one));
	return OK;
}

bool cors_allows(struct slice origins, struct slice origin)
{
	struct slice one;

	while (next_origin(&one, &origins))
		if (slice_equal(one, origin))
			return true;
	return false;
}

void cors_write(struct buf *headers, struct slice origins, const struct http_request *request)
{
	struct slice origin = http_header(request, "Origin");

	if (origins.size == 0)
		return;
	buf_write_string(headers, "Vary: Origin\r\n");
	if (!cors_allows(origins, origin)) /* an absent one is in no list */
		return;
	buf_printf(headers, "Access-Control-Allow-Origin: %.*s\r\n", SLICE_PRINT(origin));
	buf_write_string(headers, "Access-Control-Expose-Headers: " EXPOSED "\r\n");
	if (!slice_equal(request->method, S("OPTIONS")))
		return;
	buf_write_string(headers, "Access-Control-Allow-Methods: " METHODS "\r\n"
				  "Access-Control-Allow-Headers: " HEADERS "\r\n"
				  "Access-Control-Max-Age: " SECONDS "\r\n");
}
