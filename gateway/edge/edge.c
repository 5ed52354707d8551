/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/edge/edge.h"

#include <fcntl.h>
#include <signal.h>

#include "crypto/base/log.h"
#include "gateway/edge/loop.h"

static void plain_problem(struct buf *out, unsigned status, const char *reason,
			  const char *request_id, struct slice path)
{
	(void)status, (void)request_id, (void)path;
	buf_printf(out, "%s\n", reason);
}

static void fill_in(struct edge_options *options)
{
	const struct edge_options defaults = {
		.problem = plain_problem,
		.problem_content_type = "text/plain; charset=utf-8",
		.workers = 16,
		.max_connections = 4096,
		.body_memory_max = (size_t)256 * 1024 * 1024,
		.head_ms = 10000,
		.idle_ms = 60000,
		.progress_ms = 30000,
		.queue_ms = 30000,
		.drain_ms = 10000,
	};

#define DEFAULT(field) options->field = options->field ? options->field : defaults.field
	DEFAULT(problem);
	DEFAULT(problem_content_type);
	DEFAULT(workers);
	DEFAULT(max_connections);
	DEFAULT(body_memory_max);
	DEFAULT(head_ms);
	DEFAULT(idle_ms);
	DEFAULT(progress_ms);
	DEFAULT(queue_ms);
	DEFAULT(drain_ms);
#undef DEFAULT
}

static enum err prepare_listener(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return failure_errno("edge: the listening socket");
	return OK;
}

enum err edge_run(const struct edge_options *options)
{
	struct edge_shared shared = {.options = *options};
	AUTO(tls_context_auto) struct tls_context *tls = NULL;
	AUTO(router_auto) struct router *router = NULL;
	struct workers *workers;
	enum err result;

	fill_in(&shared.options);
	TRY(router_new(&router, options->routes, options->route_count));
	TRY(tls_context_new(&tls, options->certificate, options->key));
	if (options->client_authorities.size)
		TRY(tls_context_ask(tls, options->client_authorities));
	TRY(prepare_listener(options->listen_fd));
	signal(SIGPIPE, SIG_IGN); /* a vanished reader is an errno, not the end of the edge */
	TRY(mailbox_init(&shared.mailbox));
	ring_desk_init(&shared.ring_desk);
	result = workers_start(&workers, &shared);
	if (result == OK) {
		result = loop_run(&shared, router, tls, workers);
		workers_stop(workers);
		exchange_free_spare(&shared);
	}
	ring_desk_clear(&shared.ring_desk);
	mailbox_clear(&shared.mailbox);
	log_info("edge.stopped", "result=%s", err_name(result));
	return result;
}
