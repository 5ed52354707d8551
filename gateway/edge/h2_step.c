/* SPDX-License-Identifier: Apache-2.0 */
/* h2_step.c - frames between TLS and the session, and when to give up. */
#include "gateway/edge/h2.h"

enum { PLAIN_PIECE = 64 * 1024 }; /* encrypted at a time */

void h2_deadline(struct h2 *h2, int64_t *deadline_ms, int wait_ms)
{
	struct connection *c = h2->connection;
	int64_t due = wait_ms ? c->loop->now_ms + wait_ms : 0;

	*deadline_ms = due;
	if (due && (c->deadline_ms == 0 || due < c->deadline_ms))
		c->deadline_ms = due; /* never later than any: expire_h2() looks closer */
	if (due && due < c->loop->next_sweep_ms)
		c->loop->next_sweep_ms = due;
}

bool h2_begin(struct connection *c)
{
	c->h2 = h2_new(c);
	if (!c->h2)
		return false;
	connection_enter(c, STATE_H2);
	h2_deadline(c->h2, &c->h2->idle_deadline_ms, c->loop->shared->options.head_ms);
	return true;
}

static void end(struct connection *c)
{
	h2_free(c->h2);
	c->h2 = NULL;
	tls_finish(c->tls);
	connection_enter(c, STATE_LINGER);
}

/* Read for one turn. True: there may be more. */
static bool take_frames(struct connection *c)
{
	for (size_t turn = 0, got; turn < CONNECTION_TURN; turn += got) {
		if (h2_is_crowded(c->h2))
			return false; /* it makes us write and does not read */
		switch (tls_read(c->tls, c->loop->scratch, CONNECTION_READ, &got)) {
		case TLS_OK:
			break;
		case TLS_AGAIN:
			c->wants_read = true;
			return false;
		case TLS_CLOSED:
			connection_close(c);
			return false;
		}
		if (h2_receive(c->h2, slice_of(c->loop->scratch, got))) {
			connection_close(c);
			return false;
		}
	}
	return true;
}

/* Encrypt frames until enough is gathered. OK, or ERR_CLOSED; *some: there were any. */
static enum err gather(struct connection *c, bool *some)
{
	*some = false;
	while (tls_pending(c->tls) < TLS_GATHER) {
		TRY(h2_collect(c->h2, &c->sending, PLAIN_PIECE));
		if (c->sending.size == 0)
			return OK;
		if (tls_write(c->tls, buf_slice(&c->sending)) == TLS_CLOSED)
			return ERR_CLOSED;
		buf_reset(&c->sending);
		*some = true;
	}
	return OK;
}

/* Streams whose last bytes were encrypted before the flush, and have left by now. */
static void release_left(struct h2 *h2, uint64_t written)
{
	for (struct h2_stream *s = h2->leaving, *next; s; s = next) {
		next = s->next;
		if (s->mark == 0)
			s->mark = written;
		if (s->mark <= h2->flushed)
			h2_stream_left(s);
	}
}

static void watch_writing(struct connection *c, size_t moved)
{
	struct h2 *h2 = c->h2;

	h2->write_progress += moved;
	if (tls_pending(c->tls) == 0) {
		h2->write_deadline_ms = 0;
	} else if (h2->write_deadline_ms == 0 || h2->write_progress >= CONNECTION_PROGRESS) {
		h2->write_progress = 0;
		h2_deadline(h2, &h2->write_deadline_ms, c->loop->shared->options.progress_ms);
	}
}

/* Write for one turn. True: there may be more. */
static bool give_frames(struct connection *c)
{
	for (size_t turn = 0, moved = 0; turn < CONNECTION_TURN; turn += moved) {
		bool some;
		uint64_t written;
		enum tls_result result = gather(c, &some) ? TLS_CLOSED : TLS_OK;

		if (result == TLS_OK) {
			written = c->h2->flushed + tls_pending(c->tls);
			result = tls_flush(c->tls, &moved);
			c->h2->flushed += moved;
			release_left(c->h2, written);
			watch_writing(c, moved);
		}
		if (result == TLS_CLOSED) {
			connection_close(c);
			return false;
		}
		if (result == TLS_AGAIN)
			c->wants_write = true;
		if (result == TLS_AGAIN || (!some && moved == 0)) /* what left made room for more */
			return false;
	}
	return true;
}

/* Without streams: hold little, and not forever. */
static void rest(struct connection *c)
{
	struct h2 *h2 = c->h2;

	if (h2->streams || h2->leaving) {
		h2->idle_deadline_ms = 0;
	} else if (h2->idle_deadline_ms == 0) {
		tls_trim(c->tls, 0);
		buf_free(&c->sending);
		h2_deadline(h2, &h2->idle_deadline_ms, c->loop->shared->options.idle_ms);
	}
}

enum step step_h2(struct connection *c)
{
	bool more_in = take_frames(c);
	bool more_out = c->state == STATE_H2 && give_frames(c);

	if (c->state != STATE_H2)
		return STEP_WAIT;
	if (h2_is_over(c->h2)) {
		if (tls_pending(c->tls)) {
			c->wants_read = false;
			c->wants_write = c->wants_hangup = true;
			return STEP_WAIT;
		}
		end(c);
		return STEP_AGAIN;
	}
	rest(c);
	c->wants_hangup = true;
	if (!c->wants_read && !c->wants_write) /* it was crowded, and is not any more */
		return STEP_YIELD;
	return more_in || more_out ? STEP_YIELD : STEP_WAIT;
}

static bool is_due(const struct connection *c, int64_t deadline_ms)
{
	return deadline_ms && deadline_ms <= c->loop->now_ms;
}

static void sooner(struct connection *c, int64_t deadline_ms)
{
	if (deadline_ms && (c->deadline_ms == 0 || deadline_ms < c->deadline_ms))
		c->deadline_ms = deadline_ms;
}

void expire_h2(struct connection *c)
{
	struct h2 *h2 = c->h2;

	if (is_due(c, h2->write_deadline_ms)) {
		connection_reset(c);
		return;
	}
	c->deadline_ms = 0;
	if (is_due(c, h2->idle_deadline_ms)) {
		h2->idle_deadline_ms = 0;
		h2_go_away(h2);
	}
	for (struct h2_stream *s = h2->streams; s; s = s->next) {
		if (is_due(c, s->deadline_ms) && s->phase == H2_FIELDS) {
			connection_close(c); /* half a header block stops all streams */
			return;
		}
		if (is_due(c, s->deadline_ms))
			h2_stream_expire(s);
		sooner(c, s->deadline_ms);
	}
	sooner(c, h2->idle_deadline_ms);
	sooner(c, h2->write_deadline_ms);
}

void h2_drain(struct connection *c)
{
	h2_go_away(c->h2);
	connection_service(c);
}
