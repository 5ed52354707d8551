/* SPDX-License-Identifier: Apache-2.0 */
/*
 * database.h - how the owner of a database names it on the command line: "host=/run/postgresql
 * port=5432 name=sallyport user=postgres password_file=FILE", in any order. host is a socket
 * directory or a host name, user may create roles; only user and password_file may be absent.
 */
#ifndef GATEWAY_CLI_DATABASE_H
#define GATEWAY_CLI_DATABASE_H

#include "crypto/base/arena.h"
#include "crypto/base/err.h"
#include "schema/store/migrate.h"

struct database {
	const char *host;
	const char *port;
	const char *name;
	const char *user;
	const char *password_file; /* NULL: none is asked for */
};

/* Texts go to the arena. An unknown or doubled name is ERR_FORMAT. */
RESULT database_parse(struct database *out, struct arena *arena, const char *text);

struct migrate_target database_target(const struct database *d, const char *name);

#endif
