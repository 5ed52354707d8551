/* SPDX-License-Identifier: Apache-2.0 */
/* Calls, from any thread: to send, to wait, to let go. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "crypto/base/clock.h"
#include "gateway/proc/rpc_parts.h"
#include "schema/wire/control.h"

void rpc_reply_clear(struct rpc_reply *r)
{
	buf_free(&r->body);
	*r = (struct rpc_reply){0};
}

/* The descriptor is duplicated, since the thread may close the peer's own at any time. */
static enum err borrow_channel(struct rpc *r, enum role role, unsigned index, struct channel *out)
{
	const struct peer *peer = peers_find(&r->peers, role, index);

	if (!peer)
		return failure(ERR_UNAVAILABLE, "the %s is away, try again", role_name(role));
	return channel_duplicate(out, &peer->channel);
}

static enum err enlist(struct rpc *r, struct rpc_stream *s)
{
	for (unsigned i = 0; i < RPC_MAX_CALLS; i++) {
		uint32_t call = ++r->last_call;

		if (call == 0 || r->calls[call % RPC_MAX_CALLS])
			continue;
		s->call = call;
		r->calls[call % RPC_MAX_CALLS] = s;
		return OK;
	}
	return failure(ERR_LIMIT, "more than %d calls are under way", RPC_MAX_CALLS);
}

static struct rpc_stream *stream_new(struct rpc *r, enum role role, unsigned index,
				     enum wire_type type)
{
	struct rpc_stream *s = rpc_memory(sizeof *s);
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&s->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	s->bell = &s->changed;
	s->rpc = r;
	s->role = role;
	s->index = index;
	s->type = type;
	s->last = &s->first;
	return s;
}

void rpc_stream_free(struct rpc_stream *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->rpc->lock);
	if (s->call && s->rpc->calls[s->call % RPC_MAX_CALLS] == s)
		s->rpc->calls[s->call % RPC_MAX_CALLS] = NULL;
	pthread_mutex_unlock(&s->rpc->lock);
	while (s->first) {
		struct answer *a = s->first;

		s->first = a->next;
		rpc_reply_clear(&a->reply);
		free(a);
	}
	pthread_cond_destroy(&s->changed);
	free(s);
}

/* A peer that went away while we sent to it is away, whatever the error was called. */
static enum err send_over(struct channel *c, enum wire_type type, uint32_t call, struct slice body,
			  int fd)
{
	enum err result = channel_send(c, type, call, body, fd);

	channel_close(c);
	if (result == ERR_CLOSED)
		return failure(ERR_UNAVAILABLE, "the %s is away, try again", role_name(c->peer));
	return result;
}

enum err rpc_open_stream(struct rpc_stream **out, struct rpc *r, enum role role, unsigned index,
			 enum wire_type type, struct slice body, int fd)
{
	AUTO(rpc_stream_auto) struct rpc_stream *s = stream_new(r, role, index, type);
	struct channel channel = {.fd = -1};
	enum err result;

	pthread_mutex_lock(&r->lock);
	result = borrow_channel(r, role, index, &channel);
	if (result == OK)
		result = enlist(r, s);
	pthread_mutex_unlock(&r->lock);
	if (result != OK) {
		channel_close(&channel);
		return result;
	}
	TRY(send_over(&channel, type, s->call, body, fd));
	*out = s;
	s = NULL;
	return OK;
}

enum err rpc_note(struct rpc *r, enum role role, unsigned index, enum wire_type type,
		  struct slice body)
{
	struct channel channel = {.fd = -1};
	enum err result;

	pthread_mutex_lock(&r->lock);
	result = borrow_channel(r, role, index, &channel);
	pthread_mutex_unlock(&r->lock);
	TRY(result);
	return send_over(&channel, type, 0, body, -1);
}

uint32_t rpc_stream_call(const struct rpc_stream *s)
{
	return s->call;
}

static enum err say_why(const struct rpc_stream *s)
{
	const char *role = role_name(s->role);

	if (s->failure == ERR_UNAVAILABLE)
		return failure(ERR_UNAVAILABLE, "the %s went away, try again", role);
	if (s->failure == ERR_LIMIT)
		return failure(ERR_UNAVAILABLE,
			       "the %s's answer waited too long for its reader, try again", role);
	if (s->failure == ERR_DENIED)
		return failure(ERR_DENIED, "the %s gave a wrong answer to %s", role,
			       wire_name(s->type));
	return failure(ERR_CLOSED, "%s was answered already", wire_name(s->type));
}

static struct timespec deadline_of(int timeout_ms)
{
	int64_t at = clock_monotonic_ms() + timeout_ms;

	return (struct timespec){.tv_sec = at / 1000, .tv_nsec = at % 1000 * 1000000};
}

/* With the lock held, and something there: an answer, or why there is none. */
static enum err take_answer(struct rpc_stream *s, struct answer **out)
{
	if (!s->first)
		return say_why(s);
	*out = s->first;
	s->first = s->first->next;
	if (!s->first)
		s->last = &s->first;
	s->queued--;
	s->queued_bytes -= (*out)->reply.body.size;
	return OK;
}

/* The first with something, behind the place `after`; `count` if there is none. */
static unsigned find_ready(struct rpc_stream *const *streams, unsigned count, unsigned after)
{
	for (unsigned i = 1; i <= count; i++) {
		const struct rpc_stream *s = streams[(after + i) % count];

		if (s && (s->first || s->finished))
			return (after + i) % count;
	}
	return count;
}

/* All ring here, or each at its own again. */
static void hang_bells(struct rpc_stream *const *streams, unsigned count, pthread_cond_t *bell)
{
	for (unsigned i = 0; i < count; i++)
		if (streams[i])
			streams[i]->bell = bell ? bell : &streams[i]->changed;
}

static struct rpc_stream *any_of(struct rpc_stream *const *streams, unsigned count)
{
	unsigned i = 0;

	while (i < count && !streams[i])
		i++;
	assert(i < count);
	return streams[i];
}

/* With the lock held: waits for one of them. */
static enum err await_any(struct rpc_stream *const *streams, unsigned count, unsigned *which,
			  int timeout_ms)
{
	struct timespec deadline = deadline_of(timeout_ms);
	struct rpc_stream *s = any_of(streams, count);
	unsigned ready;
	int error = 0;

	hang_bells(streams, count, &s->changed);
	while ((ready = find_ready(streams, count, *which)) == count && error != ETIMEDOUT)
		error = timeout_ms < 0
				? pthread_cond_wait(&s->changed, &s->rpc->lock)
				: pthread_cond_timedwait(&s->changed, &s->rpc->lock, &deadline);
	hang_bells(streams, count, NULL);
	if (ready == count)
		return failure(ERR_TIMEOUT, "%s: the %s took longer than %d ms", wire_name(s->type),
			       role_name(s->role), timeout_ms);
	*which = ready;
	return OK;
}

static enum err read_fail(struct rpc_reply *reply)
{
	struct wire_fail fail;

	TRY(wire_read_fail(&fail, buf_slice(&reply->body)));
	snprintf(reply->code, sizeof reply->code, "%.*s", SLICE_PRINT(fail.code));
	return failure(fail.kind, "%.*s", SLICE_PRINT(fail.text));
}

enum err rpc_next_of(struct rpc_stream *const *streams, unsigned count, unsigned *which,
		     struct rpc_reply *out, int timeout_ms)
{
	struct answer *a = NULL;
	struct rpc *r = any_of(streams, count)->rpc;
	enum err result;

	*out = (struct rpc_reply){0};
	pthread_mutex_lock(&r->lock);
	result = await_any(streams, count, which, timeout_ms);
	if (result == OK)
		result = take_answer(streams[*which], &a);
	pthread_mutex_unlock(&r->lock);
	TRY(result);
	*out = a->reply;
	free(a);
	return out->type == WIRE_FAIL ? read_fail(out) : OK;
}

enum err rpc_await_of(struct rpc_stream *const *streams, unsigned count, unsigned which,
		      int timeout_ms)
{
	struct rpc *r = any_of(streams, count)->rpc;
	enum err result;

	pthread_mutex_lock(&r->lock);
	result = await_any(streams, count, &which, timeout_ms);
	pthread_mutex_unlock(&r->lock);
	return result;
}

enum err rpc_next(struct rpc_stream *s, struct rpc_reply *out, int timeout_ms)
{
	unsigned which = 0;

	return rpc_next_of(&s, 1, &which, out, timeout_ms);
}

enum err rpc_call(struct rpc *r, enum role role, unsigned index, enum wire_type type,
		  struct slice body, int fd, struct rpc_reply *out, int timeout_ms)
{
	AUTO(rpc_stream_auto) struct rpc_stream *s = NULL;

	*out = (struct rpc_reply){0};
	TRY(rpc_open_stream(&s, r, role, index, type, body, fd));
	TRY(rpc_next(s, out, timeout_ms));
	if (wire_kind_of(out->type) == WIRE_PART)
		return failure(ERR_DENIED, "%s has answers in parts: use a stream",
			       wire_name(type));
	return OK;
}
