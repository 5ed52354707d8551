/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recorder.h - what single calls leave in the log (class B), committed together: one connection,
 * and whoever comes while a transaction is under way is in the next one. Each caller returns once
 * its own rows are durable, or knows that they may not be. A row that the database refuses fails
 * alone: the others of its transaction are tried again without it.
 */
#ifndef GATEWAY_API_RECORDER_H
#define GATEWAY_API_RECORDER_H

#include "schema/store/record.h"

enum { RECORDER_MAX = 512 }; /* rows in one transaction */

struct recorder;

/* Takes the store over. */
struct recorder *recorder_new(struct store *store);
void recorder_free(struct recorder *r); /* nobody is in it. NULL is fine */
AUTO_POINTER(recorder)

/* Any thread. OK: decision and event are on the disk. Any failure: nothing may rest on them. */
RESULT recorder_write(struct recorder *r, const struct store_record *record);

#endif
