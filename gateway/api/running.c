/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/running.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct place {
	bool is_taken, is_cut;
	uint8_t license[RUNNING_ID], model[RUNNING_ID];
};

struct running {
	pthread_mutex_t lock;
	unsigned count;
	struct place places[RUNNING_MAX];
};

struct running *running_new(unsigned most)
{
	struct running *r = calloc(1, sizeof *r);

	assert(r && most > 0 && most <= RUNNING_MAX);
	pthread_mutex_init(&r->lock, NULL);
	r->count = most;
	return r;
}

void running_free(struct running *r)
{
	if (!r)
		return;
	pthread_mutex_destroy(&r->lock);
	free(r);
}

/* Under the lock; NULL: none is free. */
static struct place *find_free(struct running *r)
{
	for (unsigned i = 0; i < r->count; i++)
		if (!r->places[i].is_taken)
			return &r->places[i];
	return NULL;
}

enum err running_enter(unsigned *place, struct running *r, const uint8_t license[RUNNING_ID],
		       const uint8_t model[RUNNING_ID])
{
	struct place *p;

	pthread_mutex_lock(&r->lock);
	p = find_free(r);
	if (p) {
		*p = (struct place){.is_taken = true};
		memcpy(p->license, license, RUNNING_ID);
		memcpy(p->model, model, RUNNING_ID);
		*place = (unsigned)(p - r->places);
	}
	pthread_mutex_unlock(&r->lock);
	return p ? OK
		 : failure(ERR_LIMIT, "%u generations are under way; try again in a moment",
			   r->count);
}

void running_leave(struct running *r, unsigned place)
{
	pthread_mutex_lock(&r->lock);
	assert(place < r->count && r->places[place].is_taken);
	r->places[place].is_taken = false;
	pthread_mutex_unlock(&r->lock);
}

void running_cut_license(struct running *r, const uint8_t license[RUNNING_ID])
{
	pthread_mutex_lock(&r->lock);
	for (unsigned i = 0; i < r->count; i++)
		if (memcmp(r->places[i].license, license, RUNNING_ID) == 0)
			r->places[i].is_cut = true;
	pthread_mutex_unlock(&r->lock);
}

void running_cut_model(struct running *r, const uint8_t model[RUNNING_ID])
{
	pthread_mutex_lock(&r->lock);
	for (unsigned i = 0; i < r->count; i++)
		if (memcmp(r->places[i].model, model, RUNNING_ID) == 0)
			r->places[i].is_cut = true;
	pthread_mutex_unlock(&r->lock);
}

bool running_is_cut(struct running *r, unsigned place)
{
	bool is_cut;

	pthread_mutex_lock(&r->lock);
	is_cut = r->places[place].is_cut;
	pthread_mutex_unlock(&r->lock);
	return is_cut;
}
