/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/store/record.h"

#include <assert.h>

#include "schema/store/array.h"
#include "schema/store/rows.h"

static const struct store_statement insert_events = {
	"record_events",
	"INSERT INTO audit_event (id, at, kind, actor, actor_name, model, license, right_name, "
	"allow, code, payload, nonce) SELECT * FROM unnest($1::uuid[], $2::timestamptz[], "
	"$3::text[], $4::uuid[], $5::text[], $6::text[], $7::uuid[], $8::text[], $9::boolean[], "
	"$10::text[], $11::bytea[], $12::bytea[])"};
static const struct store_statement insert_decisions = {
	"record_decisions",
	"INSERT INTO decision (id, at, person, model, right_name, license, allow, code, record) "
	"SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::text[], $5::text[], "
	"$6::uuid[], $7::boolean[], $8::text[], $9::bytea[])"};

enum { EVENT_COLUMNS = 12, DECISION_COLUMNS = 9 };

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
	audit_put(store_batch_add(&batch, NULL, NULL), record->event);
	return store_batch_run(s, &batch);
}

enum err store_record_many(struct store *s, const struct store_record *const *records, size_t count)
{
	static const enum store_element event[EVENT_COLUMNS] = {
		STORE_IDS, STORE_TIMES, STORE_TEXTS, STORE_IDS,   STORE_TEXTS, STORE_TEXTS,
		STORE_IDS, STORE_TEXTS, STORE_BOOLS, STORE_TEXTS, STORE_BYTES, STORE_BYTES};
	static const enum store_element decision[DECISION_COLUMNS] = {
		STORE_IDS, STORE_TIMES, STORE_IDS,   STORE_TEXTS, STORE_TEXTS,
		STORE_IDS, STORE_BOOLS, STORE_TEXTS, STORE_BYTES};
	AUTO(columns_free) struct columns events = {.count = 0};
	AUTO(columns_free) struct columns decisions = {.count = 0};
	AUTO(store_batch_clear) struct store_batch batch = {.count = 0};

	assert(!store_is_in_transaction(s));
	if (count == 1)
		return record_one(s, records[0]);
	columns_new(&events, event, EVENT_COLUMNS);
	columns_new(&decisions, decision, DECISION_COLUMNS);
	for (size_t i = 0; i < count; i++) {
		add_event(&events, records[i]->event);
		if (records[i]->decision)
			add_decision(&decisions, records[i]->decision);
	}
	if (decisions.arrays[0].count)
		put_columns(store_batch_add(&batch, &insert_decisions, NULL), &decisions);
	put_columns(store_batch_add(&batch, &insert_events, NULL), &events);
	return store_batch_run(s, &batch);
}
