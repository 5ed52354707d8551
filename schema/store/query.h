/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query.h - how the files of this folder speak SQL: a named statement, its arguments in order,
 * its rows in order. Everything travels in binary. Several steps go to the server in one round
 * trip (pipeline mode) and are one transaction; statements are prepared on first use.
 *
 *     static const struct store_statement find = {"thing_find", "SELECT size FROM thing WHERE id =
 * $1"}; AUTO(store_step_clear) struct store_step step = {.statement = &find}; store_put_id(&step,
 * id); TRY(store_run(s, &step, 1)); if (store_next(&step)) *out = store_take_int(&step);
 */
#ifndef SCHEMA_STORE_QUERY_H
#define SCHEMA_STORE_QUERY_H

#include "schema/store/store.h"

struct store_statement {
	const char *name; /* unique in the program; NULL: planned for the values of each run */
	const char *sql;
};

enum { STORE_MAX_ARGUMENTS = 24, STORE_MAX_STEPS = 12 };

struct store_step {
	const struct store_statement *statement;
	size_t arguments;
	const char *values[STORE_MAX_ARGUMENTS]; /* borrowed until store_run returns */
	int sizes[STORE_MAX_ARGUMENTS];
	uint8_t numbers[STORE_MAX_ARGUMENTS][8];
	void *result;        /* PGresult, from store_run until store_step_clear */
	struct arena *arena; /* where texts and bytes are copied to; needed only by those */
	int row, column;
};

void store_put_id(struct store_step *step, const uint8_t id[STORE_ID]); /* none becomes NULL */
void store_put_text(struct store_step *step, struct slice text);
void store_put_text_or_null(struct store_step *step, struct slice text); /* empty becomes NULL */
void store_put_bytes(struct store_step *step, struct slice bytes);
void store_put_bytes_or_null(struct store_step *step, struct slice bytes);
void store_put_int(struct store_step *step, int64_t value); /* bigint: say $n::bigint */
void store_put_bool(struct store_step *step, bool value);
void store_put_time(struct store_step *step, int64_t ms); /* timestamptz; 0 becomes NULL */
void store_put_null(struct store_step *step);

/* Run all steps in one round trip; on failure none of them happened (outside of a transaction)
 * or the transaction can only be rolled back (inside). */
RESULT store_run(struct store *s, struct store_step *steps, size_t count);

/* The next row; false behind the last one. The columns are then taken from left to right. */
bool store_next(struct store_step *step);
size_t store_rows(const struct store_step *step);    /* returned */
size_t store_changed(const struct store_step *step); /* inserted, updated or deleted */

void store_take_id(struct store_step *step, uint8_t out[STORE_ID]);     /* NULL becomes none */
struct slice store_take_text(struct store_step *step);                  /* NULL becomes empty */
void store_take_bytes(struct store_step *step, void *out, size_t size); /* NULL becomes zeros */
int64_t store_take_int(struct store_step *step);
bool store_take_bool(struct store_step *step);
int64_t store_take_time(struct store_step *step);       /* ms; NULL becomes 0 */
bool store_take_is_null(const struct store_step *step); /* looks at the next column only */

void store_step_clear(struct store_step *step); /* fit for AUTO */

/* Run one step that must change a row. ERR_NOT_FOUND: "there is no such WHAT". */
RESULT store_change(struct store *s, struct store_step *step, const char *what);

/* After a run: the first row, or ERR_NOT_FOUND; all rows, as an array in the step's arena. */
typedef void store_take_fn(struct store_step *step, void *out);
RESULT store_one(struct store_step *step, void *out, store_take_fn *take_row, const char *what);
void *store_all(struct store_step *step, size_t *count, size_t size, store_take_fn *take_row);

/* Several steps for one round trip. */
struct store_batch {
	struct store_step steps[STORE_MAX_STEPS];
	size_t count;
};

struct store_step *store_batch_add(struct store_batch *batch,
				   const struct store_statement *statement, struct arena *arena);
RESULT store_batch_run(struct store *s, struct store_batch *batch);
void store_batch_clear(struct store_batch *batch); /* fit for AUTO */

#endif
