/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.h - many decisions and events in one transaction and one round trip: what single calls
 * leave behind (class B). Role sallyport_edge.
 */
#ifndef SCHEMA_STORE_RECORD_H
#define SCHEMA_STORE_RECORD_H

#include "schema/store/audit.h"
#include "schema/store/decision.h"

struct store_record {
	const struct store_decision *decision; /* NULL: none */
	const struct store_event *event;       /* NULL: none; not both */
	const struct store_usage *usage; /* of the event's day; NULL: none, as without event */
};

/* All of them, with their outbox rows in this order, or none. Not inside a transaction. */
RESULT store_record_many(struct store *s, const struct store_record *const *records, size_t count);

#endif
