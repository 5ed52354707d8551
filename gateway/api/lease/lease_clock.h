/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease_clock.h - how long a lease holds, by our own clock. The database counts a lease from the
 * moment it takes our renewal; we count it from the moment we sent that, less a tenth to end what
 * runs: so we stop before anybody else takes us for gone. A renewal whose answer comes after the
 * lease has run out is none: others may have stopped waiting for us in between. Pure.
 *
 *    NONE --begin, all cuts known, confirmed in time--> HELD --not renewed in time--> NONE
 *
 * One thread changes it at a time; lease_clock_epoch may be asked by all.
 */
#ifndef GATEWAY_API_LEASE_LEASE_CLOCK_H
#define GATEWAY_API_LEASE_LEASE_CLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct lease_clock {
	int64_t length_ms; /* that we count on */
	bool is_held;
	_Atomic int64_t until_ms;
	_Atomic uint64_t epoch; /* never 0, never the same again after a change or a lapse */
};

void lease_clock_init(struct lease_clock *c, int64_t lease_ms);

/* What may be relied on now; 0: nothing. */
uint64_t lease_clock_epoch(const struct lease_clock *c, int64_t now_ms);

/* What it will be once a change is known here (all its cuts made); and: it is. */
uint64_t lease_clock_next(const struct lease_clock *c);
void lease_clock_advance(struct lease_clock *c);

/* A renewal sent at sent_ms was taken, as is known at now_ms. False: too late, it has lapsed. */
bool lease_clock_renew(struct lease_clock *c, int64_t sent_ms, int64_t now_ms);

/* The same of the renewal that confirms what was read under a lease just begun. */
bool lease_clock_begin(struct lease_clock *c, int64_t sent_ms, int64_t now_ms);

/* Has it run out? True once. */
bool lease_clock_lapse(struct lease_clock *c, int64_t now_ms);

/* Give it up. */
void lease_clock_drop(struct lease_clock *c);

#endif
