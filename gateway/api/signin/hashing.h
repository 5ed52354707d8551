/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hashing.h - how many passwords are hashed at a time: each takes 64 MiB and a good part of a
 * second of one core, and strangers ask for it. A few run, a few wait, the rest is told to come
 * again.
 */
#ifndef GATEWAY_API_SIGNIN_HASHING_H
#define GATEWAY_API_SIGNIN_HASHING_H

#include <pthread.h>
#include <stdbool.h>

enum { HASHING_AT_ONCE = 2, HASHING_WAITING = 6 };

struct hashing {
	pthread_mutex_t lock;
	pthread_cond_t left;
	unsigned running, waiting;
};

#define HASHING_INITIALIZER \
	{ \
		PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0 \
	}

bool hashing_enter(struct hashing *h); /* false: too many wait already. May wait. */
void hashing_leave(struct hashing *h);

#endif
