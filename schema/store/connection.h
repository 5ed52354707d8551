/* SPDX-License-Identifier: Apache-2.0 */
/* connection.h - the inside of struct store, for store.c and query.c only. */
#ifndef SCHEMA_STORE_CONNECTION_H
#define SCHEMA_STORE_CONNECTION_H

#include <libpq-fe.h>

#include "schema/store/query.h"

enum { STORE_MAX_STATEMENTS = 512, STORE_NAME = 64 };

enum store_transaction {
	STORE_NONE,   /* each store_run is a transaction by itself */
	STORE_BEGUN,  /* store_begin was called; BEGIN goes with the first statement */
	STORE_OPEN,   /* the server is in a transaction */
	STORE_FAILED, /* a statement failed in it: only a rollback is left */
	STORE_LOST,   /* the connection was lost in it: only a rollback is left */
};

struct store {
	PGconn *connection; /* NULL: not connected */
	enum store_transaction transaction;
	const struct store_statement *prepared[STORE_MAX_STATEMENTS]; /* on this connection */
	size_t prepared_count;
	char constraint[STORE_NAME]; /* that the last failure broke, or "" */
	char *host, *port, *database, *role;
	char password[STORE_MAX_PASSWORD + 1];
	char options[96];
	struct arena names; /* what the pointers above point into */
};

/* Record a failure of the server (or of the connection) and give its kind; the connection is
 * closed if it is lost. */
RESULT store_refused(struct store *s, const PGresult *result);

/* "" or the constraint that the last failure broke. */
const char *store_constraint(const struct store *s);

#endif
