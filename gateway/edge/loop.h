/* SPDX-License-Identifier: Apache-2.0 */
/* loop.h - the one thread that moves bytes: accepts, waits, and serves what is ready. */
#ifndef GATEWAY_EDGE_LOOP_H
#define GATEWAY_EDGE_LOOP_H

#include "gateway/edge/connection.h"

/* Until the stop and the drain are over. ERR_IO if the system gives no epoll. */
RESULT loop_run(struct edge_shared *shared, struct router *router, struct tls_context *tls,
		struct workers *workers);

#endif
