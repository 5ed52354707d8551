/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request.h - the head of an HTTP/1.1 request, read strictly (RFC 9112): what two readers could
 * understand differently is refused, so that nobody in front of us can be talked past.
 *
 * A head is found first (http_head_scan, byte by byte as it arrives) and parsed second, whole.
 * So it does not matter how the network cut it into pieces.
 */
#ifndef GATEWAY_HTTP_REQUEST_H
#define GATEWAY_HTTP_REQUEST_H

#include "crypto/base/arena.h"
#include "crypto/base/err.h"
#include "crypto/base/slice.h"

enum {
	HTTP_MAX_HEAD = 16 * 1024,  /* request line and headers; more is 431 */
	HTTP_MAX_TARGET = 8 * 1024, /* more is 414 */
	HTTP_MAX_METHOD = 32,
	HTTP_MAX_HEADERS = 100,
	HTTP_MAX_SEGMENTS = 64, /* of a path */
};

struct http_header {
	struct slice name;  /* as sent; compare without case */
	struct slice value; /* without the white space around it */
};

struct http_request {
	struct slice method;          /* "GET"; case matters */
	struct slice target;          /* as sent */
	struct slice host;            /* with its port if it has one; empty only in HTTP/1.0 */
	struct slice path;            /* raw: not decoded, from its '/' to before the '?' */
	struct slice query;           /* raw: behind the '?'; read it with url_form_find() */
	const struct slice *segments; /* the path cut at '/' and then decoded, once */
	size_t segment_count;
	const struct http_header *headers;
	size_t header_count;
	unsigned minor; /* HTTP/1.minor; 1 for what came by HTTP/2 */
	bool keeps_alive;
	bool expects_continue;
	bool is_chunked;         /* has a body whose length is not told beforehand */
	uint64_t content_length; /* 0 without the header */
};

/* Why a request was refused: the status to answer and one sentence, static. */
struct http_refusal {
	unsigned status;
	const char *reason;
};

enum http_scan_result { HTTP_SCAN_MORE, HTTP_SCAN_HEAD, HTTP_SCAN_REFUSED };

/* The search for the end of a head. Zeroed to begin with. */
struct http_scan {
	size_t seen; /* bytes looked at; with HTTP_SCAN_HEAD: the size of the head */
	size_t line_begin;
	unsigned lines;
};

/* `input` is everything received of this head so far; it may be longer than the head. */
enum http_scan_result http_head_scan(struct http_scan *scan, struct slice input,
				     struct http_refusal *refusal);

/*
 * Parse a whole head, its empty line included. Slices in *out point into `head` and into the
 * arena. ERR_FORMAT with *refusal set if it is refused.
 */
RESULT http_request_parse(struct http_request *out, struct arena *arena, struct slice head,
			  struct http_refusal *refusal);

/*
 * The same for a head that came in parts (fields.h): method, target, headers and minor are set,
 * the rest is checked and filled in. ERR_FORMAT with *refusal set.
 */
RESULT http_request_check(struct http_request *out, struct arena *arena,
			  struct http_refusal *refusal);

/* The value of the first such header, or a slice whose data is NULL. Case does not matter. */
struct slice http_header(const struct http_request *request, const char *name);

/* True if the comma-separated list in that header (all its lines) holds the token. */
bool http_header_has_token(const struct http_request *request, const char *name, const char *token);

#endif
