/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE /* memfd_create */
#include "tests/unit/gateway/edge/porter.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gateway/proc/channel.h"
#include "schema/wire/porter.h"
#include "tests/unit/test.h"

enum { POOL = PORTER_SEGMENTS * WIRE_SEGMENT };

struct end {
	struct porter *porter;
	struct channel channel;
	uint8_t *pool;
	struct channel_inbox inbox;
};

uint8_t porter_byte(uint64_t offset)
{
	return (uint8_t)(offset * 31 + offset / 251);
}

void porter_init(struct porter *p)
{
	*p = (struct porter){.rings = 0};
	pthread_mutex_init(&p->lock, NULL);
}

void porter_clear(struct porter *p)
{
	for (unsigned i = 0; i < p->rings; i++)
		pthread_join(p->threads[i], NULL);
	pthread_mutex_destroy(&p->lock);
}

static void answer(struct end *e, const struct wire_ring_fill *fill, enum err result)
{
	AUTO(buf_free) struct buf body = buf_new(16);

	wire_write_ring_filled(&body,
			       &(struct wire_ring_filled){fill->transfer, fill->segment, result});
	if (channel_send(&e->channel, WIRE_RING_FILLED, 0, buf_slice(&body), -1))
		print_message("the edge does not hear the porter\n");
}

/* False: it dies of it. */
static bool fill_segment(struct end *e, const struct wire_ring_fill *fill)
{
	bool has_it = fill->offset + fill->length <= (uint32_t)fill->transfer;

	atomic_fetch_add(&e->porter->fills, 1);
	for (uint32_t i = 0; has_it && i < fill->length; i++)
		e->pool[(size_t)fill->segment * WIRE_SEGMENT + i] = porter_byte(fill->offset + i);
	if (!has_it && fill->transfer & PORTER_DIES)
		return false;
	if (!has_it && fill->transfer & PORTER_STALLS)
		return true;
	answer(e, fill, has_it ? OK : ERR_FORGED);
	return true;
}

static void *serve(void *argument)
{
	struct end *e = argument;
	struct frame frame;
	struct wire_ring_fill fill;

	while (channel_receive(&e->channel, &e->inbox, &frame, CHANNEL_FOREVER) == OK) {
		if (frame.type == WIRE_RING_CLOSE)
			atomic_fetch_add(&e->porter->closed, 1);
		else if (wire_read_ring_fill(&fill, frame.body) != OK || !fill_segment(e, &fill))
			break;
	}
	channel_close(&e->channel);
	munmap(e->pool, POOL);
	free(e);
	return NULL;
}

static int make_pool(struct end *e)
{
	int memory = memfd_create("pool", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_int_equal(ftruncate(memory, POOL), 0);
	e->pool = mmap(NULL, POOL, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	assert_true(e->pool != MAP_FAILED);
	if (!atomic_load(&e->porter->is_careless))
		assert_int_equal(fcntl(memory, F_ADD_SEALS,
				       F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE),
				 0);
	return memory;
}

enum err porter_ring(struct porter *p, int fd)
{
	AUTO(buf_free) struct buf body = buf_new(16);
	struct end *e = calloc(1, sizeof *e);
	int memory;

	e->porter = p;
	memory = make_pool(e);
	e->channel = (struct channel){fcntl(fd, F_DUPFD_CLOEXEC, 0), ROLE_PORTER, ROLE_EDGE, 0};
	wire_write_ring_pool(&body, &(struct wire_ring_pool){PORTER_SEGMENTS, WIRE_SEGMENT});
	TRY(channel_send(&e->channel, WIRE_RING_POOL, 0, buf_slice(&body), memory));
	close(memory);
	pthread_mutex_lock(&p->lock);
	assert_true(p->rings < PORTER_RINGS);
	pthread_create(&p->threads[p->rings++], NULL, serve, e);
	pthread_mutex_unlock(&p->lock);
	return OK;
}
