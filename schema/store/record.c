/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/record.h"

#include <assert.h>

#include "schema/store/array.h"
#include "schema/store/rows.h"

/* Arrays of one length, side by side: as FROM unnest(...), which keeps a copy of all rows first. */
static const struct store_statement insert_events = {
	"record_events",
	"INSERT INTO audit_event (id, at, kind, actor, actor_name, model, license, right_name, "
	"allow, code, payload, nonce) SELECT unnest($1::uuid[]), unnest($2::timestamptz[]), "
	"unnest($3::text[]), unnest($4::uuid[]), unnest($5::text[]), unnest($6::text[]), "
	"unnest($7::uuid[]), unnest($8::text[]), unnest($9::boolean[]), unnest($10::text[]), "
	"unnest($11::bytea[]), unnest($12::bytea[])"};
static const struct store_statement insert_decisions = {
	"record_decisions",
	"INSERT INTO decision (id, at, person, model, right_name, license, allow, code, record) "
	"SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::text[], $5::text[], "
	"$6::uuid[], $7::boolean[], $8::text[], $9::bytea[])"};

/* Sums of each counter, and all take these in the same order: two at a time do not wait for each
 * other in a circle. */
static const struct store_statement add_usages = {
	"record_usages",
	"INSERT INTO usage_day (person, model, right_name, day, calls, prompt_tokens, "
	"completion_tokens, bytes) SELECT p, m, r, (t AT TIME ZONE 'UTC')::date, sum(c), sum(i), "
	"sum(o), sum(b) FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], "
	"$5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[]) AS u (p, m, r, t, c, i, o, b) "
	"GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4 "
	"ON CONFLICT (person, model, right_name, day) DO UPDATE SET "
	"calls = usage_day.calls + excluded.calls, "
	"prompt_tokens = usage_day.prompt_tokens + excluded.prompt_tokens, "
	"completion_tokens = usage_day.completion_tokens + excluded.completion_tokens, "
	"bytes = usage_day.bytes + excluded.bytes"};

enum { EVENT_COLUMNS = 12, DECISION_COLUMNS = 9, USAGE_COLUMNS = 8 };

struct columns {
	struct store_array arrays[EVENT_COLUMNS];
	size_t count;
};

static void columns_new(struct columns *c, const enum store_element *elements, size_t count)
{
	c->count = count;
	for (size_t i = 0; i < count; i++)
		c->arrays[i] = store_array_new(elements[i]);
}

static void columns_free(struct columns *c)
{
	for (size_t i = 0; i < c->count; i++)
		store_array_free(&c->arrays[i]);
}

static void add_event(struct columns *c, const struct store_event *e)
{
	struct store_array *a = c->arrays;

	store_array_add_id(a++, e->id);
	store_array_add_time(a++, e->at_ms);
	store_array_add_bytes(a++, e->kind);
	store_array_add_id(a++, e->actor);
	store_array_add_bytes_or_null(a++, e->actor_name);
	store_array_add_bytes_or_null(a++, e->model);
	store_array_add_id(a++, e->license);
	store_array_add_bytes_or_null(a++, e->right);
	store_array_add_bool(a++, e->allow);
	store_array_add_bytes(a++, e->code);
	store_array_add_bytes(a++, e->payload);
	store_array_add_bytes(a++, slice_of(e->nonce, STORE_NONCE));
}

static void add_decision(struct columns *c, const struct store_decision *d)
{
	struct store_array *a = c->arrays;

	store_array_add_id(a++, d->id);
	store_array_add_time(a++, d->at_ms);
	store_array_add_id(a++, d->person);
	store_array_add_bytes_or_null(a++, d->model);
	store_array_add_bytes_or_null(a++, d->right);
	store_array_add_id(a++, d->license);
	store_array_add_bool(a++, d->allow);
	store_array_add_bytes(a++, d->code);
	store_array_add_bytes(a++, d->record);
}

static void add_usage(struct columns *c, const struct store_usage *u, int64_t at_ms)
{
	struct store_array *a = c->arrays;

	store_array_add_id(a++, u->person);
	store_array_add_id(a++, u->model);
	store_array_add_bytes(a++, u->right);
	store_array_add_time(a++, at_ms);
	store_array_add_int(a++, (int64_t)u->calls);
	store_array_add_int(a++, (int64_t)u->prompt_tokens);
	store_array_add_int(a++, (int64_t)u->completion_tokens);
	store_array_add_int(a++, (int64_t)u->bytes);
}

static void put_columns(struct store_step *step, struct columns *c)
{
	for (size_t i = 0; i < c->count; i++)
		store_put_array(step, &c->arrays[i]);
}

/* Arrays cost more than they save where they would hold one. */
static enum err record_one(struct store *s, const struct store_record *record)
{
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};

	if (record->decision)
		decision_put(store_batch_add(&batch, NULL, NULL), record->decision);
	if (record->event)
		audit_put(store_batch_add(&batch, NULL, NULL), record->event);
	if (record->usage)
		usage_put(store_batch_add(&batch, NULL, NULL), record->usage, record->event->at_ms);
	return store_batch_run(s, &batch);
}

struct tables {
	struct columns decisions, events, usages;
};

static struct tables tables_new(void)
{
	static const enum store_element decision[DECISION_COLUMNS] = {
		STORE_IDS, STORE_TIMES, STORE_IDS,   STORE_TEXTS, STORE_TEXTS,
		STORE_IDS, STORE_BOOLS, STORE_TEXTS, STORE_BYTES};
	static const enum store_element event[EVENT_COLUMNS] = {
		STORE_IDS, STORE_TIMES, STORE_TEXTS, STORE_IDS,   STORE_TEXTS, STORE_TEXTS,
		STORE_IDS, STORE_TEXTS, STORE_BOOLS, STORE_TEXTS, STORE_BYTES, STORE_BYTES};
	static const enum store_element usage[USAGE_COLUMNS] = {
		STORE_IDS,  STORE_IDS,  STORE_TEXTS, STORE_TIMES,
		STORE_INTS, STORE_INTS, STORE_INTS,  STORE_INTS};
	struct tables t;

	columns_new(&t.decisions, decision, DECISION_COLUMNS);
	columns_new(&t.events, event, EVENT_COLUMNS);
	columns_new(&t.usages, usage, USAGE_COLUMNS);
	return t;
}

static void tables_free(struct tables *t)
{
	columns_free(&t->decisions);
	columns_free(&t->events);
	columns_free(&t->usages);
}

static void add_record(struct tables *t, const struct store_record *record)
{
	if (record->decision)
		add_decision(&t->decisions, record->decision);
	if (record->event)
		add_event(&t->events, record->event);
	if (record->usage)
		add_usage(&t->usages, record->usage, record->event->at_ms);
}

static void put_table(struct store_batch *batch, const struct store_statement *insert,
		      struct columns *c)
{
	if (c->arrays[0].count)
		put_columns(store_batch_add(batch, insert, NULL), c);
}

/* Sums come last: other transactions wait for them. */
enum err store_record_many(struct store *s, const struct store_record *const *records, size_t count)
{
	AUTO(tables_free) struct tables tables = tables_new();
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};

	assert(!store_is_in_transaction(s) && count > 0);
	if (count == 1)
		return record_one(s, records[0]);
	for (size_t i = 0; i < count; i++)
		add_record(&tables, records[i]);
	put_table(&batch, &insert_decisions, &tables.decisions);
	put_table(&batch, &insert_events, &tables.events);
	put_table(&batch, &add_usages, &tables.usages);
	return store_batch_run(s, &batch);
}
