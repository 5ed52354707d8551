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
	int wake_fd;                   /* an eventfd; readable when there may be mail */
};

RESULT mailbox_init(struct mailbox *box);
void mailbox_clear(struct mailbox *box);

/* Worker: look at x. */
void mailbox_post(struct mailbox *box, struct exchange *x);

/* Worker: the handler has returned; from here on the exchange belongs to the loop alone. The
 * last thing a worker does with it. */
void mailbox_post_finished(struct mailbox *box, struct exchange *x);

/* Worker: `done` has returned; the loop frees it. */
void mailbox_post_done(struct mailbox *box, struct exchange *x);
void mailbox_wake(struct mailbox *box); /* worker: just look up */

/* Loop: open the box, then take until NULL (or wake again). Taking sets is_finished and is_done. */
void mailbox_open(struct mailbox *box);
struct exchange *mailbox_take(struct mailbox *box);

#endif
