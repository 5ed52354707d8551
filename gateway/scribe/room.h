/* SPDX-License-Identifier: Apache-2.0 */
/*
 * room.h - the room on the disk of the log's files. A file of no use is kept there; when the disk
 * is full it goes, so that what was done, and that the disk is full, can still be published. While
 * it is gone the edges refuse whatever would need an entry; once there is room for it again, and as
 * much besides, it is made anew, and all goes on.
 */
#ifndef GATEWAY_SCRIBE_ROOM_H
#define GATEWAY_SCRIBE_ROOM_H

#include "schema/store/log.h"

enum {
	ROOM_RESERVE = 8 << 20,
	ROOM_LOW = 2 << 20,   /* less than this is full */
	ROOM_HOLD_MS = 10000, /* full for at least so long, lest it changes with every cycle */
};

struct room {
	int directory; /* log/; borrowed */
	bool is_full;
	bool is_told; /* the database knows what is_full is */
	int64_t full_ms;
};

void room_init(struct room *r, int directory);

/* Look, and tell the database what has changed. Before each cycle; what it fails with is no reason
 * not to try the cycle. */
RESULT room_look(struct room *r, struct store *s, int64_t now_ms);

/* A cycle has failed with ERR_FULL. */
void room_ended(struct room *r, int64_t now_ms);

#endif
