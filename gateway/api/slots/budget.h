/* SPDX-License-Identifier: Apache-2.0 */
/*
 * budget.h - may a model be loaded now, and what has to go first? Rows are this edge's slots, each
 * a process that takes some memory; the limit is this edge's share of the gateway's. Pure.
 */
#ifndef GATEWAY_API_SLOTS_BUDGET_H
#define GATEWAY_API_SLOTS_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BUDGET_ROWS = 16 };

enum budget_use {
	BUDGET_FREE,    /* a fresh process waits */
	BUDGET_LEAVING, /* its process ends, or has not come back yet */
	BUDGET_HELD,    /* loading, or used by somebody */
	BUDGET_IDLE,    /* nobody uses its model now */
};

struct budget_row {
	enum budget_use use;
	bool is_pinned;
	uint64_t bytes;
	int64_t used_ms; /* when it was used last */
	int64_t kept_ms; /* not evicted before */
};

struct budget {
	uint64_t limit;   /* bytes, of all rows together */
	uint64_t each;    /* bytes, of one process */
	size_t promises;  /* pinned models that are not in a row, but are to be, */
	uint64_t promise; /* and what they need at least */
	size_t count;
	struct budget_row rows[BUDGET_ROWS];
};

enum budget_verdict {
	BUDGET_TAKE,  /* the row, with so many bytes */
	BUDGET_EVICT, /* the row's process ends; then ask again */
	BUDGET_WAIT,  /* for processes that end, or for those who use the others */
	BUDGET_SMALL, /* never: it needs more than there is */
	BUDGET_TAKEN, /* not beside what is pinned */
};

struct budget_plan {
	enum budget_verdict verdict;
	size_t row;
	uint64_t bytes; /* TAKE: what it may take. SMALL: what there is at most. Else: what is free
			 */
};

/* For a model that takes `least` bytes, or as much as `most` if it is there. */
struct budget_plan budget_plan(const struct budget *b, uint64_t least, uint64_t most,
			       int64_t now_ms);

/* Is it only for a process that no row is free? */
bool budget_is_starting(const struct budget *b);

/* What the rows and promises leave. */
uint64_t budget_free(const struct budget *b);

/* Until when a model that took so long to load stays, though others want its place: twice that long
 * (at most BUDGET_KEPT_MOST_MS), so that at most a third of a slot's time goes into loading. */
enum { BUDGET_KEPT_MOST_MS = 60 * 1000 };
int64_t budget_kept_ms(int64_t began_ms, int64_t ready_ms);

#endif
