/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route.h - what the edge serves is a table of these. A route says what right it needs, or
 * "public"; a table in which one does not is refused, and the edge does not start.
 *
 * Patterns: "/api/models/{name}/tree/{revision}/{path...}". A segment is a literal, {name} (one
 * segment, not empty, decoded: "refs%2Fpr%2F1" is the one segment "refs/pr/1"), or, only at the
 * end, {name...} (one or more segments, joined by '/'). Literals win over {name}, which wins over
 * {name...}, from the left. A GET route serves HEAD too, unless there is a HEAD route: the body
 * of the answer is then dropped on the way out.
 *
 * One route may have the method OPTIONS and the pattern "*": it serves OPTIONS of every path that
 * has a route.
 */
#ifndef GATEWAY_EDGE_ROUTE_H
#define GATEWAY_EDGE_ROUTE_H

#include <stddef.h>

struct exchange;
struct route_context; /* what a worker owns (database connection, ...); defined by gateway/api */

typedef void route_fn(struct exchange *exchange, struct route_context *context);

enum body_kind {
	BODY_NONE,   /* a request with a body is answered 413 */
	BODY_BUFFER, /* read whole, at most body_max bytes, before `run`: exchange_body() */
	BODY_STREAM, /* `run` takes it with exchange_pump_body() */
};

struct route {
	const char *method;  /* "GET"; "*" is any method */
	const char *pattern; /* begins with '/' */
	const char *right;   /* "weights:read", "public", ...: checked by the api's `before` */
	enum body_kind body;
	size_t body_max; /* bytes; BODY_STREAM: 0 is no ceiling here */
	route_fn *run;
};

#endif
