/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - one connection to PostgreSQL, for one thread. It connects on first use and again
 * after a loss: the call that notices the loss fails with ERR_UNAVAILABLE, the next one tries
 * anew. A server that stands still (stopped, or behind a network that swallows) is a loss, too: an
 * answer has five seconds more than the statement timeout. Nothing that is stored appears in a
 * failure text or in the log.
 *
 * Failures of every function in schema/store, besides those it names itself:
 * ERR_UNAVAILABLE (the database is away or overloaded; try again), ERR_TIMEOUT (statement
 * timeout), ERR_DENIED (the role has no right to), ERR_FORMAT (a value breaks a constraint),
 * ERR_CONFLICT (it exists already), ERR_NOT_FOUND (something it refers to does not exist).
 */
#ifndef SCHEMA_STORE_STORE_H
#define SCHEMA_STORE_STORE_H

#include "crypto/base/arena.h"
#include "crypto/base/err.h"
#include "crypto/base/slice.h"

struct store;

enum {
	STORE_ID = 16,         /* ids are UUIDs as bytes; all zero means none */
	STORE_MAX_ROWS = 1000, /* a list never has more rows than this */
	STORE_MAX_PASSWORD = 512,
};

struct store_settings {
	const char *host; /* directory of the unix socket, or a host name */
	const char *port;
	const char *database;
	const char *role;          /* "sallyport_edge", ... */
	const char *password_file; /* read once, by store_new; NULL: no password */
	unsigned statement_timeout_ms;
};

/* Copies the settings and reads the password; does not connect. */
RESULT store_new(struct store **out, const struct store_settings *settings);
void store_free(struct store *s); /* rolls back, wipes the password; NULL is fine */
AUTO_POINTER(store)

/* Connect now, if not connected. Only to learn early: every call does it by itself. */
RESULT store_connect(struct store *s);
bool store_is_connected(const struct store *s); /* as far as the last call knew */
void store_disconnect(struct store *s);         /* the next call connects anew */

/*
 * A transaction: AUTO(store_end) struct store *t = s; TRY(store_begin(t)); ...;
 * TRY(store_commit(t)); BEGIN travels with the first statement, so beginning costs no round trip.
 * If the connection is lost in between, everything up to the rollback fails with ERR_UNAVAILABLE;
 * if it is lost in store_commit, the transaction may or may not have happened. A function of this
 * folder that is called outside of a transaction is one by itself.
 */
RESULT store_begin(struct store *s);
RESULT store_commit(struct store *s);
void store_rollback(struct store *s); /* nothing, if no transaction is open */
bool store_is_in_transaction(const struct store *s);

/* Until the transaction that was begun ends, a statement may take as long as it likes. */
RESULT store_wait_long(struct store *s);

static inline void store_end(struct store **s)
{
	store_rollback(*s);
}

/* A comma-separated list ("weights:read,infer:generate") holds the item. */
bool store_list_has(struct slice list, struct slice item);

/* All zero. */
bool store_id_is_none(const uint8_t id[STORE_ID]);

#endif
