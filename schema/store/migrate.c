/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/migrate.h"

#include <fcntl.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/base/buf.h"
#include "crypto/base/file.h"
#include "crypto/digest.h"

enum { MIGRATE_MAX_PASSWORD = 512, MIGRATE_MAX_SQL = 2048 };

static void connection_auto(PGconn **connection)
{
	PQfinish(*connection);
}

static void result_auto(PGresult **result)
{
	PQclear(*result);
}

static void wipe(char (*secret)[MIGRATE_MAX_PASSWORD + 1])
{
	explicit_bzero(secret, sizeof *secret);
}

/* The first line. */
static enum err read_password(char out[MIGRATE_MAX_PASSWORD + 1], const char *path)
{
	AUTO(buf_free) struct buf text = buf_new(MIGRATE_MAX_PASSWORD);
	size_t end;

	TRY(file_read(&text, AT_FDCWD, path));
	end = slice_find(buf_slice(&text), '\n');
	if (end == 0 || slice_find(buf_slice(&text), '\0') < text.size)
		return failure(ERR_FORMAT, "password file \"%s\": no password in it", path);
	memcpy(out, text.data, end);
	out[end] = '\0';
	explicit_bzero(text.data, text.size);
	return OK;
}

static void ignore_notice(void *context, const char *text)
{
	(void)context;
	(void)text;
}

static enum err open_connection(PGconn **out, const struct migrate_target *target)
{
	AUTO(wipe) char password[MIGRATE_MAX_PASSWORD + 1] = "";
	const char *const names[] = {
		"host", "port", "dbname", "user", "password", "connect_timeout", "application_name",
		NULL};
	const char *const values[] = {target->host, target->port, target->database,    target->user,
				      password,     "5",          "sallyport-migrate", NULL};

	if (target->password_file)
		TRY(read_password(password, target->password_file));
	*out = PQconnectdbParams(names, values, 0);
	if (!*out)
		abort();
	if (PQstatus(*out) != CONNECTION_OK)
		return failure(ERR_UNAVAILABLE, "cannot connect to the database: %s",
			       PQerrorMessage(*out));
	PQsetNoticeProcessor(*out, ignore_notice, NULL);
	return OK;
}

static enum err run(PGconn *connection, const char *sql, const char *what)
{
	AUTO(result_auto) PGresult *result = PQexec(connection, sql);
	ExecStatusType status = PQresultStatus(result);

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
		return failure(ERR_INTERNAL, "%s: %s", what, PQerrorMessage(connection));
	return OK;
}

/* Hex digests of what was applied, by number; "" where nothing was. */
struct applied {
	size_t count;
	char sha256[1000][2 * DIGEST_SIZE + 1];
};

static enum err read_applied(PGconn *connection, struct applied *out)
{
	AUTO(result_auto)
	PGresult *exists = PQexec(connection,
				  "SELECT to_regclass('sallyport.schema_migration') IS NOT NULL");
	AUTO(result_auto) PGresult *rows = NULL;

	if (PQresultStatus(exists) != PGRES_TUPLES_OK)
		return failure(ERR_INTERNAL, "migrate: %s", PQerrorMessage(connection));
	if (PQgetvalue(exists, 0, 0)[0] != 't')
		return OK;
	rows = PQexec(connection, "SELECT number, encode(sha256, 'hex') "
				  "FROM sallyport.schema_migration ORDER BY number");
	if (PQresultStatus(rows) != PGRES_TUPLES_OK)
		return failure(ERR_INTERNAL, "migrate: %s", PQerrorMessage(connection));
	for (int i = 0; i < PQntuples(rows); i++) {
		uint64_t number;

		if (!slice_to_u64(slice_of_string(PQgetvalue(rows, i, 0)), 999, &number))
			return failure(ERR_LIMIT, "migrate: more than 999 migrations");
		snprintf(out->sha256[number], sizeof out->sha256[number], "%s",
			 PQgetvalue(rows, i, 1));
		out->count++;
	}
	return OK;
}

static void digest_hex(char out[2 * DIGEST_SIZE + 1], struct slice bytes)
{
	struct digest digest = digest_of(bytes);

	for (size_t i = 0; i < DIGEST_SIZE; i++)
		snprintf(out + 2 * i, 3, "%02x", digest.bytes[i]);
}

/* Every applied migration must be one of ours, byte for byte. */
static enum err check_applied(const struct applied *applied, const struct migration *list,
			      size_t count)
{
	size_t known = 0;

	for (size_t i = 0; i < count; i++) {
		const char *then = applied->sha256[list[i].number];
		char now[2 * DIGEST_SIZE + 1];

		digest_hex(now, list[i].sql);
		if (!*then)
			continue;
		if (strcmp(then, now) != 0)
			return failure(ERR_CONFLICT,
				       "migration %s was changed after it was applied",
				       list[i].name);
		known++;
	}
	if (known != applied->count)
		return failure(ERR_CONFLICT,
			       "the database is newer than this program: it has %zu "
			       "migrations that are not known here",
			       applied->count - known);
	return OK;
}

static enum err apply(PGconn *connection, const struct migration *migration)
{
	AUTO(buf_free) struct buf sql = buf_new(migration->sql.size + MIGRATE_MAX_SQL);
	char digest[2 * DIGEST_SIZE + 1];

	digest_hex(digest, migration->sql);
	buf_write_string(&sql, "BEGIN;\n");
	buf_write(&sql, migration->sql);
	buf_printf(&sql,
		   "\nINSERT INTO sallyport.schema_migration (number, name, sha256) "
		   "VALUES (%u, '%s', '\\x%s');\nCOMMIT;",
		   migration->number, migration->name, digest);
	TRY(buf_done(&sql));
	return run(connection, buf_string(&sql), migration->name);
}

enum err migrate_run_list(const struct migrate_target *target, const struct migration *list,
			  size_t count, unsigned *applied_count)
{
	AUTO(connection_auto) PGconn *connection = NULL;
	struct applied applied = {.count = 0};

	*applied_count = 0;
	TRY(open_connection(&connection, target));
	/* Held until the connection ends; the key spells "schema". */
	TRY(run(connection, "SELECT pg_advisory_lock(x'736368656d61'::bigint)", "migrate"));
	TRY(read_applied(connection, &applied));
	TRY(check_applied(&applied, list, count));
	for (size_t i = 0; i < count; i++) {
		if (applied.sha256[list[i].number][0])
			continue;
		TRY(apply(connection, &list[i]));
		++*applied_count;
	}
	return OK;
}

enum err migrate_run(const struct migrate_target *target, unsigned *applied)
{
	return migrate_run_list(target, migrations, migration_count, applied);
}

static void memory_auto(char **text)
{
	PQfreemem(*text);
}

enum err migrate_set_password(const struct migrate_target *target, const char *role,
			      const char *password_file)
{
	AUTO(connection_auto) PGconn *connection = NULL;
	AUTO(wipe) char password[MIGRATE_MAX_PASSWORD + 1];
	AUTO(memory_auto) char *verifier = NULL;
	AUTO(memory_auto) char *literal = NULL;
	AUTO(memory_auto) char *name = NULL;
	char sql[MIGRATE_MAX_SQL];

	TRY(read_password(password, password_file));
	TRY(open_connection(&connection, target));
	verifier = PQencryptPasswordConn(connection, password, role, "scram-sha-256");
	literal = verifier ? PQescapeLiteral(connection, verifier, strlen(verifier)) : NULL;
	name = PQescapeIdentifier(connection, role, strlen(role));
	if (!literal || !name)
		return failure(ERR_INTERNAL, "role \"%s\": no password made", role);
	/* The comment is what everybody may read: migrate_role_is_taken looks for it. */
	snprintf(sql, sizeof sql,
		 "ALTER ROLE %s PASSWORD %s; COMMENT ON ROLE %s IS 'of a Sallyport gateway'", name,
		 literal, name);
	return run(connection, sql, "set password");
}

enum err migrate_role_is_taken(bool *out, const struct migrate_target *target, const char *role)
{
	AUTO(connection_auto) PGconn *connection = NULL;
	AUTO(result_auto) PGresult *found = NULL;

	TRY(open_connection(&connection, target));
	found = PQexecParams(connection,
			     "SELECT 1 FROM pg_roles WHERE rolname = $1 AND "
			     "shobj_description(oid, 'pg_authid') IS NOT NULL",
			     1, NULL, &role, NULL, NULL, 0);
	if (PQresultStatus(found) != PGRES_TUPLES_OK)
		return failure(ERR_UNAVAILABLE, "the roles cannot be read: %s",
			       PQerrorMessage(connection));
	*out = PQntuples(found) > 0;
	return OK;
}

enum err migrate_create_database(const struct migrate_target *target, const char *database)
{
	AUTO(connection_auto) PGconn *connection = NULL;
	AUTO(result_auto) PGresult *exists = NULL;
	AUTO(memory_auto) char *name = NULL;
	const char *const values[] = {database};
	char sql[MIGRATE_MAX_SQL];

	TRY(open_connection(&connection, target));
	exists = PQexecParams(connection, "SELECT FROM pg_database WHERE datname = $1", 1, NULL,
			      values, NULL, NULL, 0);
	if (PQresultStatus(exists) != PGRES_TUPLES_OK)
		return failure(ERR_INTERNAL, "migrate: %s", PQerrorMessage(connection));
	if (PQntuples(exists) == 1)
		return OK;
	name = PQescapeIdentifier(connection, database, strlen(database));
	if (!name)
		return failure(ERR_FORMAT, "\"%s\" is not a name for a database", database);
	snprintf(sql, sizeof sql, "CREATE DATABASE %s ENCODING 'UTF8' TEMPLATE template0", name);
	return run(connection, sql, "create database");
}
