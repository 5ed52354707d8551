/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outbound_call.h - one request to somebody else's interface through the courier: method, headers
 * and body, the answer whole in memory. The host must be one of courier.allow; private addresses
 * only with courier.allow_private; HTTPS with a verified certificate. Sent once: whether it may be
 * repeated the caller knows. What a host answers with an error status is an answer.
 *
 *     struct outbound_request ask = {.method = WIRE_METHOD_POST, .url = url, .body = form,
 *                                    .headers = S("Content-Type: application/json\n")};
 *     struct outbound_answer answer;
 *
 *     TRY(outbound_call(&answer, context, arena, &ask));
 */
#ifndef GATEWAY_API_OUTBOUND_OUTBOUND_CALL_H
#define GATEWAY_API_OUTBOUND_OUTBOUND_CALL_H

#include "gateway/api/api.h"
#include "schema/wire/courier.h"

enum { OUTBOUND_CALL_MS = 10 * 1000 };

struct outbound_request {
	enum wire_method method;
	struct slice url;
	struct slice credential; /* name of one in courier.credentials_file; empty: none */
	struct slice headers;    /* lines "Name: value\n"; a body needs a Content-Type */
	struct slice body;       /* at most WIRE_MAX_CALL_BODY */
	uint32_t most;       /* bytes of the answer; 0: WIRE_MAX_CALL_ANSWER, which is the most */
	uint32_t timeout_ms; /* of all of it; 0: OUTBOUND_CALL_MS; at most WIRE_MAX_CALL_MS */
	uint8_t redirects;   /* 0: a redirect is an answer; up to 5, of a GET alone */
	struct exchange *client; /* NULL: nobody waits; else the call stops when the client goes */
};

struct outbound_answer { /* in the arena */
	unsigned status;
	struct slice body;
	struct slice headers; /* content-type, location, etag, retry-after ... as lines */
};

/*
 * ERR_DENIED: the host is not listed (the text names courier.allow), its address or certificate is
 * refused. ERR_FORMAT: the address or a header is none. ERR_LIMIT: the answer is larger than asked.
 * ERR_TIMEOUT, ERR_UNAVAILABLE: the host, or the courier. ERR_CLOSED: the client went.
 */
RESULT outbound_call(struct outbound_answer *out, struct route_context *context,
		     struct arena *arena, const struct outbound_request *ask);

/* "" if there is none. The name in small letters. */
struct slice outbound_header(const struct outbound_answer *answer, const char *name);

#endif
