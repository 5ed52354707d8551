/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edge.h - the server: one loop that moves bytes and never blocks, and a fixed pool of workers
 * that run routes. edge_run() is all of it; the routes, what a worker owns, and what is checked
 * before a route come from the caller.
 */
#ifndef GATEWAY_EDGE_EDGE_H
#define GATEWAY_EDGE_EDGE_H

#include "crypto/base/buf.h"
#include "gateway/edge/route.h"
#include "gateway/http/request.h"

/* Everything 0 or NULL that has a default gets it. */
struct edge_options {
	int listen_fd; /* already bound and listening; stays the caller's */
	int stop_fd;   /* readable (or closed at its other end): drain and return; -1: never */
	struct slice certificate;        /* PEM, the chain, leaf first */
	struct slice client_authorities; /* PEM; empty: clients are asked for no certificate */
	struct slice key; /* PEM; wiping it is up to the caller, it may do so in `started` */

	const struct route *routes;
	size_t route_count;

	/* Per worker thread: made and freed on that thread. NULL from worker_new stops the edge. */
	struct route_context *(*worker_new)(void *shared);
	void (*worker_free)(struct route_context *context);
	void *shared;

	/* On the worker, before a route's `run`: checks the right the route declares. False: it has
	 * answered, `run` is not called. */
	bool (*before)(struct exchange *exchange, struct route_context *context);

	/* Headers of every answer to this request, as whole lines, whoever makes it. Runs on the
	 * loop: it must be pure and quick. NULL: none. */
	void (*greet)(struct buf *headers, void *shared, const struct http_request *request);

	/* On the worker: this route begins its answer, nothing of it has left. Must be quick. */
	void (*answering)(const struct route *route, void *shared);

	/* On the loop: does this route answer at once, as a rule, and call exchange_may_wait()
	 * before it waits for anything (`before` included)? NULL: none does. */
	bool (*is_quick)(const struct route *route);

	/* The body of an answer made without a route (400, 404, 405, 408, 413, 503 ...). Runs on
	 * the loop: it must be pure and quick. NULL: the reason as plain text. */
	void (*problem)(struct buf *out, unsigned status, const char *reason,
			const char *request_id, struct slice path /* "" if it was not read */);
	const char *problem_content_type; /* default text/plain */

	/* On a worker: hand `fd` (it stays the edge's) to this porter as the channel of a ring, and
	 * wait until it has answered. NULL: there are no porters. */
	enum err (*ring_open)(void *shared, unsigned porter, int fd);
	/* On the loop: this porter broke a rule of its ring, and must be started anew. */
	void (*porter_refused)(void *shared, unsigned porter);

	/* On the loop, once: everything is set up. */
	void (*started)(void *shared);

	unsigned workers;         /* default 16 */
	unsigned max_connections; /* default 4096 */
	size_t body_memory_max;   /* all buffered bodies together; default 256 MiB, more is 503 */
	int head_ms;              /* for the handshake, and for a head; default 10000 */
	int idle_ms;              /* between requests; default 60000 */
	int progress_ms;          /* a body, an answer or a pipe must move on; default 30000 */
	int queue_ms;             /* waiting for a worker; default 30000, then 503 */
	int drain_ms;             /* after stop, for answers under way; default 10000 */
};

/*
 * Serve until stop_fd. Ignores SIGPIPE for the process. ERR_FORMAT: certificate, key or table of
 * routes (one without a right, two that match the same); ERR_UNAVAILABLE: a worker could not
 * start; ERR_IO.
 */
RESULT edge_run(const struct edge_options *options);

#endif
