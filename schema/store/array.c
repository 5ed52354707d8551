/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/array.h"

#include <assert.h>

enum {
	ARRAY_MAX_BYTES = 256 << 20,
	ARRAY_HEAD = 5 * 4, /* dimensions, has nulls, element, length, lower bound */
	ARRAY_LENGTH_AT = 3 * 4,
};

/* PostgreSQL counts microseconds from 2000-01-01. */
#define EPOCH_MS INT64_C(946684800000)

struct store_array store_array_new(enum store_element element)
{
	struct store_array a = {.bytes = buf_new(ARRAY_MAX_BYTES)};

	buf_write_u32(&a.bytes, 1);
	buf_write_u32(&a.bytes, 1); /* may have nulls */
	buf_write_u32(&a.bytes, (uint32_t)element);
	buf_write_u32(&a.bytes, 0); /* the length, by store_put_array */
	buf_write_u32(&a.bytes, 1);
	return a;
}

void store_array_free(struct store_array *a)
{
	buf_free(&a->bytes);
}

static void add_null(struct store_array *a)
{
	a->count++;
	buf_write_u32(&a->bytes, UINT32_MAX);
}

void store_array_add_bytes(struct store_array *a, struct slice bytes)
{
	a->count++;
	buf_write_block(&a->bytes, bytes);
}

void store_array_add_bytes_or_null(struct store_array *a, struct slice bytes)
{
	if (bytes.size)
		store_array_add_bytes(a, bytes);
	else
		add_null(a);
}

void store_array_add_id(struct store_array *a, const uint8_t id[STORE_ID])
{
	if (store_id_is_none(id))
		add_null(a);
	else
		store_array_add_bytes(a, slice_of(id, STORE_ID));
}

void store_array_add_int(struct store_array *a, int64_t value)
{
	a->count++;
	buf_write_u32(&a->bytes, 8);
	buf_write_u64(&a->bytes, (uint64_t)value);
}

void store_array_add_time(struct store_array *a, int64_t ms)
{
	if (ms == 0)
		add_null(a);
	else
		store_array_add_int(a, (ms - EPOCH_MS) * 1000);
}

void store_array_add_bool(struct store_array *a, bool value)
{
	a->count++;
	buf_write_u32(&a->bytes, 1);
	buf_write_u8(&a->bytes, value);
}

/* What did not fit cannot be left out: rows of all columns belong together. */
void store_put_array(struct store_step *step, struct store_array *a)
{
	assert(!a->bytes.overflow && a->bytes.size >= ARRAY_HEAD);
	for (int i = 0; i < 4; i++)
		a->bytes.data[ARRAY_LENGTH_AT + i] = (uint8_t)(a->count >> (24 - 8 * i));
	store_put_bytes(step, buf_slice(&a->bytes));
}
