/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/query.h"

#include <assert.h>
#include <limits.h>

#include "schema/store/connection.h"

/* PostgreSQL counts microseconds from 2000-01-01. */
#define EPOCH_MS INT64_C(946684800000)

enum { FORMAT_BINARY = 1 };

static void put(struct store_step *step, const void *data, size_t size)
{
	assert(step->arguments < STORE_MAX_ARGUMENTS && size <= INT_MAX);
	step->values[step->arguments] = data;
	step->sizes[step->arguments++] = (int)size;
}

void store_put_null(struct store_step *step)
{
	put(step, NULL, 0);
}

void store_put_bytes(struct store_step *step, struct slice bytes)
{
	put(step, bytes.size ? (const void *)bytes.data : "", bytes.size);
}

void store_put_text(struct store_step *step, struct slice text)
{
	store_put_bytes(step, text);
}

void store_put_bytes_or_null(struct store_step *step, struct slice bytes)
{
	put(step, bytes.size ? bytes.data : NULL, bytes.size);
}

void store_put_text_or_null(struct store_step *step, struct slice text)
{
	store_put_bytes_or_null(step, text);
}

void store_put_id(struct store_step *step, const uint8_t id[STORE_ID])
{
	put(step, store_id_is_none(id) ? NULL : id, STORE_ID);
}

void store_put_int(struct store_step *step, int64_t value)
{
	uint8_t *number;

	assert(step->arguments < STORE_MAX_ARGUMENTS);
	number = step->numbers[step->arguments];
	for (int i = 0; i < 8; i++)
		number[i] = (uint8_t)((uint64_t)value >> (56 - 8 * i));
	put(step, number, 8);
}

void store_put_bool(struct store_step *step, bool value)
{
	put(step, value ? "\1" : "\0", 1);
}

void store_put_time(struct store_step *step, int64_t ms)
{
	if (ms == 0)
		store_put_null(step);
	else
		store_put_int(step, (ms - EPOCH_MS) * 1000);
}

static bool is_prepared(const struct store *s, const struct store_statement *statement)
{
	for (size_t i = 0; i < s->prepared_count; i++)
		if (s->prepared[i] == statement)
			return true;
	return false;
}

/* What was sent and is still to be answered, in order. */
struct sent {
	const struct store_statement *prepares; /* a Parse of this statement, or */
	struct store_step *executes;            /* an execution of this step, or neither: BEGIN */
};

struct pipeline {
	struct sent sent[2 * STORE_MAX_STEPS + 1];
	size_t count;
};

static bool is_sent(const struct pipeline *p, const struct store_statement *statement)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->sent[i].prepares == statement)
			return true;
	return false;
}

static bool send_prepared(struct store *s, struct pipeline *p, struct store_step *step,
			  const int *formats)
{
	const struct store_statement *statement = step->statement;

	if (!is_prepared(s, statement) && !is_sent(p, statement)) {
		if (!PQsendPrepare(s->connection, statement->name, statement->sql, 0, NULL))
			return false;
		p->sent[p->count++].prepares = statement;
	}
	return PQsendQueryPrepared(s->connection, statement->name, (int)step->arguments,
				   step->values, step->sizes, formats, FORMAT_BINARY);
}

static bool send_step(struct store *s, struct pipeline *p, struct store_step *step)
{
	int formats[STORE_MAX_ARGUMENTS];
	bool sent;

	for (size_t i = 0; i < step->arguments; i++)
		formats[i] = FORMAT_BINARY;
	if (!step->statement->name)
		sent = PQsendQueryParams(s->connection, step->statement->sql, (int)step->arguments,
					 NULL, step->values, step->sizes, formats, FORMAT_BINARY);
	else
		sent = send_prepared(s, p, step, formats);
	if (sent)
		p->sent[p->count++].executes = step;
	return sent;
}

static bool send_all(struct store *s, struct pipeline *p, struct store_step *steps, size_t count)
{
	if (!PQenterPipelineMode(s->connection))
		return false;
	if (s->transaction == STORE_BEGUN) {
		if (!PQsendQueryParams(s->connection, "BEGIN", 0, NULL, NULL, NULL, NULL, 0))
			return false;
		p->count++;
	}
	for (size_t i = 0; i < count; i++)
		if (!send_step(s, p, &steps[i]))
			return false;
	return PQpipelineSync(s->connection) == 1;
}

/* One answer; the result goes to its step or is cleared. The first failure counts: those behind
 * it are PGRES_PIPELINE_ABORTED. */
static enum err take_answer(struct store *s, const struct sent *sent, PGresult *result,
			    enum err before)
{
	ExecStatusType status = PQresultStatus(result);
	enum err kind = before;

	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) {
		if (sent->prepares) {
			assert(s->prepared_count < STORE_MAX_STATEMENTS);
			s->prepared[s->prepared_count++] = sent->prepares;
		}
		if (sent->executes) {
			sent->executes->result = result;
			return kind;
		}
	} else if (kind == OK) {
		kind = store_refused(s, result);
	}
	PQclear(result);
	return kind;
}

/* The answers up to the sync: each result, and the NULL behind it. */
static enum err take_steps(struct store *s, const struct pipeline *p)
{
	enum err kind = OK;
	PGresult *result;

	for (size_t i = 0; i < p->count; i++) {
		TRY(store_result(&result, s));
		if (!result)
			return store_refused(s, NULL);
		kind = take_answer(s, &p->sent[i], result, kind);
		if (!s->connection)
			return kind; /* lost */
		do {
			TRY(store_result(&result, s));
			PQclear(result);
		} while (result);
	}
	return kind;
}

static enum err take_all(struct store *s, const struct pipeline *p)
{
	enum err kind = take_steps(s, p);
	PGresult *result;
	bool synced;

	if (!s->connection)
		return kind;
	TRY(store_result(&result, s));
	/* What a deferred trigger forbids comes with the implicit commit, behind all steps. */
	if (PQresultStatus(result) == PGRES_FATAL_ERROR && kind == OK) {
		kind = store_refused(s, result);
		PQclear(result);
		if (!s->connection)
			return kind; /* lost */
		TRY(store_result(&result, s));
		if (!result)
			TRY(store_result(&result, s));
	}
	synced = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
	PQclear(result);
	if (!synced || !PQexitPipelineMode(s->connection))
		return store_refused(s, NULL);
	return kind;
}

enum err store_run(struct store *s, struct store_step *steps, size_t count)
{
	struct pipeline p = {.count = 0};
	enum err kind;

	assert(count > 0 && count <= STORE_MAX_STEPS);
	if (s->transaction == STORE_LOST)
		return failure(ERR_UNAVAILABLE, "the connection was lost inside a transaction");
	if (s->transaction == STORE_FAILED)
		return failure(ERR_INTERNAL, "the transaction has failed: roll it back");
	TRY(store_connect(s));
	s->constraint[0] = '\0';
	for (size_t i = 0; i < count; i++)
		steps[i].row = -1;
	if (!send_all(s, &p, steps, count))
		return store_refused(s, NULL);
	kind = take_all(s, &p);
	if (kind == OK && s->transaction == STORE_BEGUN)
		s->transaction = STORE_OPEN;
	return kind;
}

enum err store_wait_long(struct store *s)
{
	static const struct store_statement set = {
		"wait_long", "SELECT set_config('statement_timeout', '0', true)"};
	AUTO(store_step_clear) struct store_step step = {.statement = &set};

	assert(s->transaction != STORE_NONE);
	TRY(store_run(s, &step, 1));
	s->waits_long = true;
	return OK;
}

bool store_next(struct store_step *step)
{
	step->column = 0;
	return ++step->row < PQntuples(step->result);
}

size_t store_rows(const struct store_step *step)
{
	return (size_t)PQntuples(step->result);
}

size_t store_changed(const struct store_step *step)
{
	uint64_t count = 0;

	if (!slice_to_u64(slice_of_string(PQcmdTuples(step->result)), SIZE_MAX, &count))
		return 0;
	return (size_t)count;
}

bool store_take_is_null(const struct store_step *step)
{
	return PQgetisnull(step->result, step->row, step->column);
}

static struct slice take(struct store_step *step)
{
	int column = step->column++;

	assert(column < PQnfields(step->result));
	return slice_of(PQgetvalue(step->result, step->row, column),
			(size_t)PQgetlength(step->result, step->row, column));
}

void store_take_bytes(struct store_step *step, void *out, size_t size)
{
	struct slice value = take(step);

	assert(value.size == size || value.size == 0);
	memset(out, 0, size);
	memcpy(out, value.data, value.size);
}

void store_take_id(struct store_step *step, uint8_t out[STORE_ID])
{
	store_take_bytes(step, out, STORE_ID);
}

struct slice store_take_text(struct store_step *step)
{
	assert(step->arena);
	return arena_copy(step->arena, take(step));
}

/* smallint, integer and bigint alike. */
int64_t store_take_int(struct store_step *step)
{
	struct slice value = take(step);
	uint64_t number = value.size && value.data[0] & 0x80 ? UINT64_MAX : 0;

	assert(value.size <= 8);
	for (size_t i = 0; i < value.size; i++)
		number = number << 8 | value.data[i];
	return (int64_t)number;
}

bool store_take_bool(struct store_step *step)
{
	return store_take_int(step) != 0;
}

int64_t store_take_time(struct store_step *step)
{
	if (store_take_is_null(step)) {
		step->column++;
		return 0;
	}
	return store_take_int(step) / 1000 + EPOCH_MS;
}

void store_step_clear(struct store_step *step)
{
	PQclear(step->result);
	step->result = NULL;
}

enum err store_change(struct store *s, struct store_step *step, const char *what)
{
	TRY(store_run(s, step, 1));
	if (store_changed(step) == 0)
		return failure(ERR_NOT_FOUND, "there is no such %s", what);
	return OK;
}

enum err store_one(struct store_step *step, void *out, store_take_fn *take_row, const char *what)
{
	if (!store_next(step))
		return failure(ERR_NOT_FOUND, "there is no such %s", what);
	take_row(step, out);
	return OK;
}

void *store_all(struct store_step *step, size_t *count, size_t size, store_take_fn *take_row)
{
	size_t rows = store_rows(step);
	uint8_t *items = arena_alloc(step->arena, rows ? rows * size : 1);

	for (size_t i = 0; i < rows && store_next(step); i++)
		take_row(step, items + i * size);
	*count = rows;
	return items;
}

struct store_step *store_batch_add(struct store_batch *batch,
				   const struct store_statement *statement, struct arena *arena)
{
	struct store_step *step;

	assert(batch->count < STORE_MAX_STEPS);
	step = &batch->steps[batch->count++];
	*step = (struct store_step){.statement = statement, .arena = arena};
	return step;
}

enum err store_batch_run(struct store *s, struct store_batch *batch)
{
	return store_run(s, batch->steps, batch->count);
}

void store_batch_clear(struct store_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		store_step_clear(&batch->steps[i]);
	batch->count = 0;
}
