/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_cookie.h - the cookie of a session, and from which pages a request that carries it may
 * come. Pure. The value is base64url of the session's id and a secret of 32 bytes, of which the
 * database keeps the hash. __Host- binds it to this host, over TLS, for all paths (RFC 6265bis).
 */
#ifndef GATEWAY_API_SIGNIN_SESSION_COOKIE_H
#define GATEWAY_API_SIGNIN_SESSION_COOKIE_H

#include "crypto/base/buf.h"
#include "crypto/digest.h"
#include "gateway/http/request.h"

#define SESSION_COOKIE "__Host-sallyport"

enum { SESSION_ID = 16, SESSION_SECRET = 32, SESSION_COOKIE_MAX = 64 };

struct session_cookie {
	uint8_t id[SESSION_ID];
	uint8_t secret[SESSION_SECRET];
};

void session_cookie_write(struct buf *out, const struct session_cookie *cookie);
RESULT session_cookie_read(struct session_cookie *out, struct slice value); /* ERR_FORMAT */
struct digest session_cookie_hash(const struct session_cookie *cookie);

/* The first cookie of that name, in any Cookie line; data NULL: there is none. */
struct slice session_cookie_find(const struct http_request *request, const char *name);

/*
 * Which page sent this, by what the browser says (Origin, Sec-Fetch-Site)? `own` is the URL that
 * clients use; a page that was reached by another of our names is of the origin that it asks.
 */
enum page { PAGE_OURS, PAGE_UNSAID, PAGE_FOREIGN };
enum page page_of(const struct http_request *request, struct slice own);

/* May a cookie count? What changes something must come from a page of ours, what reads must not
 * come from another's. */
bool session_cookie_counts(const struct http_request *request, struct slice own);

#endif
