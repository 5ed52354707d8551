/* SPDX-License-Identifier: Apache-2.0 */
/* postgres.h - a fresh, migrated database in the fixture's cluster, with connections of each
 * role. Test programs call postgres_open in their group setup. */
#ifndef TESTS_INTEGRATION_POSTGRES_H
#define TESTS_INTEGRATION_POSTGRES_H

#include "schema/store/migrate.h"
#include "schema/store/store.h"

struct postgres {
	char directory[256];     /* of the cluster: the socket is here */
	char password_file[300]; /* of the superuser, and of every role here */
	char database[64];
};

/* Creates and migrates database `name` anew. Exits 77 with a message if there is no cluster. */
void postgres_open(struct postgres *out, const char *name);

/* Where to migrate, as superuser. */
struct migrate_target postgres_target(const struct postgres *p);

/* A connection of that role; the caller frees it. */
struct store *postgres_connect(const struct postgres *p, const char *role);

/* Run SQL as superuser, in any state of things: for arranging and for looking. True if it went
 * well; *value gets the first column of the first row, if there is one (may be NULL). */
bool postgres_run(const struct postgres *p, const char *sql, char value[256]);

/* The same as another role (as it could with psql). */
bool postgres_run_as(const struct postgres *p, const char *role, const char *sql, char value[256]);

#endif
