/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* memfd_create, sched_getaffinity */
#include "gateway/porter/ring.h"

#include <assert.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "crypto/base/log.h"

enum { THREAD_STACK = 256 * 1024 };

struct ring {
	struct transfers *transfers;
	const struct process *process;
	struct channel channel;
	uint32_t id; /* in transfers */
	uint8_t *pool;
	uint32_t segments;
	atomic_bool *is_filling; /* of each segment */
	atomic_bool is_over;
	atomic_uint threads; /* the last one frees it */
};

static size_t pool_size(const struct ring *r)
{
	return (size_t)r->segments * WIRE_SEGMENT;
}

static void ring_free(struct ring *r)
{
	transfers_end_ring(r->transfers, r->id);
	if (r->pool)
		munmap(r->pool, pool_size(r));
	channel_close(&r->channel);
	free(r->is_filling);
	free(r);
}

/* Plaintext lies here: never in a core, not in the swap if we may prevent it. */
static void keep_private(const struct ring *r)
{
	static atomic_bool has_warned;

	(void)madvise(r->pool, pool_size(r), MADV_DONTDUMP);
	if (mlock(r->pool, pool_size(r)) != 0 && !atomic_exchange(&has_warned, true))
		log_warn("sandbox.partial", "part=memlock what=\"plaintext may reach the swap\"");
}

/* Our own mapping comes before the seals: after them nobody gets another one to write, and nobody
 * can cut the memory off below who reads it. */
static enum err make_pool(int *memory, struct ring *r)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL;
	void *pool;

	*memory = memfd_create("sallyport-pool", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*memory < 0 || ftruncate(*memory, (off_t)pool_size(r)) != 0)
		return failure_errno("ring: no memory to share");
	pool = mmap(NULL, pool_size(r), PROT_READ | PROT_WRITE, MAP_SHARED, *memory, 0);
	if (pool == MAP_FAILED)
		return failure_errno("ring: the pool cannot be mapped");
	r->pool = pool;
	keep_private(r);
	if (fcntl(*memory, F_ADD_SEALS, seals) != 0)
		return failure_errno("ring: the pool cannot be sealed");
	return OK;
}

static enum err hand_over_pool(struct ring *r)
{
	AUTO(file_close) int memory = -1;
	AUTO(buf_free) struct buf body = buf_new(16);

	TRY(make_pool(&memory, r));
	wire_write_ring_pool(&body, &(struct wire_ring_pool){r->segments, WIRE_SEGMENT});
	return channel_send(&r->channel, WIRE_RING_POOL, 0, buf_slice(&body), memory);
}

static enum err answer(const struct ring *r, const struct wire_ring_fill *fill, enum err result)
{
	AUTO(buf_free) struct buf body = buf_new(16);

	wire_write_ring_filled(&body,
			       &(struct wire_ring_filled){fill->transfer, fill->segment, result});
	return channel_send(&r->channel, WIRE_RING_FILLED, 0, buf_slice(&body), -1);
}

/* A transfer that is not there (any more) is an answer; a range outside it is a broken rule. */
static enum err fill_segment(struct ring *r, struct age_reader *reader,
			     const struct wire_ring_fill *fill)
{
	struct transfer *transfer = transfers_use(r->transfers, r->id, fill->transfer);
	uint8_t *out = r->pool + (size_t)fill->segment * WIRE_SEGMENT;
	bool is_covered;
	enum err result;

	if (!transfer) {
		atomic_store(&r->is_filling[fill->segment], false);
		return answer(r, fill, ERR_NOT_FOUND);
	}
	is_covered = transfer_covers(transfer, fill->offset, fill->length);
	result = is_covered ? transfer_read(transfer, reader, out, fill->offset, fill->length) : OK;
	transfers_release(r->transfers, transfer);
	atomic_store(&r->is_filling[fill->segment], false);
	if (!is_covered)
		return failure(ERR_DENIED, "ring: a fill outside of its transfer");
	if (result != OK)
		log_warn("porter.failed", "kind=%s why=\"%s\"", err_name(result), failure_text());
	return answer(r, fill, result);
}

static enum err on_fill(struct ring *r, struct age_reader *reader, struct slice body)
{
	struct wire_ring_fill fill;

	TRY(wire_read_ring_fill(&fill, body));
	if (fill.segment >= r->segments || fill.length == 0 || fill.length > WIRE_SEGMENT)
		return failure(ERR_DENIED, "ring: segment %u, %u bytes: there is no such place",
			       fill.segment, fill.length);
	if (atomic_exchange(&r->is_filling[fill.segment], true))
		return failure(ERR_DENIED, "ring: two fills of segment %u at once", fill.segment);
	return fill_segment(r, reader, &fill);
}

static enum err on_close(struct ring *r, struct slice body)
{
	struct wire_ring_close message;

	TRY(wire_read_ring_close(&message, body));
	transfers_close(r->transfers, r->id, message.transfer);
	return OK;
}

static enum err serve_one(struct ring *r, struct age_reader *reader, struct channel_inbox *inbox)
{
	struct frame frame;

	TRY(channel_receive(&r->channel, inbox, &frame, CHANNEL_FOREVER));
	if (frame.type == WIRE_RING_FILL)
		return on_fill(r, reader, frame.body);
	if (frame.type == WIRE_RING_CLOSE)
		return on_close(r, frame.body);
	file_close(&frame.fd);
	return failure(ERR_DENIED, "%s is not for a ring", wire_name(frame.type));
}

/* The first thread that meets the end says why, and wakes the others to it. */
static void end(struct ring *r, enum err why)
{
	if (atomic_exchange(&r->is_over, true))
		return;
	if (why != ERR_CLOSED) {
		log_warn("peer.refused", "role=edge index=%u why=\"%s\"", r->channel.index,
			 failure_text());
		process_refuse(r->process, &r->channel);
	}
	(void)shutdown(r->channel.fd, SHUT_RDWR);
}

static void *run(void *context)
{
	struct ring *r = context;
	struct channel_inbox *inbox = malloc(sizeof *inbox);
	struct age_reader *reader = NULL;
	enum err result = age_reader_new(&reader);

	assert(inbox);
	while (result == OK)
		result = serve_one(r, reader, inbox);
	end(r, result);
	age_reader_free(reader);
	free(inbox);
	if (atomic_fetch_sub(&r->threads, 1) == 1)
		ring_free(r);
	return NULL;
}

/* Counted before it runs: a ring must not end while its threads are being started. */
static bool start_thread(struct ring *r)
{
	pthread_attr_t attributes;
	pthread_t thread;
	bool good;

	atomic_fetch_add(&r->threads, 1);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, THREAD_STACK);
	good = pthread_create(&thread, &attributes, run, r) == 0;
	pthread_attr_destroy(&attributes);
	if (!good)
		atomic_fetch_sub(&r->threads, 1);
	return good;
}

/* One a core: on two, edge and client often share one, and then it is a thread of ours on the other
 * that must have work. */
static unsigned threads_wanted(void)
{
	cpu_set_t cores;
	int count = sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;

	return count < 1 ? 1 : count < RING_MAX_THREADS ? (unsigned)count : RING_MAX_THREADS;
}

static struct ring *ring_new(struct transfers *t, const struct process *p,
			     const struct channel *edge, int fd)
{
	struct ring *r = calloc(1, sizeof *r);

	assert(r);
	*r = (struct ring){.transfers = t, .process = p, .channel = *edge};
	r->channel.fd = fd;
	r->segments = (uint32_t)((uint64_t)process_settings(p)->pool_mib * 1024 * 1024 /
				 WIRE_SEGMENT);
	r->is_filling = calloc(r->segments, sizeof *r->is_filling);
	assert(r->is_filling);
	r->id = transfers_begin_ring(t, edge->index);
	return r;
}

enum err ring_begin(struct transfers *t, const struct process *p, const struct channel *edge,
		    int fd)
{
	struct ring *r = ring_new(t, p, edge, fd);
	enum err result = hand_over_pool(r);
	unsigned started = 0;

	atomic_store(&r->threads, 1); /* ourselves */
	while (result == OK && started < threads_wanted() && start_thread(r))
		started++;
	if (result == OK && started == 0)
		result = failure(ERR_UNAVAILABLE, "ring: no threads");
	if (atomic_fetch_sub(&r->threads, 1) == 1)
		ring_free(r);
	return result;
}
