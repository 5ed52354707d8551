/* SPDX-License-Identifier: Apache-2.0 */
/* A client's bytes into a session with a worker: it keeps its ceilings and forgets no exchange. */
#include <assert.h>
#include <stdlib.h>

#include "gateway/edge/h2.h"
#include "tests/fuzz/fuzz.h"

static void problem(struct buf *out, unsigned status, const char *reason, const char *id,
		    struct slice path)
{
	(void)status, (void)id, (void)path;
	buf_write_string(out, reason);
}

static void run(struct exchange *x, struct route_context *context)
{
	(void)context;
	exchange_answer(x, 200, "text/plain", exchange_body(x));
}

static void take_mail(struct loop *loop)
{
	for (struct exchange *x; (x = mailbox_take(&loop->shared->mailbox)) != NULL;)
		if (x->stream)
			x->stream->kind->wake(x->stream);
		else if (x->is_finished)
			connection_retire(loop, x);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct route routes[] = {{"*", "/body", "public", BODY_BUFFER, 50000, run}};
	const struct edge_options options = {.routes = routes,
					     .problem = problem,
					     .workers = 1,
					     .body_memory_max = 1 << 20,
					     .max_connections = 64,
					     .queue_ms = 10000};
	struct edge_shared shared = {.options = options};
	struct loop loop = {.shared = &shared, .epoll_fd = -1};
	/* Closed for the loop: what wakes it does not look for its socket. */
	struct connection c = {.loop = &loop, .state = STATE_CLOSED, .sending = buf_new(1 << 20)};
	AUTO(buf_free) struct buf out = buf_new(64 << 20);
	struct h2 *h2 = h2_new(&c);

	assert(router_new(&loop.router, routes, 1) == OK && mailbox_init(&shared.mailbox) == OK);
	assert(workers_start(&loop.workers, &shared) == OK);
	for (size_t at = 0; at < size; at += 1000, take_mail(&loop))
		if (h2_receive(h2, slice_part(slice_of(data, size), at, 1000)) != OK ||
		    h2_collect(h2, &out, 1 << 20) != OK)
			break;
	assert(atomic_load(&shared.exchanges) <= 64 && loop.body_memory <= 1 << 20);
	h2_free(h2);
	workers_stop(loop.workers); /* after what it has in its queue */
	take_mail(&loop);
	assert(atomic_load(&shared.exchanges) == 0 && loop.body_memory == 0);
	for (struct stream *s; (s = loop.dead_streams) != NULL; free(s))
		loop.dead_streams = s->next_dead;
	exchange_free_spare(&shared);
	mailbox_clear(&shared.mailbox);
	router_free(loop.router);
	return 0;
}
