/* SPDX-License-Identifier: Apache-2.0 */
/* server.h - an edge on a loopback port, with a route for every behavior. */
#ifndef TESTS_UNIT_GATEWAY_EDGE_SERVER_H
#define TESTS_UNIT_GATEWAY_EDGE_SERVER_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

#include "gateway/edge/edge.h"
#include "tests/unit/gateway/edge/porter.h"

enum { BIG = 3 * 1024 * 1024 }; /* bytes of a file; "prefix" stands before them */

struct server {
	struct edge_options options;
	struct buf certificate, key;
	struct porter porter;
	int port, stop;
	pthread_t thread;
	enum err result;
	sem_t started;
};

struct server *server_start(void);       /* no deadline passes within a test */
struct server *server_start_hasty(void); /* all deadlines are short */
void server_stop(struct server *server); /* drains; frees */
void run_hello(struct exchange *x, struct route_context *context);

/* What handlers tell the tests: posted once for each thing worth knowing. */
extern sem_t noticed;
extern atomic_int noticed_error; /* enum err */
extern atomic_ullong noticed_bytes;
void wait_for_notice(void);

extern sem_t
	may_read; /* "/held" reads its body after it, "/quick/waiting" answers, "/lingering" ends */

extern sem_t may_cut; /* "/stuck" is cut after it */

#endif
