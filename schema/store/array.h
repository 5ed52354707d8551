/* SPDX-License-Identifier: Apache-2.0 */
/*
 * array.h - a column of values as one argument of a statement, in PostgreSQL's binary form of
 * arrays: many rows are then one statement, "INSERT ... SELECT * FROM unnest($1::uuid[], ...)".
 */
#ifndef SCHEMA_STORE_ARRAY_H
#define SCHEMA_STORE_ARRAY_H

#include "crypto/base/buf.h"
#include "schema/store/query.h"

/* The element's type, by its number in pg_type (fixed for all time). */
enum store_element {
	STORE_BOOLS = 16,
	STORE_BYTES = 17,
	STORE_INTS = 20, /* bigint */
	STORE_TEXTS = 25,
	STORE_TIMES = 1184, /* timestamptz */
	STORE_IDS = 2950,   /* uuid */
};

struct store_array {
	struct buf bytes;
	uint32_t count;
};

struct store_array store_array_new(enum store_element element);
void store_array_free(struct store_array *a); /* fit for AUTO */

void store_array_add_bytes(struct store_array *a, struct slice bytes); /* and texts */
void store_array_add_bytes_or_null(struct store_array *a, struct slice bytes);
void store_array_add_id(struct store_array *a, const uint8_t id[STORE_ID]); /* none: NULL */
void store_array_add_int(struct store_array *a, int64_t value);
void store_array_add_time(struct store_array *a, int64_t ms); /* 0: NULL */
void store_array_add_bool(struct store_array *a, bool value);

/* As the step's next argument; the array is borrowed until the run returns. */
void store_put_array(struct store_step *step, struct store_array *a);

#endif
