/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cuts.h - what runs, and on whose right: how a withdrawal reaches it. Whatever goes on after its
 * decision (a transfer, a generation) enters here with the epoch it was decided under, and leaves
 * at its end. One that a cut has overtaken between its decision and its entering is refused, so a
 * cut that was applied reaches everything. Any thread. Pure.
 */
#ifndef GATEWAY_API_LEASE_CUTS_H
#define GATEWAY_API_LEASE_CUTS_H

#include <stdatomic.h>

#include "schema/store/lease.h"

/* Cuts that are remembered; what was decided before the oldest of them is refused. */
enum { CUTS_REMEMBERED = 256 };

struct cuts;

/* What it rests on; all zero: not on such a thing. */
struct cut_basis {
	uint8_t license[STORE_ID], model[STORE_ID], person[STORE_ID], token[STORE_ID];
	uint8_t maker[STORE_ID];    /* the token that made a capability */
	uint8_t revision[STORE_ID]; /* of cuts_revision */
	uint8_t adapter[STORE_ID];
};

enum cut_what { CUT_DOWNLOAD, CUT_GENERATION };

/* Something that runs. Its owner fills in basis, on_cut and context, and keeps it in place from
 * cuts_enter to cuts_leave. */
struct cut_entry {
	enum cut_what what;
	struct cut_basis basis;
	int64_t until_ms; /* by the clock on the wall: then it ends; 0: no date ends it */
	/* Once, on the thread that cuts: must not block, nor call this module. May be NULL. */
	void (*on_cut)(void *context);
	void *context;
	atomic_bool is_cut; /* for those who rather look */
	bool is_entered;
	int64_t left_ms, entered_ms; /* of cuts_enter: a wall clock put back gives no more time */
	struct cut_entry *previous, *next;
};

/* A revision has no id that is a UUID: the first half of a digest stands for it in a cut (0017). */
void cuts_revision(uint8_t out[STORE_ID], const uint8_t model[STORE_ID], struct slice revision);

struct cuts *cuts_new(void);
void cuts_free(struct cuts *c); /* nothing runs any more */

/* ERR_EXPIRED: its date is past. ERR_UNAVAILABLE: what it rests on was withdrawn since `epoch`, or
 * so much has happened since that nobody knows, or the epoch is 0. To decide again is to know, and
 * to have the reason. */
RESULT cuts_enter(struct cuts *c, struct cut_entry *entry, uint64_t epoch);
void cuts_leave(struct cuts *c, struct cut_entry *entry); /* nothing, if it has not entered */

/* `epoch`: from which on decisions know of it. */
void cuts_apply(struct cuts *c, const struct store_cut *cut, uint64_t epoch);
void cuts_apply_all(struct cuts *c, uint64_t epoch);

/* Cut what has come to its date: to be called several times a second. */
void cuts_expire(struct cuts *c, int64_t now_ms, int64_t monotonic_ms);

/* What runs now: at most `max` of it go to out, and all of it is counted. */
struct cut_view {
	enum cut_what what;
	struct cut_basis basis;
};
size_t cuts_look(struct cuts *c, struct cut_view *out, size_t max);

size_t cuts_count(struct cuts *c); /* that run */

#endif
