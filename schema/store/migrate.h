/* SPDX-License-Identifier: Apache-2.0 */
/*
 * migrate.h - brings a database to the schema this program was built with. The SQL of
 * schema/sql is inside the program. Forward only; running it again does nothing.
 */
#ifndef SCHEMA_STORE_MIGRATE_H
#define SCHEMA_STORE_MIGRATE_H

#include "crypto/base/err.h"
#include "crypto/base/slice.h"

struct migrate_target {
	const char *host; /* directory of the unix socket, or a host name */
	const char *port;
	const char *database;
	const char
		*user; /* may create roles: a superuser, or CREATEROLE and owner of the database */
	const char *password_file; /* NULL: none is needed */
};

/*
 * Apply what is missing, each migration in one transaction, all under one advisory lock.
 * *applied: how many were. ERR_CONFLICT: the database has a migration that this program does
 * not know or that was changed after it was applied; nothing is done then.
 */
RESULT migrate_run(const struct migrate_target *target, unsigned *applied);

/* Set the password of a role (a login of its own) from a file, as a SCRAM verifier: the server
 * never sees the password. */
RESULT migrate_set_password(const struct migrate_target *target, const char *role,
			    const char *password_file);

/* Has any setup given this role a password? Roles belong to the whole cluster, so another gateway
 * may use it from another database. */
RESULT migrate_role_is_taken(bool *out, const struct migrate_target *target, const char *role);

/* CREATE DATABASE, if it is not there; `target->database` is where to connect ("postgres"). */
RESULT migrate_create_database(const struct migrate_target *target, const char *database);

struct migration {
	unsigned number;
	const char *name; /* "0001_roles" */
	struct slice sql;
};

extern const struct migration migrations[]; /* generated from schema/sql; in order */
extern const size_t migration_count;

/* migrate_run with a list of the caller's: for tests. */
RESULT migrate_run_list(const struct migrate_target *target, const struct migration *list,
			size_t count, unsigned *applied);

#endif
