/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lease.h - how long this edge may rely on what it has read. The database counts an epoch that
 * each change of who may do what moves (schema/sql/0009_lease.sql). A thread of the edge with a
 * connection of its own follows it: it applies what was withdrawn (lease_options.cut), and only
 * then confirms the epoch, which renews the lease for `lease_seconds`. Whoever withdraws something
 * waits for that (lease_wait_cut). An edge that cannot renew ends its streams in time
 * (lease_options.lapse), so nobody needs to wait for it longer than its lease.
 *
 * A cache of what decisions rest on:
 *	epoch = lease_epoch(lease);          before the facts are read
 *	... read the facts, keep them under `epoch` (if it is not 0)
 *	... use them while lease_epoch(lease) == the epoch they are kept under
 * An answer that rests on them may be on its way while a cut is confirmed: what runs on enters
 * cuts.h with the epoch it was decided under, and is refused there if it was overtaken.
 */
#ifndef GATEWAY_API_LEASE_LEASE_H
#define GATEWAY_API_LEASE_LEASE_H

#include "schema/store/lease.h"

struct lease;

struct lease_options {
	int64_t lease_ms;
	/* On the lease's threads; they must not block for long. `epoch` is what lease_epoch says
	 * once all cuts of a change are made. */
	void (*cut)(void *context, const struct store_cut *cut, uint64_t epoch);
	void (*lapse)(void *context, uint64_t epoch); /* end all streams, forget all releases */
	void (*tick)(void *context); /* some times a second, lease or not; may be NULL */
	void *context;
};

/* Takes the store, whose connection is the lease's own. Starts two threads: after the sandbox. */
RESULT lease_start(struct lease **out, struct store *store, const struct lease_options *options);

/* Gives the lease back, so that nobody waits for it: when the last stream has ended. NULL is
 * fine. */
void lease_stop(struct lease *l);

/* The lease's name in the database, the same in all of this process. */
const uint8_t *lease_edge(const struct lease *l);

/*
 * What this edge has confirmed and may rely on now; 0: nothing (the lease has lapsed, or is not
 * there yet). Not the database's number, but one that never comes twice in this process: it is
 * another one after each change and after each lapse. Any thread, a few nanoseconds.
 */
uint64_t lease_epoch(const struct lease *l);

/* How a withdrawal reached the edges that were live when it was committed. */
struct lease_cut {
	unsigned edges;     /* live then */
	unsigned confirmed; /* have cut, or have ended in order */
	unsigned lapsed;    /* did not confirm; their leases are over, and with it their streams */
	int64_t took_ms;
};

/* After the commit of an act that withdraws something: waits until every live lease has confirmed
 * it or has lapsed. `store` is the caller's connection, outside of a transaction. It cannot fail:
 * where the database is away, it waits until every lease must have lapsed. */
void lease_wait_cut(struct lease_cut *out, struct lease *l, struct store *store);

#endif
