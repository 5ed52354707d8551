/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/base/clock.h"
#include "crypto/base/file.h"
#include "crypto/base/log.h"
#include "schema/store/connection.h"

enum {
	STORE_CONNECT_SECONDS = 5,
	STORE_ANSWER_MS = 5000, /* beyond the statement timeout, which the server watches itself */
};

/* The first line of the file. */
static enum err read_password(char out[STORE_MAX_PASSWORD + 1], const char *path)
{
	AUTO(buf_free) struct buf text = buf_new(STORE_MAX_PASSWORD);
	struct slice line;
	size_t end;

	TRY(file_read(&text, AT_FDCWD, path));
	line = buf_slice(&text);
	end = slice_find(line, '\n');
	if (end == 0 || slice_find(line, '\0') < line.size)
		return failure(ERR_FORMAT, "password file \"%s\": no password in it", path);
	memcpy(out, line.data, end);
	out[end] = '\0';
	explicit_bzero(text.data, text.size);
	return OK;
}

enum err store_new(struct store **out, const struct store_settings *settings)
{
	AUTO(store_auto) struct store *s = calloc(1, sizeof *s);

	if (!s)
		abort();
	if (settings->password_file)
		TRY(read_password(s->password, settings->password_file));
	s->host = arena_string(&s->names, slice_of_string(settings->host));
	s->port = arena_string(&s->names, slice_of_string(settings->port));
	s->database = arena_string(&s->names, slice_of_string(settings->database));
	s->role = arena_string(&s->names, slice_of_string(settings->role));
	/* Questions of an auditor look expensive to the planner, and end after a page: compiling
	 * one takes longer than answering it. */
	snprintf(s->options, sizeof s->options,
		 "-c search_path=sallyport -c jit=off -c statement_timeout=%u",
		 settings->statement_timeout_ms);
	if (settings->statement_timeout_ms)
		s->wait_ms = settings->statement_timeout_ms + STORE_ANSWER_MS;
	*out = s;
	s = NULL; /* given away */
	return OK;
}

void store_disconnect(struct store *s)
{
	PQfinish(s->connection);
	s->connection = NULL;
	s->prepared_count = 0;
	s->waits_long = false;
	if (s->transaction != STORE_NONE)
		s->transaction = STORE_LOST;
}

void store_free(struct store *s)
{
	if (!s)
		return;
	store_disconnect(s); /* the server rolls back what is open */
	arena_free(&s->names);
	explicit_bzero(s->password, sizeof s->password);
	free(s);
}

static void ignore_notice(void *context, const char *text)
{
	(void)context;
	(void)text; /* may quote what is stored */
}

enum err store_connect(struct store *s)
{
	char seconds[8];
	const char *const names[] = {"host",
				     "port",
				     "dbname",
				     "user",
				     "password",
				     "options",
				     "connect_timeout",
				     "tcp_user_timeout",
				     "keepalives_idle",
				     "keepalives_interval",
				     "keepalives_count",
				     "client_encoding",
				     "gssencmode",
				     "application_name",
				     NULL};
	const char *const values[] = {s->host,    s->port, s->database, s->role,     s->password,
				      s->options, seconds, "10000",     "10",        "5",
				      "3",        "UTF8",  "disable",   "sallyport", NULL};

	if (s->connection)
		return OK;
	snprintf(seconds, sizeof seconds, "%d", STORE_CONNECT_SECONDS);
	s->connection = PQconnectdbParams(names, values, 0);
	if (!s->connection)
		abort();
	if (PQstatus(s->connection) != CONNECTION_OK) {
		log_debug("store.connect", "reason=%s", PQerrorMessage(s->connection));
		store_disconnect(s);
		return failure(ERR_UNAVAILABLE,
			       "the database at \"%s\" does not let %s in or does not answer",
			       s->host, s->role);
	}
	if (PQsetnonblocking(s->connection, 1) != 0)
		abort();
	PQsetNoticeProcessor(s->connection, ignore_notice, NULL);
	s->prepared_count = 0;
	return OK;
}

bool store_is_connected(const struct store *s)
{
	return s->connection != NULL;
}

/* Classes of SQLSTATE (PostgreSQL manual, appendix A), the first match counts. */
static const struct {
	const char *prefix;
	enum err kind;
} states[] = {
	{"SP409", ERR_CONFLICT},    /* raised by a trigger of ours, with a text for people */
	{"23505", ERR_CONFLICT},    /* unique_violation */
	{"23503", ERR_NOT_FOUND},   /* foreign_key_violation */
	{"23", ERR_FORMAT},         /* check and not-null */
	{"22", ERR_FORMAT},         /* data exception */
	{"42501", ERR_DENIED},      /* insufficient_privilege */
	{"57014", ERR_TIMEOUT},     /* query_canceled: the statement timeout */
	{"40", ERR_UNAVAILABLE},    /* serialization, deadlock: try again */
	{"25006", ERR_UNAVAILABLE}, /* read_only_sql_transaction: a standby */
	{"53", ERR_UNAVAILABLE},    /* insufficient resources */
	{"57", ERR_UNAVAILABLE},    /* operator intervention: shutting down */
	{"08", ERR_UNAVAILABLE},    /* connection exception */
};

static enum err kind_of(const char *state)
{
	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
		if (strncmp(state, states[i].prefix, strlen(states[i].prefix)) == 0)
			return states[i].kind;
	return ERR_INTERNAL;
}

enum err store_refused(struct store *s, const PGresult *result)
{
	const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	const char *text = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
	const char *name = result ? PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME) : NULL;
	enum err kind = state ? kind_of(state) : ERR_UNAVAILABLE;

	snprintf(s->constraint, sizeof s->constraint, "%s", name ? name : "");
	if (s->transaction == STORE_OPEN || s->transaction == STORE_BEGUN)
		s->transaction = STORE_FAILED;
	if (PQstatus(s->connection) == CONNECTION_BAD || !state) {
		store_disconnect(s);
		return failure(ERR_UNAVAILABLE, "the connection to the database is lost");
	}
	if (strncmp(state, "22", 2) == 0) /* these texts quote the value */
		return failure(kind, "the database cannot take a value (%s)", state);
	if (strncmp(state, "SP", 2) == 0)
		return failure(kind, "%s", text ? text : state);
	return failure(kind, "database: %s", text ? text : state);
}

static enum err stalled(struct store *s)
{
	store_disconnect(s);
	return failure(ERR_UNAVAILABLE, "the database has not answered for %u s: is it stopped?",
		       s->wait_ms / 1000);
}

/* Until there is something to read (or room to write, if that is wanted). False: time is over. */
static bool wait_for(struct store *s, bool writes, int64_t deadline_ms)
{
	struct pollfd item = {.fd = PQsocket(s->connection),
			      .events = writes ? POLLIN | POLLOUT : POLLIN};
	int ready;

	do {
		int64_t left = deadline_ms - clock_monotonic_ms();

		if (left <= 0)
			return false;
		ready = poll(&item, 1, left < INT32_MAX ? (int)left : INT32_MAX);
	} while (ready < 0 && errno == EINTR);
	return ready != 0; /* what is broken, the next read tells */
}

enum err store_result(PGresult **out, struct store *s)
{
	int64_t deadline_ms = s->wait_ms && !s->waits_long ? clock_monotonic_ms() + s->wait_ms
							   : INT64_MAX;

	while (true) {
		int unsent = PQflush(s->connection);

		if (unsent < 0)
			return store_refused(s, NULL);
		if (!unsent && !PQisBusy(s->connection))
			break;
		if (!wait_for(s, unsent, deadline_ms))
			return stalled(s);
		if (!PQconsumeInput(s->connection))
			break; /* lost: PQgetResult tells */
	}
	*out = PQgetResult(s->connection);
	return OK;
}

/* COMMIT or ROLLBACK: true if it says so itself. */
static bool end_transaction(PGresult **out, struct store *s, const char *word)
{
	PGresult *more;

	*out = NULL;
	if (!PQsendQuery(s->connection, word) || store_result(out, s) != OK || !*out)
		return false;
	while (store_result(&more, s) == OK && more)
		PQclear(more);
	s->waits_long = false;
	return PQresultStatus(*out) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(*out), word) == 0;
}

const char *store_constraint(const struct store *s)
{
	return s->constraint;
}

enum err store_begin(struct store *s)
{
	if (s->transaction != STORE_NONE)
		return failure(ERR_INTERNAL, "a transaction is open already");
	TRY(store_connect(s));
	s->transaction = STORE_BEGUN;
	return OK;
}

enum err store_commit(struct store *s)
{
	PGresult *result;
	enum err kind = OK;

	if (s->transaction == STORE_BEGUN) {
		s->transaction = STORE_NONE;
		return OK;
	}
	if (s->transaction != STORE_OPEN)
		return failure(s->transaction == STORE_LOST ? ERR_UNAVAILABLE : ERR_INTERNAL,
			       "there is no transaction that could be committed");
	if (end_transaction(&result, s, "COMMIT"))
		s->transaction = STORE_NONE;
	else if (s->connection)
		kind = store_refused(s, result);
	else
		kind = failure(ERR_UNAVAILABLE, "the database did not answer to COMMIT in time");
	PQclear(result);
	return kind;
}

void store_rollback(struct store *s)
{
	if (s->transaction == STORE_OPEN || s->transaction == STORE_FAILED) {
		PGresult *result;

		if (!end_transaction(&result, s, "ROLLBACK"))
			store_disconnect(s);
		PQclear(result);
	}
	s->transaction = STORE_NONE;
}

bool store_is_in_transaction(const struct store *s)
{
	return s->transaction != STORE_NONE;
}

bool store_list_has(struct slice list, struct slice item)
{
	struct slice head, rest;

	while (slice_cut(list, ',', &head, &rest)) {
		if (slice_equal(head, item))
			return true;
		list = rest;
	}
	return item.size > 0 && slice_equal(list, item);
}

bool store_id_is_none(const uint8_t id[STORE_ID])
{
	static const uint8_t none[STORE_ID];

	return memcmp(id, none, STORE_ID) == 0;
}
