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
	close(box->wake_fd);
	pthread_mutex_destroy(&box->lock);
}

void mailbox_wake(struct mailbox *box)
{
	/* It fails only when the counter is full, and then the loop is awake anyway. */
	(void)!eventfd_write(box->wake_fd, 1);
}

/* True if the loop must be woken: the box was empty. Under the lock. */
static bool put(struct mailbox *box, struct exchange *x)
{
	bool was_empty = box->first == NULL;

	if (x->is_posted)
		return false;
	x->is_posted = true;
	x->next_post = NULL;
	if (was_empty)
		box->first = x;
	else
		box->last->next_post = x;
	box->last = x;
	return was_empty;
}

void mailbox_post(struct mailbox *box, struct exchange *x)
{
	bool must_wake;

	pthread_mutex_lock(&box->lock);
	must_wake = put(box, x);
	pthread_mutex_unlock(&box->lock);
	if (must_wake)
		mailbox_wake(box);
}

void mailbox_post_finished(struct mailbox *box, struct exchange *x)
{
	bool must_wake;

	pthread_mutex_lock(&box->lock);
	x->was_finished = true;
	must_wake = put(box, x);
	pthread_mutex_unlock(&box->lock);
	if (must_wake)
		mailbox_wake(box);
}

void mailbox_post_done(struct mailbox *box, struct exchange *x)
{
	bool must_wake;

	pthread_mutex_lock(&box->lock);
	x->was_done = true;
	must_wake = put(box, x);
	pthread_mutex_unlock(&box->lock);
	if (must_wake)
		mailbox_wake(box);
}

void mailbox_open(struct mailbox *box)
{
	eventfd_t count;

	(void)!eventfd_read(box->wake_fd, &count);
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
