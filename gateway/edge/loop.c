/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/edge/loop.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "crypto/base/log.h"
#include "gateway/edge/ring.h"
#include "gateway/proc/channel.h"

enum {
	EVENTS = 256,  /* in one round */
	ACCEPTS = 64,  /* in one round */
	MAILS = 256,   /* in one round */
	SWEEP_MS = 50, /* deadlines are this exact */
	SEND_BUFFER = 512 *
		      1024, /* the kernel doubles it: what a revoked download may still hold */
};

static enum err watch(struct loop *loop, int fd, struct watch *watch, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
		return failure_errno("edge: epoll");
	return OK;
}

static void accepting(struct loop *loop, bool wanted)
{
	struct epoll_event event = {.events = wanted ? EPOLLIN : 0u,
				    .data.ptr = &loop->listener_watch};

	if (wanted == loop->is_accepting)
		return;
	loop->is_accepting = wanted;
	(void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, loop->shared->options.listen_fd, &event);
}

static void address_text(char out[EXCHANGE_ADDRESS], const struct sockaddr_storage *address)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	const struct sockaddr_in *four = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)address;

	out[0] = 0;
	if (address->ss_family == AF_INET)
		inet_ntop(AF_INET, &four->sin_addr, out, EXCHANGE_ADDRESS);
	else if (address->ss_family == AF_INET6 && memcmp(&six->sin6_addr, mapped, 12) == 0)
		inet_ntop(AF_INET, six->sin6_addr.s6_addr + 12, out, EXCHANGE_ADDRESS);
	else if (address->ss_family == AF_INET6)
		inet_ntop(AF_INET6, &six->sin6_addr, out, EXCHANGE_ADDRESS);
}

/* False: there is no other to accept for now. */
static bool accept_one(struct loop *loop)
{
	const int on = 1, send_buffer = SEND_BUFFER;
	struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
	socklen_t size = sizeof address;
	char text[EXCHANGE_ADDRESS];
	struct connection *c;
	int fd = accept4(loop->shared->options.listen_fd, (struct sockaddr *)&address, &size,
			 SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
		return true;
	if (fd < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
		log_warn("edge.accept", "errno=%d, pausing", errno);
		accepting(loop, false); /* out of descriptors or memory: until the next sweep */
		loop->next_sweep_ms = loop->now_ms + SWEEP_MS;
	}
	if (fd < 0)
		return false;
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer);
	address_text(text, &address);
	c = connection_new(loop, fd, text);
	if (c)
		connection_service(c);
	return true;
}

static void accept_some(struct loop *loop)
{
	unsigned max = loop->shared->options.max_connections;

	for (int i = 0; i < ACCEPTS && loop->connection_count < max; i++)
		if (!accept_one(loop))
			return;
	if (loop->connection_count >= max) {
		log_warn("edge.full", "connections=%u", loop->connection_count);
		accepting(loop, false);
	}
}

static void take_mail(struct loop *loop, struct exchange *x)
{
	if (x->is_finished && x->has_file)
		ring_take_arrivals(loop); /* it may be fed from one of them */
	if (x->is_done)
		exchange_free(x);
	else if (x->stream && stream_is_cut(x->stream))
		x->stream->kind->cut(x->stream);
	else if (x->stream)
		x->stream->kind->wake(x->stream);
	else if (x->is_finished && !x->is_retired)
		connection_retire(loop, x);
}

static void read_mail(struct loop *loop)
{
	struct mailbox *mailbox = &loop->shared->mailbox;
	int taken = 0;

	for (struct exchange *x; taken < MAILS && (x = mailbox_take(mailbox)) != NULL; taken++)
		take_mail(loop, x);
	ring_take_arrivals(loop);
}

static bool is_at_rest(const struct connection *c)
{
	return c->state == STATE_IDLE || c->state == STATE_HANDSHAKE ||
	       (c->state == STATE_HEAD && c->input.size == 0);
}

static void begin_drain(struct loop *loop)
{
	struct connection *next;

	if (loop->drain_deadline_ms)
		return;
	log_info("edge.draining", "connections=%u", loop->connection_count);
	atomic_store(&loop->shared->draining, true);
	loop->drain_deadline_ms = loop->now_ms + loop->shared->options.drain_ms;
	if (loop->drain_deadline_ms < loop->next_sweep_ms)
		loop->next_sweep_ms = loop->drain_deadline_ms;
	(void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, loop->shared->options.stop_fd, NULL);
	(void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, loop->shared->options.listen_fd, NULL);
	for (struct connection *c = loop->connections; c; c = next) {
		size_t sent;

		next = c->next;
		if (c->state == STATE_H2)
			h2_drain(c);
		if (!is_at_rest(c))
			continue;
		tls_finish(c->tls);
		(void)tls_flush(c->tls, &sent);
		connection_close(c);
	}
}

static void on_socket(struct connection *c, uint32_t events)
{
	uint32_t wanted = (c->wants_read ? EPOLLIN : 0u) | (c->wants_write ? EPOLLOUT : 0u);

	c->is_readable = events & EPOLLIN;
	/* A client that shut its side while it waits for an answer is taken for gone. */
	if (events & (EPOLLHUP | EPOLLERR) || (events & EPOLLRDHUP && c->wants_hangup))
		connection_close(c);
	else if (events & wanted)
		connection_service(c);
	else
		connection_rearm(c);
}

static void on_event(struct loop *loop, const struct epoll_event *event)
{
	struct watch *watch = event->data.ptr;

	switch (watch->kind) {
	case WATCH_LISTENER:
		accept_some(loop);
		break;
	case WATCH_MAIL: /* read in every round */
		break;
	case WATCH_STOP:
		begin_drain(loop);
		break;
	case WATCH_SOCKET:
		on_socket(watch->connection, event->events);
		break;
	case WATCH_PIPE:
		watch->stream->kind->wake(watch->stream);
		break;
	case WATCH_RING:
		ring_readable(watch->ring);
		break;
	}
}

/* Expire what is due and find the next time to look. */
static void sweep(struct loop *loop)
{
	bool drain_is_over = loop->drain_deadline_ms && loop->now_ms >= loop->drain_deadline_ms;
	struct connection *next;

	loop->next_sweep_ms = INT64_MAX;
	for (struct connection *c = loop->connections; c; c = next) {
		next = c->next;
		if (drain_is_over)
			connection_reset(c);
		else if (c->deadline_ms && c->deadline_ms <= loop->now_ms)
			connection_expire(c);
		if (c->deadline_ms && c->deadline_ms < loop->next_sweep_ms)
			loop->next_sweep_ms = c->deadline_ms;
	}
	if (loop->drain_deadline_ms && loop->drain_deadline_ms < loop->next_sweep_ms)
		loop->next_sweep_ms = loop->drain_deadline_ms;
	if (loop->next_sweep_ms < loop->now_ms + SWEEP_MS)
		loop->next_sweep_ms = loop->now_ms + SWEEP_MS;
}

static void serve_yielded(struct loop *loop)
{
	struct connection *c = loop->yielded, *next;

	loop->yielded = NULL;
	for (; c; c = next) {
		next = c->next_other;
		c->has_yielded = false;
		connection_service(c);
	}
}

/* Not before the end of a round: an event of this round may still name them. */
static void free_closed(struct loop *loop)
{
	struct connection *c = loop->closed, *next;

	ring_free_broken(loop);
	for (struct stream *s; (s = loop->dead_streams) != NULL; free(s))
		loop->dead_streams = s->next_dead;
	loop->closed = NULL;
	for (; c; c = next) {
		next = c->next;
		if (c->has_yielded) {
			c->next = loop->closed;
			loop->closed = c;
			continue;
		}
		free(c);
	}
}

static int wait_ms(const struct loop *loop)
{
	int64_t left = loop->next_sweep_ms - loop->now_ms;

	if (loop->ring_is_short && left > POOL_PATIENCE_MS)
		left = POOL_PATIENCE_MS;
	if (loop->yielded || left <= 0)
		return 0;
	return left < 60000 ? (int)left : 60000;
}

static void run_round(struct loop *loop)
{
	struct epoll_event events[EVENTS];
	struct mailbox *mailbox = &loop->shared->mailbox;
	int timeout_ms = mailbox_sleep(mailbox) ? wait_ms(loop) : 0;
	int count = epoll_wait(loop->epoll_fd, events, EVENTS, timeout_ms);

	assert(count >= 0 || errno == EINTR);
	mailbox_rise(mailbox);
	loop->now_ms = clock_monotonic_ms();
	serve_yielded(loop);
	read_mail(loop);
	for (int i = 0; i < count; i++)
		on_event(loop, &events[i]);
	loop->ring_is_short = ring_serve_waiting(loop);
	if (loop->now_ms >= loop->next_sweep_ms)
		sweep(loop);
	workers_kick(loop->workers);
	free_closed(loop);
	if (!loop->drain_deadline_ms &&
	    loop->connection_count < loop->shared->options.max_connections)
		accepting(loop, true);
}

static bool is_over(const struct loop *loop)
{
	return loop->drain_deadline_ms && loop->connection_count == 0 &&
	       atomic_load(&loop->shared->exchanges) == 0;
}

static enum err set_up(struct loop *loop)
{
	const struct edge_options *options = &loop->shared->options;

	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0)
		return failure_errno("edge: no epoll");
	loop->now_ms = clock_monotonic_ms();
	loop->next_sweep_ms = INT64_MAX;
	loop->is_accepting = true;
	loop->listener_watch.kind = WATCH_LISTENER;
	loop->mail_watch.kind = WATCH_MAIL;
	loop->stop_watch.kind = WATCH_STOP;
	/* Each write is an event of its own, so nobody needs to read it. */
	TRY(watch(loop, loop->shared->mailbox.wake_fd, &loop->mail_watch, EPOLLIN | EPOLLET));
	if (options->stop_fd >= 0)
		TRY(watch(loop, options->stop_fd, &loop->stop_watch, EPOLLIN));
	return watch(loop, options->listen_fd, &loop->listener_watch, EPOLLIN);
}

enum err loop_run(struct edge_shared *shared, struct router *router, struct tls_context *tls,
		  struct workers *workers)
{
	struct loop loop = {.shared = shared, .router = router, .tls = tls, .workers = workers};
	enum err result = set_up(&loop);

	loop.scratch = malloc(LOOP_SCRATCH);
	loop.inbox = malloc(sizeof *loop.inbox);
	assert(loop.scratch && loop.inbox);
	if (result == OK && shared->options.started)
		shared->options.started(shared->options.shared);
	while (result == OK && !is_over(&loop))
		run_round(&loop);
	free_closed(&loop);
	ring_free_all(&loop);
	free(loop.inbox);
	free(loop.scratch);
	file_close(&loop.epoll_fd);
	return result;
}
