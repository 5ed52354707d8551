/* SPDX-License-Identifier: Apache-2.0 */
/* h2_client.h - an HTTP/2 client for tests: libnghttp2's session over the raw TLS client. */
#ifndef TESTS_UNIT_GATEWAY_EDGE_H2_CLIENT_H
#define TESTS_UNIT_GATEWAY_EDGE_H2_CLIENT_H

#include <nghttp2/nghttp2.h>

#include "tests/unit/gateway/edge/client.h"

enum { H2_CLIENT_STREAMS = 512 };

struct h2_answer {
	unsigned status, continues; /* of 100 */
	struct buf fields, body;    /* "name: value\n" */
	bool is_closed;
	uint32_t error; /* with which it was closed */
	struct slice upload;
};

struct h2_client {
	struct client *tls;
	nghttp2_session *session;
	struct h2_answer answers[H2_CLIENT_STREAMS]; /* by stream id / 2 */
	bool is_told_to_go;                          /* GOAWAY came */
	bool has_ended;
};

struct h2_client *h2_client_new(int port);
void h2_client_free(struct h2_client *c);
AUTO_POINTER(h2_client)

/* The id of its stream. `extra`: a header "name: value", or NULL. */
int32_t h2_client_ask(struct h2_client *c, const char *method, const char *path, struct slice body,
		      const char *extra);
struct h2_answer *h2_client_answer(struct h2_client *c, int32_t id);

bool h2_client_turn(struct h2_client *c); /* send, then receive once; false: the end */
void h2_client_send(struct h2_client *c);
void h2_client_finish(struct h2_client *c, int32_t id); /* until that stream is closed */

#endif
