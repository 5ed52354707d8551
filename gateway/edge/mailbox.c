/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/edge/mailbox.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "gateway/edge/exchange_shared.h"

enum err mailbox_init(struct mailbox *box)
{
	*box = (struct mailbox){.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
	if (box->wake_fd < 0)
		return failure_errno("mailbox: no eventfd");
	pthread_mutex_init(&box->lock, NULL);
	return OK;
}

void mailbox_clear(struct mailbox *box)
{
	pthread_mutex_lock(&box->lock); /* mailbox_post_cut has let go of it */
	close(box->wake_fd);
	pthread_mutex_unlock(&box->lock);
	pthread_mutex_destroy(&box->lock);
}

/* Under the lock. */
static void put(struct mailbox *box, struct exchange *x)
{
	if (x->is_posted)
		return;
	x->is_posted = true;
	x->next_post = NULL;
	if (box->first)
		box->last->next_post = x;
	else
		box->first = x;
	box->last = x;
}

/* Under the lock: must the loop be woken? Once each time it sleeps. */
static bool must_wake(struct mailbox *box)
{
	bool must = box->is_asleep && box->first;

	if (must)
		box->is_asleep = false;
	return must;
}

static void wake(struct mailbox *box)
{
	/* It fails only when the counter is full, and then the loop is awake anyway. */
	(void)!eventfd_write(box->wake_fd, 1);
}

/* The write comes after the lock: the loop, once awake, would run into it at once. */
static void unlock_and_wake(struct mailbox *box)
{
	bool must = must_wake(box);

	pthread_mutex_unlock(&box->lock);
	if (must)
		wake(box);
}

void mailbox_ring(struct mailbox *box)
{
	pthread_mutex_lock(&box->lock);
	unlock_and_wake(box);
}

void mailbox_post(struct mailbox *box, struct exchange *x)
{
	pthread_mutex_lock(&box->lock);
	put(box, x);
	unlock_and_wake(box);
}

void mailbox_post_cut(struct mailbox *box, struct exchange *x)
{
	pthread_mutex_lock(&box->lock);
	put(box, x);
	if (must_wake(box))
		wake(box);
	pthread_mutex_unlock(&box->lock);
}

void mailbox_post_finished(struct mailbox *box, struct exchange *x)
{
	pthread_mutex_lock(&box->lock);
	x->was_finished = true;
	put(box, x);
	unlock_and_wake(box);
}

void mailbox_put_finished(struct mailbox *box, struct exchange *x)
{
	pthread_mutex_lock(&box->lock);
	x->was_finished = true;
	put(box, x);
	pthread_mutex_unlock(&box->lock);
}

void mailbox_post_done(struct mailbox *box, struct exchange *x)
{
	pthread_mutex_lock(&box->lock);
	x->was_done = true;
	put(box, x);
	unlock_and_wake(box);
}

bool mailbox_sleep(struct mailbox *box)
{
	bool sleeps;

	pthread_mutex_lock(&box->lock);
	sleeps = box->is_asleep = !box->first;
	pthread_mutex_unlock(&box->lock);
	return sleeps;
}

void mailbox_rise(struct mailbox *box)
{
	pthread_mutex_lock(&box->lock);
	box->is_asleep = false;
	pthread_mutex_unlock(&box->lock);
}

struct exchange *mailbox_take(struct mailbox *box)
{
	struct exchange *x;

	pthread_mutex_lock(&box->lock);
	x = box->first;
	if (x) {
		box->first = x->next_post;
		x->is_posted = false;
		x->is_finished = x->was_finished;
		x->is_done = x->was_done;
	}
	pthread_mutex_unlock(&box->lock);
	return x;
}
