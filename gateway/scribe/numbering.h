/* SPDX-License-Identifier: Apache-2.0 */
/*
 * numbering.h - gives committed events their numbers, and makes their leaves: each payload says
 * which entry of its actor and of its license it is (schema/audit/chain.h). Of what single calls
 * leave, a few a second go alone, like anything else; where there are more, those of a second
 * become rows of one entry (schema/audit/batch.h).
 */
#ifndef GATEWAY_SCRIBE_NUMBERING_H
#define GATEWAY_SCRIBE_NUMBERING_H

#include "schema/store/log.h"

enum {
	NUMBERING_BATCH = 4096, /* entries of one transaction; and rows of one entry */
	NUMBERING_MAX_BYTES = 8 << 20,
	NUMBERING_ALONE = 16, /* of single calls a second */
	NUMBERING_SECOND_MS = 1000,
};

/* The second that is under way; zero at first. */
struct numbering_pace {
	int64_t since_ms; /* monotonic */
	unsigned alone;   /* entries of single calls in it */
};

struct numbering_result {
	uint64_t first;            /* number of the first */
	struct store_leaf *leaves; /* in the arena */
	size_t count;
};

/* The oldest that wait, in one transaction. ERR_FORMAT: an event that no entry can be made of stops
 * the log: nothing passes over it. Times: now, monotonic and as the clock shows. */
RESULT numbering_run(struct numbering_result *out, struct arena *arena, struct store *s,
		     struct numbering_pace *pace, int64_t monotonic_ms, int64_t now_ms);

#endif
