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
	unsigned wait_ms;   /* how long an answer may take; 0: as long as it likes */
	bool waits_long;    /* until the transaction ends */
	struct arena names; /* what the pointers above point into */
};

/* Record a failure of the server (or of the connection) and give its kind; the connection is
 * closed if it is lost. */
RESULT store_refused(struct store *s, const PGresult *result);

/* The next result, or NULL, as PQgetResult gives it; what was not sent yet is sent meanwhile.
 * ERR_UNAVAILABLE: nothing came in time, and the connection is closed. */
RESULT store_result(PGresult **out, struct store *s);

/* "" or the constraint that the last failure broke. */
const char *store_constraint(const struct store *s);

#endif
