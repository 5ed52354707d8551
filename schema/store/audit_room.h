/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit_room.h - the room on the disks of the log and of the database, as schema/sql/0036 keeps it:
 * a reserve in the database that is let go when nothing else is left, and what is wrong now. For
 * the edge's job.
 */
#ifndef SCHEMA_STORE_AUDIT_ROOM_H
#define SCHEMA_STORE_AUDIT_ROOM_H

#include "schema/store/store.h"

struct store_audit_room {
	struct slice database, files; /* what is wrong; empty: nothing */
	bool is_told;                 /* the log has an entry of it */
};

/* Looks, and lets the reserve go or sets it aside again. Not inside of a transaction: room that
 * was let go is there when it ends. */
RESULT store_audit_room(struct store *s, struct arena *arena, struct store_audit_room *out);

/* The entry about it is in this transaction. */
RESULT store_audit_room_told(struct store *s, const struct store_audit_room *room);

#endif
