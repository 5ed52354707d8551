/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mailbox.h - how workers tell the loop that an exchange has something for it. Posting twice
 * before the loop looks is posting once.
 */
#ifndef GATEWAY_EDGE_MAILBOX_H
#define GATEWAY_EDGE_MAILBOX_H

#include <pthread.h>

#include "crypto/base/err.h"

struct exchange;

struct mailbox {
	pthread_mutex_t lock;
	struct exchange *first, *last; /* linked by exchange.next_post, guarded by lock */
	bool is_asleep;                /* the loop waits; guarded by lock */
	int wake_fd;                   /* an eventfd; written to wake it, never read */
};

RESULT mailbox_init(struct mailbox *box);
void mailbox_clear(struct mailbox *box);

/* Worker: look at x. */
void mailbox_post(struct mailbox *box, struct exchange *x);

/* The same from a thread that nobody waits for at the end of the edge: it touches the box for the
 * last time while the exchange is still sure to be there. */
void mailbox_post_cut(struct mailbox *box, struct exchange *x);

/* Worker: the handler has returned; from here on the exchange belongs to the loop alone. The
 * last thing a worker does with it. */
void mailbox_post_finished(struct mailbox *box, struct exchange *x);

/* Worker: `done` has returned; the loop frees it. */
void mailbox_post_done(struct mailbox *box, struct exchange *x);

/* The same as post_finished, but the loop may sleep on until mailbox_ring(). */
void mailbox_put_finished(struct mailbox *box, struct exchange *x);
void mailbox_ring(struct mailbox *box); /* worker: wake the loop if it sleeps over mail */

/* Loop: before it waits. False: there is mail, do not wait. */
bool mailbox_sleep(struct mailbox *box);
void mailbox_rise(struct mailbox *box); /* loop: it no longer waits */

/* Loop: take until NULL. Taking sets is_finished and is_done. */
struct exchange *mailbox_take(struct mailbox *box);

#endif
