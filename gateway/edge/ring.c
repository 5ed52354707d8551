/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/edge/ring.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "crypto/base/file.h"
#include "crypto/base/log.h"
#include "gateway/edge/connection.h"
#include "gateway/proc/channel.h"
#include "schema/wire/porter.h"

_Static_assert((int)POOL_SEGMENT == (int)WIRE_SEGMENT, "both ends speak of the same segments");

enum { FRAMES_A_TURN = 64 };

struct ring {
	struct ring *next;
	struct loop *loop;
	struct watch watch;
	struct channel channel;
	unsigned porter;
	uint32_t id;
	const uint8_t *memory;
	size_t memory_size;
	struct pool *pool;
	bool must_break; /* at the next look: whoever found out was in the middle of something */
	bool is_broken;
};

static void ring_free(struct ring *r)
{
	pool_free(r->pool);
	if (r->memory)
		munmap((void *)(uintptr_t)r->memory, r->memory_size);
	channel_close(&r->channel);
	free(r);
}

/* Memory that can neither be cut off below us nor be written by us. */
static enum err map_pool(struct ring *r, const struct wire_ring_pool *pool, int fd)
{
	const int needed = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE;
	size_t size = (size_t)pool->segments * WIRE_SEGMENT;
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat status;
	void *memory;

	if (pool->segment_size != WIRE_SEGMENT || pool->segments == 0 ||
	    pool->segments > WIRE_MAX_SEGMENTS)
		return failure(ERR_DENIED, "ring: a pool of %u segments of %u bytes",
			       pool->segments, pool->segment_size);
	if (seals < 0 || (seals & needed) != needed)
		return failure(ERR_DENIED, "ring: the pool is not sealed as it must be");
	if (fstat(fd, &status) != 0 || (uint64_t)status.st_size != size)
		return failure(ERR_DENIED, "ring: the pool is not as large as it is said to be");
	memory = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return failure_errno("ring: the pool cannot be mapped");
	(void)madvise(memory, size, MADV_DONTDUMP); /* plaintext */
	r->memory = memory;
	r->memory_size = size;
	r->pool = pool_new(pool->segments);
	return OK;
}

/* The pool was sent before the worker heard that the ring is open, so it is there. */
static enum err take_pool(struct ring *r)
{
	struct wire_ring_pool pool;
	struct frame frame;
	enum err result;

	TRY(channel_receive(&r->channel, r->loop->inbox, &frame, 0));
	if (frame.type == WIRE_RING_POOL)
		result = wire_read_ring_pool(&pool, frame.body);
	else
		result = failure(ERR_DENIED, "ring: %s instead of a pool", wire_name(frame.type));
	if (result == OK)
		result = map_pool(r, &pool, frame.fd);
	file_close(&frame.fd);
	return result;
}

static enum err watch(struct ring *r)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = &r->watch};

	if (epoll_ctl(r->loop->epoll_fd, EPOLL_CTL_ADD, r->channel.fd, &event) < 0)
		return failure_errno("ring: epoll");
	return OK;
}

/* A porter that is gone is one thing; one that breaks a rule must be started anew. */
static void report(struct ring *r, enum err why)
{
	const struct edge_options *options = &r->loop->shared->options;

	log_warn("ring.lost", "porter=%u why=\"%s\"", r->porter, failure_text());
	ring_desk_forget(&r->loop->shared->ring_desk, r->porter, r->id);
	if (why != ERR_CLOSED && options->porter_refused)
		options->porter_refused(options->shared, r->porter);
}

/* Out of the list, and all that are fed from it are told. It is freed at the end of the round. */
static void ring_break(struct ring *r, enum err why)
{
	struct ring **link = &r->loop->rings;
	struct feed *f;

	if (r->is_broken)
		return;
	r->is_broken = true;
	report(r, why);
	channel_close(&r->channel); /* leaves epoll with it */
	while (*link != r)
		link = &(*link)->next;
	*link = r->next;
	r->next = r->loop->broken_rings;
	r->loop->broken_rings = r;
	while ((f = pool_first_feed(r->pool)) != NULL) {
		struct stream *s = f->owner;

		feed_end(f); /* it stays attached to a broken ring: its next step cuts the answer */
		s->kind->wake(s);
	}
}

static void begin(struct loop *loop, const struct ring_arrival *arrival)
{
	struct ring *r = calloc(1, sizeof *r);
	enum err result;

	assert(r);
	*r = (struct ring){.loop = loop, .porter = arrival->porter, .id = arrival->id};
	r->watch = (struct watch){.kind = WATCH_RING, .ring = r};
	r->channel = (struct channel){arrival->fd, ROLE_EDGE, ROLE_PORTER, arrival->porter};
	result = take_pool(r);
	if (result == OK)
		result = watch(r);
	if (result == OK) {
		r->next = loop->rings;
		loop->rings = r;
		return;
	}
	report(r, result);
	ring_free(r);
}

void ring_take_arrivals(struct loop *loop)
{
	struct ring_arrival *arrival;

	while ((arrival = ring_desk_take(&loop->shared->ring_desk)) != NULL) {
		begin(loop, arrival);
		free(arrival);
	}
}

static enum err send_fill(struct ring *r, const struct pool_fill *fill)
{
	AUTO(buf_free) struct buf body = buf_new(32);

	wire_write_ring_fill(&body, &(struct wire_ring_fill){.transfer = fill->transfer,
							     .offset = fill->offset,
							     .segment = fill->segment,
							     .length = fill->length});
	return channel_send_now(&r->channel, WIRE_RING_FILL, 0, buf_slice(&body));
}

static enum err on_filled(struct ring *r, const struct frame *frame)
{
	struct wire_ring_filled filled;
	struct feed *f;

	if (frame->type != WIRE_RING_FILLED)
		return failure(ERR_DENIED, "ring: %s is not an answer", wire_name(frame->type));
	TRY(wire_read_ring_filled(&filled, frame->body));
	if (!pool_filled(r->pool, &f, filled.segment, filled.result == OK, r->loop->now_ms))
		return failure(ERR_DENIED, "ring: nobody asked to fill segment %u", filled.segment);
	if (filled.result != OK && f)
		log_warn("ring.failed", "porter=%u kind=%s", r->porter, err_name(filled.result));
	if (f) {
		struct stream *s = f->owner;

		s->kind->wake(s);
	}
	return OK;
}

/* Waking a stream may find the ring broken when it asks for more. */
void ring_readable(struct ring *r)
{
	enum err result = OK;

	for (int i = 0; i < FRAMES_A_TURN && result == OK && !r->is_broken; i++) {
		struct frame frame;

		result = channel_receive(&r->channel, r->loop->inbox, &frame, 0);
		if (result == OK) {
			result = on_filled(r, &frame);
			file_close(&frame.fd);
		}
	}
	if (result != OK && result != ERR_TIMEOUT)
		ring_break(r, result);
}

/* True: some feed of it goes on waiting. */
static bool serve_waiting(struct ring *r)
{
	struct pool_fill fill;

	while (!r->must_break && pool_serve(r->pool, &fill, r->loop->now_ms))
		r->must_break = send_fill(r, &fill) != OK;
	if (r->must_break)
		ring_break(r, ERR_DENIED);
	return !r->is_broken && pool_is_waited_for(r->pool);
}

bool ring_serve_waiting(struct loop *loop)
{
	bool some_wait = false;

	for (struct ring *r = loop->rings, *next; r; r = next) {
		next = r->next;
		some_wait |= serve_waiting(r);
	}
	return some_wait;
}

void ring_free_broken(struct loop *loop)
{
	struct ring *r;

	while ((r = loop->broken_rings) != NULL) {
		loop->broken_rings = r->next;
		ring_free(r);
	}
}

void ring_free_all(struct loop *loop)
{
	struct ring *r;

	while ((r = loop->rings) != NULL) {
		loop->rings = r->next;
		ring_free(r);
	}
	ring_free_broken(loop);
}

static struct ring *find(const struct loop *loop, uint32_t id)
{
	struct ring *r = loop->rings;

	while (r && r->id != id)
		r = r->next;
	return r;
}

bool ring_attach(struct stream *s)
{
	const struct exchange_file *file = &s->exchange->file;

	s->ring = find(s->loop, file->ring);
	if (!s->ring)
		return false;
	feed_begin(&s->feed, s->ring->pool, file->transfer, file->offset, file->length, s);
	return true;
}

void ring_detach(struct stream *s)
{
	feed_end(&s->feed);
	s->ring = NULL;
}

bool ring_ask(struct stream *s)
{
	struct pool_fill fill;

	if (feed_left(&s->feed) == 0)
		return true; /* whatever has become of the ring */
	if (!s->feed.pool || s->feed.has_failed)
		return false;
	while (feed_ask(&s->feed, &fill, s->loop->now_ms))
		if (send_fill(s->ring, &fill)) {
			feed_end(&s->feed);
			s->ring->must_break = true;
			return false;
		}
	return true;
}

struct slice ring_bytes(const struct stream *s)
{
	size_t position, size = s->feed.pool ? feed_ready(&s->feed, &position) : 0;

	return size ? slice_of(s->ring->memory + position, size) : S("");
}

void ring_take(struct stream *s, size_t size)
{
	feed_take(&s->feed, size, s->loop->now_ms);
}

void ring_close_transfer(struct loop *loop, const struct exchange_file *file)
{
	AUTO(buf_free) struct buf body = buf_new(16);
	struct ring *r = find(loop, file->ring);

	if (!r)
		return;
	wire_write_ring_close(&body, &(struct wire_ring_close){file->transfer});
	if (channel_send_now(&r->channel, WIRE_RING_CLOSE, 0, buf_slice(&body)))
		r->must_break = true;
}
