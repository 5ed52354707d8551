/* SPDX-License-Identifier: Apache-2.0 */
/*
 * router.h - finds the route of a request. The table is checked once, at the start; see route.h
 * for the patterns.
 */
#ifndef GATEWAY_EDGE_ROUTER_H
#define GATEWAY_EDGE_ROUTER_H

#include "gateway/edge/route.h"
#include "gateway/http/request.h"

enum { ROUTER_MAX_SEGMENTS = 16, ROUTER_MAX_PARAMS = 8, ROUTER_MAX_ALLOW = 128 };

struct router;

struct router_param {
	struct slice name;  /* borrowed from the pattern */
	struct slice value; /* borrowed from the request or the arena */
};

struct router_match {
	const struct route *route; /* NULL: no route for this path and method */
	struct router_param params[ROUTER_MAX_PARAMS];
	size_t param_count;
	char allow[ROUTER_MAX_ALLOW]; /* of OPTIONS, or if route is NULL: methods of this path; ""
				       * is a 404 */
};

/* Borrows `routes`. ERR_FORMAT, with the route named, for a table that must not start. */
RESULT router_new(struct router **out, const struct route *routes, size_t count);
void router_free(struct router *router);
AUTO_POINTER(router)

void router_find(const struct router *router, const struct http_request *request,
		 struct arena *arena, struct router_match *out);

#endif
