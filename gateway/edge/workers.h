/* SPDX-License-Identifier: Apache-2.0 */
/*
 * workers.h - the fixed pool of threads that run routes, and the one queue they take from.
 *
 * Waking a thread costs more than a small request, so as few are awake as will do. A route that is
 * quick (edge_options.is_quick) waits for nothing: one worker runs a whole queue of such, one after
 * the other, and tells the loop of several at once. Before anything that may wait, another worker
 * is woken if there is still something to run. The one that slept last is woken first: its
 * memory and connection are warm.
 */
#ifndef GATEWAY_EDGE_WORKERS_H
#define GATEWAY_EDGE_WORKERS_H

#include "gateway/edge/exchange_shared.h"

struct workers;

/* Returns when every worker has made its context. ERR_UNAVAILABLE if one could not. */
RESULT workers_start(struct workers **out, struct edge_shared *edge);

/* Loop: x is to be run, at the latest after workers_kick(), which ends every round. */
void workers_submit(struct workers *workers, struct exchange *x);
void workers_kick(struct workers *workers);

/* Worker, in a quick route: what comes now may wait. */
void workers_may_wait(struct workers *workers);

void workers_stop(struct workers *workers); /* runs what is queued, joins, frees; NULL is fine */

#endif
