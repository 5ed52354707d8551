/* SPDX-License-Identifier: Apache-2.0 */
/*
 * porter.h - the porter's side of a ring, for tests: every byte of every file is porter_byte() of
 * its offset. The transfer's number says how many of them it can give, and what happens then.
 */
#ifndef TESTS_UNIT_GATEWAY_EDGE_PORTER_H
#define TESTS_UNIT_GATEWAY_EDGE_PORTER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "crypto/base/err.h"

enum { PORTER_SEGMENTS = 4, PORTER_RINGS = 16 };

#define PORTER_STALLS (UINT64_C(1) << 33) /* it says nothing */
#define PORTER_DIES (UINT64_C(1) << 32)   /* instead of answering that it could not be filled */

struct porter {
	pthread_mutex_t lock;
	pthread_t threads[PORTER_RINGS];
	unsigned rings;
	atomic_bool is_careless; /* does not seal its pools */
	atomic_uint refused;     /* how often the edge did not want it any more */
	atomic_uint fills, closed;
};

void porter_init(struct porter *p);
void porter_clear(struct porter *p); /* joins: the edge must be gone */

/* Begin a ring over (a duplicate of) fd. */
RESULT porter_ring(struct porter *p, int fd);

uint8_t porter_byte(uint64_t offset);

#endif
