/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cluster.h - a private PostgreSQL: made below a directory, reached by a unix socket only, run as
 * our child, and gone when we are. PostgreSQL does not run as root; there it runs as the user
 * "postgres", or "nobody" where that does not exist.
 *
 *     DIR/pg           the data (0700, that user's)
 *     DIR/socket       the socket and the superuser's password file
 *     DIR/pg.log       what it says
 */
#ifndef GATEWAY_CLI_CLUSTER_H
#define GATEWAY_CLI_CLUSTER_H

#include "gateway/cli/database.h"

struct cluster;

/* `dir` is absolute, and exists. Makes the cluster and starts it, and waits until it answers. */
RESULT cluster_start(struct cluster **out, const char *dir);

/* How to reach it as superuser, for the database of that name. Borrowed from the cluster. */
struct database cluster_database(const struct cluster *c, const char *name);

/* A libpq connection string with the superuser's password in it: secret. In the arena. */
RESULT cluster_connection_string(const char **out, struct arena *arena, const struct cluster *c,
				 const char *name);

void cluster_free(struct cluster *c); /* stops the server first; NULL is fine */
AUTO_POINTER(cluster)

/* End a server that a killed run left behind in `dir`; nothing if there is none. */
RESULT cluster_end_stray(const char *dir);

#endif
