/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ring_desk.h - where workers get rings opened, and hand them to the loop: a worker may ask a
 * porter and wait, the loop may not. One ring a porter, as long as both live.
 */
#ifndef GATEWAY_EDGE_RING_DESK_H
#define GATEWAY_EDGE_RING_DESK_H

#include <pthread.h>

#include "gateway/edge/edge.h"
#include "schema/wire/role.h"

/* A ring on its way to the loop. */
struct ring_arrival {
	struct ring_arrival *next;
	unsigned porter;
	uint32_t id;
	int fd; /* our end of its channel */
};

struct ring_desk {
	pthread_mutex_t lock; /* of all but `opening` */
	uint32_t last_id;
	struct ring_arrival *arrived;
	struct {
		pthread_mutex_t opening; /* one opener at a time */
		uint32_t generation;     /* of the porter it was opened with */
		uint32_t id;             /* 0: there is none */
	} porters[ROLE_MAX_INDEX];
};

void ring_desk_init(struct ring_desk *desk);
void ring_desk_clear(struct ring_desk *desk);

/* Worker: the ring to this life of the porter, opened if there is none. */
RESULT ring_desk_get(uint32_t *id, struct ring_desk *desk, const struct edge_options *options,
		     unsigned porter, uint32_t generation);

/* Loop: the next one that arrived, to be freed; NULL: none. And: this ring has ended. */
struct ring_arrival *ring_desk_take(struct ring_desk *desk);
void ring_desk_forget(struct ring_desk *desk, unsigned porter, uint32_t id);

#endif
