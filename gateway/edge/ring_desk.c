/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/edge/ring_desk.h"

#include <assert.h>
#include <stdlib.h>

#include "crypto/base/file.h"
#include "gateway/proc/channel.h"

void ring_desk_init(struct ring_desk *desk)
{
	*desk = (struct ring_desk){.last_id = 0};
	pthread_mutex_init(&desk->lock, NULL);
	for (unsigned i = 0; i < ROLE_MAX_INDEX; i++)
		pthread_mutex_init(&desk->porters[i].opening, NULL);
}

void ring_desk_clear(struct ring_desk *desk)
{
	struct ring_arrival *a;

	while ((a = ring_desk_take(desk)) != NULL) {
		file_close(&a->fd);
		free(a);
	}
	for (unsigned i = 0; i < ROLE_MAX_INDEX; i++)
		pthread_mutex_destroy(&desk->porters[i].opening);
	pthread_mutex_destroy(&desk->lock);
}

static uint32_t known(struct ring_desk *desk, unsigned porter, uint32_t generation)
{
	uint32_t id;

	pthread_mutex_lock(&desk->lock);
	id = desk->porters[porter].generation == generation ? desk->porters[porter].id : 0;
	pthread_mutex_unlock(&desk->lock);
	return id;
}

static uint32_t put(struct ring_desk *desk, unsigned porter, uint32_t generation, int fd)
{
	struct ring_arrival *a = calloc(1, sizeof *a);
	uint32_t id;

	assert(a);
	pthread_mutex_lock(&desk->lock);
	id = ++desk->last_id;
	*a = (struct ring_arrival){.next = desk->arrived, .porter = porter, .id = id, .fd = fd};
	desk->arrived = a;
	desk->porters[porter].id = id;
	desk->porters[porter].generation = generation;
	pthread_mutex_unlock(&desk->lock);
	return id;
}

static enum err open_one(uint32_t *id, struct ring_desk *desk, const struct edge_options *options,
			 unsigned porter, uint32_t generation)
{
	int ends[2];
	enum err result;

	if (!options->ring_open)
		return failure(ERR_UNAVAILABLE, "there are no porters");
	TRY(channel_pair(ends));
	result = options->ring_open(options->shared, porter, ends[1]);
	file_close(&ends[1]);
	if (result != OK) {
		file_close(&ends[0]);
		return result;
	}
	*id = put(desk, porter, generation, ends[0]);
	return OK;
}

enum err ring_desk_get(uint32_t *id, struct ring_desk *desk, const struct edge_options *options,
		       unsigned porter, uint32_t generation)
{
	enum err result = OK;

	assert(porter < ROLE_MAX_INDEX);
	*id = known(desk, porter, generation);
	if (*id)
		return OK;
	pthread_mutex_lock(&desk->porters[porter].opening);
	*id = known(desk, porter, generation); /* another was faster */
	if (!*id)
		result = open_one(id, desk, options, porter, generation);
	pthread_mutex_unlock(&desk->porters[porter].opening);
	return result;
}

struct ring_arrival *ring_desk_take(struct ring_desk *desk)
{
	struct ring_arrival *a;

	pthread_mutex_lock(&desk->lock);
	a = desk->arrived;
	if (a)
		desk->arrived = a->next;
	pthread_mutex_unlock(&desk->lock);
	return a;
}

void ring_desk_forget(struct ring_desk *desk, unsigned porter, uint32_t id)
{
	pthread_mutex_lock(&desk->lock);
	if (desk->porters[porter].id == id)
		desk->porters[porter].id = 0;
	pthread_mutex_unlock(&desk->lock);
}
