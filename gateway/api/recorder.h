/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recorder.h - what single calls leave in the log (class B), committed together. A row that the
 * database refuses fails alone: the others of its transaction are tried again without it. There is
 * no thread here: whoever needs its rows now, or finds that some have waited long enough, commits
 * for all that wait. What waits here belongs to a caller who comes back for it, so its memory is
 * bounded by the threads there are, and nothing is left when they have ended.
 */
#ifndef GATEWAY_API_RECORDER_H
#define GATEWAY_API_RECORDER_H

#include "schema/store/record.h"

enum {
	RECORDER_CONNECTIONS = 2, /* one works while the other waits for the disk */
	RECORDER_MAX = 512,       /* rows in one transaction, and that wait for the next */
	RECORDER_GATHER_US =
		10000, /* that rows wait for company at most: of whoever started them, */
	RECORDER_LINGER_US = 20000, /* of whoever has nothing else to do */
};

struct recorder;
struct recorder_round;

/* Rows that somebody will need. */
struct recorder_ticket {
	struct recorder_round *round; /* NULL: none waits */
	int64_t started_us;
	enum err result;
	char why[FAILURE_MAX_TEXT]; /* if not OK */
};

/* Takes the stores over. */
struct recorder *recorder_new(struct store *const stores[RECORDER_CONNECTIONS]);
void recorder_free(struct recorder *r); /* nobody is in it. NULL is fine */
AUTO_POINTER(recorder)

/* Any thread. OK: decision and event are on the disk. Any failure: nothing may rest on them.
 * ERR_UNAVAILABLE: also if RECORDER_MAX wait already. */
RESULT recorder_write(struct recorder *r, const struct store_record *record);

/* The same, for rows that nobody waits for where there are many callers: until others commit, or
 * RECORDER_LINGER_US are over. */
RESULT recorder_linger(struct recorder *r, const struct store_record *record);

/*
 * The same in two steps, where there are many callers and each has something to wait for in
 * between. Record and ticket stay where they are until recorder_await, which says what
 * recorder_write does, and must be called. Between the two the rows become durable if somebody is
 * there to commit them, as a rule before callers await them; a caller who starts may be the one.
 */
void recorder_start(struct recorder *r, struct recorder_ticket *ticket,
		    const struct store_record *record);
RESULT recorder_await(struct recorder *r, struct recorder_ticket *ticket);

/* Would recorder_await return at once? */
bool recorder_is_done(struct recorder *r, const struct recorder_ticket *ticket);

#endif
