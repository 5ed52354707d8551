/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/integration/postgres.h"

#include <fcntl.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/base/file.h"
#include "tests/unit/test.h"

static void read_line(char *out, size_t size, const char *path)
{
	AUTO(buf_free) struct buf text = buf_new(size - 1);
	size_t end;

	if (file_read(&text, AT_FDCWD, path) != OK) {
		printf("skipped: %s\n", failure_text());
		exit(77);
	}
	end = slice_find(buf_slice(&text), '\n');
	memcpy(out, text.data, end);
	out[end] = '\0';
}

struct migrate_target postgres_target(const struct postgres *p)
{
	return (struct migrate_target){
		.host = p->directory,
		.port = "5432",
		.database = p->database,
		.user = "postgres",
		.password_file = p->password_file,
	};
}

static bool run_in(const struct postgres *p, const char *database, const char *role,
		   const char *sql, char value[256])
{
	char password[256];
	const char *const names[] = {"host", "port", "dbname", "user", "password", "options", NULL};
	const char *const values[] = {p->directory, "5432",   database,
				      role,         password, "-c client_min_messages=error",
				      NULL};
	PGconn *connection;
	PGresult *result;
	bool good;

	read_line(password, sizeof password, p->password_file);
	connection = PQconnectdbParams(names, values, 0);
	result = PQexec(connection, sql);
	good = PQresultStatus(result) == PGRES_COMMAND_OK ||
	       PQresultStatus(result) == PGRES_TUPLES_OK;
	if (value)
		snprintf(value, 256, "%s",
			 good && PQntuples(result) ? PQgetvalue(result, 0, 0)
						   : PQerrorMessage(connection));
	PQclear(result);
	PQfinish(connection);
	return good;
}

bool postgres_run(const struct postgres *p, const char *sql, char value[256])
{
	return run_in(p, p->database, "postgres", sql, value);
}

bool postgres_run_as(const struct postgres *p, const char *role, const char *sql, char value[256])
{
	return run_in(p, p->database, role, sql, value);
}

void postgres_open(struct postgres *out, const char *name)
{
	static const char *const roles[] = {"sallyport_owner", "sallyport_edge", "sallyport_scribe",
					    "sallyport_auditor"};
	const char *file = getenv("SALLYPORT_PG_FILE");
	struct migrate_target target;
	unsigned applied;
	char sql[256];

	if (!file) {
		printf("skipped: SALLYPORT_PG_FILE is not set: run this by ctest\n");
		exit(77);
	}
	read_line(out->directory, sizeof out->directory, file);
	snprintf(out->password_file, sizeof out->password_file, "%s/superuser.password",
		 out->directory);
	snprintf(out->database, sizeof out->database, "%s", name);
	snprintf(sql, sizeof sql, "DROP DATABASE IF EXISTS %s WITH (FORCE)", name);
	assert_true(run_in(out, "postgres", "postgres", sql, NULL));
	target = postgres_target(out);
	target.database = "postgres";
	assert_ok(migrate_create_database(&target, name));
	target = postgres_target(out);
	assert_ok(migrate_run(&target, &applied));
	for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++)
		assert_ok(migrate_set_password(&target, roles[i], out->password_file));
}

struct store *postgres_connect(const struct postgres *p, const char *role)
{
	struct store_settings settings = {
		.host = p->directory,
		.port = "5432",
		.database = p->database,
		.role = role,
		.password_file = p->password_file,
		.statement_timeout_ms = 5000,
	};
	struct store *s;

	assert_ok(store_new(&s, &settings));
	return s;
}
