/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/porter/hashing.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "crypto/secret.h"

enum { SLOTS = 3, HASHING_STACK = 128 * 1024 };

/*
 * Slots are used in turn: `given` counts those that were filled, `done` those that were hashed.
 * The slot given last is also read by its owner, so it is never the one that is filled next.
 */
struct hashing {
	struct bulk *bulk; /* the thread's, until it has ended */
	struct secret *slots[SLOTS];
	size_t sizes[SLOTS];
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	uint64_t given;
	uint64_t done;
	bool ended;
	enum err result; /* of the thread's first failure */
};

/* The next filled slot; false: there will be none. */
static bool next_slot(struct hashing *h, size_t *slot)
{
	bool found;

	pthread_mutex_lock(&h->lock);
	while (h->done == h->given && !h->ended)
		pthread_cond_wait(&h->changed, &h->lock);
	found = h->done < h->given;
	*slot = (size_t)(h->done % SLOTS);
	pthread_mutex_unlock(&h->lock);
	return found;
}

static void slot_is_done(struct hashing *h, enum err result)
{
	pthread_mutex_lock(&h->lock);
	h->done++;
	if (h->result == OK)
		h->result = result;
	pthread_cond_signal(&h->changed);
	pthread_mutex_unlock(&h->lock);
}

static enum err hash_slot(struct hashing *h, size_t slot)
{
	return bulk_add(h->bulk, slice_part(secret_slice(h->slots[slot]), 0, h->sizes[slot]));
}

static void *hash_all(void *context)
{
	struct hashing *h = context;
	size_t slot;

	while (next_slot(h, &slot))
		slot_is_done(h, hash_slot(h, slot));
	return NULL;
}

static enum err start_thread(struct hashing *h)
{
	pthread_attr_t attributes;
	int result;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, HASHING_STACK);
	result = pthread_create(&h->thread, &attributes, hash_all, h);
	pthread_attr_destroy(&attributes);
	h->has_thread = result == 0;
	return h->has_thread ? OK : failure(ERR_UNAVAILABLE, "busy: no more threads");
}

enum err hashing_new(struct hashing **out, struct bulk *bulk, uint64_t size)
{
	AUTO(hashing_auto) struct hashing *h = calloc(1, sizeof *h);
	bool is_small = size <= HASHING_SLOT;

	assert(h);
	h->bulk = bulk;
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->changed, NULL);
	for (size_t i = 0; i < (is_small ? 1 : SLOTS); i++)
		TRY(secret_new(&h->slots[i], HASHING_SLOT));
	if (!is_small)
		TRY(start_thread(h));
	*out = h;
	h = NULL; /* given away */
	return OK;
}

enum err hashing_room(uint8_t **out, struct hashing *h)
{
	enum err result;

	pthread_mutex_lock(&h->lock);
	while (h->given - h->done == SLOTS)
		pthread_cond_wait(&h->changed, &h->lock);
	result = h->result;
	*out = secret_bytes(h->slots[h->has_thread ? h->given % SLOTS : 0]);
	pthread_mutex_unlock(&h->lock);
	return result == OK ? OK : failure(result, "the bytes could not be hashed");
}

enum err hashing_give(struct hashing *h, size_t size)
{
	assert(size <= HASHING_SLOT);
	if (!h->has_thread) {
		h->sizes[0] = size;
		return hash_slot(h, 0);
	}
	pthread_mutex_lock(&h->lock);
	h->sizes[h->given++ % SLOTS] = size;
	pthread_cond_signal(&h->changed);
	pthread_mutex_unlock(&h->lock);
	return OK;
}

static void end_thread(struct hashing *h)
{
	if (!h->has_thread)
		return;
	pthread_mutex_lock(&h->lock);
	h->ended = true;
	pthread_cond_signal(&h->changed);
	pthread_mutex_unlock(&h->lock);
	pthread_join(h->thread, NULL);
	h->has_thread = false;
}

enum err hashing_end(struct hashing *h, uint8_t sha256[BULK_SHA256], uint8_t git[BULK_GIT])
{
	end_thread(h);
	if (h->result != OK)
		return failure(h->result, "the bytes could not be hashed");
	return bulk_end(h->bulk, sha256, git);
}

void hashing_free(struct hashing *h)
{
	if (!h)
		return;
	end_thread(h);
	for (size_t i = 0; i < SLOTS; i++)
		secret_free(h->slots[i]);
	bulk_free(h->bulk);
	pthread_cond_destroy(&h->changed);
	pthread_mutex_destroy(&h->lock);
	free(h);
}
