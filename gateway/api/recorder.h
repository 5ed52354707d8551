/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recorder.h - what single calls leave in the log (class B), committed together. Each caller
 * returns once its own rows are durable, or knows that they may not be. A row that the database
 * refuses fails alone: the others of its transaction are tried again without it. What waits here
 * waits with its caller, so its memory is bounded by the threads there are, and nothing is left
 * when they have ended.
 */
#ifndef GATEWAY_API_RECORDER_H
#define GATEWAY_API_RECORDER_H

#include "schema/store/record.h"

enum {
	RECORDER_CONNECTIONS = 2, /* one works while the other waits for the disk */
	RECORDER_MAX = 512,       /* rows in one transaction, and that wait for the next */
};

struct recorder;

/* Takes the stores over. */
struct recorder *recorder_new(struct store *const stores[RECORDER_CONNECTIONS]);
void recorder_free(struct recorder *r); /* nobody is in it. NULL is fine */
AUTO_POINTER(recorder)

/* Any thread. OK: decision and event are on the disk. Any failure: nothing may rest on them.
 * ERR_UNAVAILABLE: also if RECORDER_MAX wait already. */
RESULT recorder_write(struct recorder *r, const struct store_record *record);

#endif
