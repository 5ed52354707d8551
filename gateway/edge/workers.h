/* SPDX-License-Identifier: Apache-2.0 */
/* workers.h - the fixed pool of threads that run routes, and the one queue they take from. */
#ifndef GATEWAY_EDGE_WORKERS_H
#define GATEWAY_EDGE_WORKERS_H

#include "gateway/edge/exchange_shared.h"

struct workers;

/* Returns when every worker has made its context. ERR_UNAVAILABLE if one could not. */
RESULT workers_start(struct workers **out, struct edge_shared *edge);
void workers_submit(struct workers *workers, struct exchange *x);
void workers_stop(struct workers *workers); /* runs what is queued, joins, frees; NULL is fine */

#endif
