/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/porter/intake.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "crypto/secret.h"

enum { SLOTS = 4, INTAKE_STACK = 256 * 1024 };

/*
 * Slots are used in turn: `filled` counts those that came, `taken` those that were sealed. The one
 * that intake_next gave last is still in use until it is asked again.
 */
struct intake {
	struct bulk *bulk; /* the thread's, until it has ended */
	intake_fill_fn *fill;
	void *context;
	uint64_t size;
	uint64_t come;
	struct secret *slots[SLOTS];
	size_t sizes[SLOTS];
	size_t slot_count; /* 1: there is no thread */
	int stop;          /* eventfd */
	pthread_t thread;
	bool has_thread;
	bool is_using;        /* slot `taken` was given out */
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	uint64_t filled;
	uint64_t taken;
	bool stopped; /* nobody wants more */
	bool ended;   /* there is no more, or `result` says why */
	enum err result;
	char why[FAILURE_MAX_TEXT];
};

/* Takes what comes into the slot, and hashes it. */
static enum err take_in(struct intake *in, size_t slot)
{
	size_t *got = &in->sizes[slot];

	TRY(in->fill(in->context, secret_bytes(in->slots[slot]), got, in->stop));
	assert(*got <= INTAKE_SLOT);
	if (*got > in->size - in->come)
		return failure(ERR_FORMAT, "more than the %llu bytes that were declared",
			       (unsigned long long)in->size);
	in->come += *got;
	return bulk_add(in->bulk, slice_part(secret_slice(in->slots[slot]), 0, *got));
}

/* Waits for a free slot; false: nobody wants more. */
static bool find_room(struct intake *in, size_t *slot)
{
	bool wanted;

	pthread_mutex_lock(&in->lock);
	while (in->filled - in->taken == in->slot_count && !in->stopped)
		pthread_cond_wait(&in->changed, &in->lock);
	wanted = !in->stopped;
	*slot = (size_t)(in->filled % in->slot_count);
	pthread_mutex_unlock(&in->lock);
	return wanted;
}

/* False: it was the end. */
static bool give(struct intake *in, size_t slot, enum err result)
{
	bool goes_on = result == OK && in->sizes[slot] > 0;

	pthread_mutex_lock(&in->lock);
	if (goes_on) {
		in->filled++;
	} else {
		in->ended = true;
		in->result = result;
		if (result != OK)
			snprintf(in->why, sizeof in->why, "%s", failure_text());
	}
	pthread_cond_signal(&in->changed);
	pthread_mutex_unlock(&in->lock);
	return goes_on;
}

static void *take_all(void *context)
{
	struct intake *in = context;
	size_t slot;

	while (find_room(in, &slot))
		if (!give(in, slot, take_in(in, slot)))
			break;
	return NULL;
}

static enum err start_thread(struct intake *in)
{
	pthread_attr_t attributes;
	int result;

	in->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (in->stop < 0)
		return failure_errno("no eventfd");
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, INTAKE_STACK);
	result = pthread_create(&in->thread, &attributes, take_all, in);
	pthread_attr_destroy(&attributes);
	in->has_thread = result == 0;
	return in->has_thread ? OK : failure(ERR_UNAVAILABLE, "busy: no more threads");
}

enum err intake_new(struct intake **out, struct bulk *bulk, uint64_t size, intake_fill_fn *fill,
		    void *context)
{
	AUTO(intake_auto) struct intake *in = calloc(1, sizeof *in);

	assert(in);
	in->bulk = bulk;
	in->fill = fill;
	in->context = context;
	in->size = size;
	in->stop = -1;
	in->slot_count = size <= INTAKE_SLOT ? 1 : SLOTS;
	pthread_mutex_init(&in->lock, NULL);
	pthread_cond_init(&in->changed, NULL);
	for (size_t i = 0; i < in->slot_count; i++)
		TRY(secret_new(&in->slots[i], INTAKE_SLOT));
	if (in->slot_count > 1)
		TRY(start_thread(in));
	*out = in;
	in = NULL; /* given away */
	return OK;
}

/* Under the lock: the slot that was given out is free again. */
static void return_slot(struct intake *in)
{
	if (in->is_using)
		in->taken++;
	in->is_using = false;
	pthread_cond_signal(&in->changed);
}

static enum err next_of_thread(struct slice *out, struct intake *in)
{
	enum err result = OK;

	pthread_mutex_lock(&in->lock);
	return_slot(in);
	while (in->taken == in->filled && !in->ended)
		pthread_cond_wait(&in->changed, &in->lock);
	*out = S("");
	if (in->taken < in->filled) {
		size_t slot = (size_t)(in->taken % in->slot_count);

		*out = slice_part(secret_slice(in->slots[slot]), 0, in->sizes[slot]);
		in->is_using = true;
	} else {
		result = in->result;
	}
	pthread_mutex_unlock(&in->lock);
	return result == OK ? OK : failure(result, "%s", in->why);
}

enum err intake_next(struct slice *out, struct intake *in)
{
	if (in->has_thread)
		return next_of_thread(out, in);
	TRY(take_in(in, 0));
	*out = slice_part(secret_slice(in->slots[0]), 0, in->sizes[0]);
	return OK;
}

/* A thread that waits for its source looks at `stop` too. */
static void end_thread(struct intake *in)
{
	const uint64_t one = 1;

	if (!in->has_thread)
		return;
	pthread_mutex_lock(&in->lock);
	in->stopped = true;
	pthread_cond_signal(&in->changed);
	pthread_mutex_unlock(&in->lock);
	while (write(in->stop, &one, sizeof one) < 0 && errno == EINTR)
		continue;
	pthread_join(in->thread, NULL);
	in->has_thread = false;
}

enum err intake_end(struct intake *in, uint8_t sha256[BULK_SHA256], uint8_t git[BULK_GIT])
{
	end_thread(in);
	if (in->come != in->size)
		return failure(ERR_FORMAT, "%llu bytes came, %llu were declared",
			       (unsigned long long)in->come, (unsigned long long)in->size);
	return bulk_end(in->bulk, sha256, git);
}

void intake_free(struct intake *in)
{
	if (!in)
		return;
	end_thread(in);
	for (size_t i = 0; i < SLOTS; i++)
		secret_free(in->slots[i]);
	file_close(&in->stop);
	bulk_free(in->bulk);
	pthread_cond_destroy(&in->changed);
	pthread_mutex_destroy(&in->lock);
	free(in);
}
