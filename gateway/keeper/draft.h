/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draft.h - what a batch of entries will change, collected before anything is written. ledger.c
 * fills it entry by entry; acts.c knows the entries that need approvers.
 */
#ifndef GATEWAY_KEEPER_DRAFT_H
#define GATEWAY_KEEPER_DRAFT_H

#include <jansson.h>

#include "gateway/keeper/ledger.h"
#include "gateway/keeper/standing.h"
#include "policy/open_paths.h"

/* A model's settings bring the most: its gate, the list and each of its open paths, a standing
 * approval, and the statements that were used. */
enum {
	DRAFT_FACTS_PER_ENTRY = 2 + OPEN_PATHS_MAX + STANDING_FACTS + WIRE_MAX_APPROVALS,
	DRAFT_MAX_FACTS = DRAFT_FACTS_PER_ENTRY * WIRE_MAX_LOG_ENTRIES,
};

_Static_assert((int)DRAFT_MAX_FACTS <= (int)JOURNAL_MAX_CHANGES, "a batch fits in one write");

struct draft {
	const struct ledger *ledger;
	int64_t wall_ms;
	size_t leaf_count;
	size_t fact_count;
	size_t shred_count;
	size_t end_count;
	struct digest leaves[WIRE_MAX_LOG_ENTRIES];
	struct fact facts[DRAFT_MAX_FACTS];
	char shreds[WIRE_MAX_LOG_ENTRIES][WIRE_MAX_MODEL + 1];
	uint8_t ends[WIRE_MAX_LOG_ENTRIES][WIRE_ID]; /* licenses that are good no more */
};

struct draft *draft_new(const struct ledger *l, int64_t wall_ms);
void draft_free(struct draft **d); /* fit for AUTO */

/* The value as it will stand after what the draft has so far. */
uint64_t draft_fact(const struct draft *d, const struct fact *like);

void draft_value(struct draft *d, struct fact fact);
void draft_bits(struct draft *d, struct fact fact, uint64_t set, uint64_t clear);

/* The number of the entry that is being drafted; they begin with 1. */
uint64_t draft_number(const struct draft *d);

/* acts.c: entries that widen something, and so need approvers where there are any. ERR_DENIED or
 * another failure says why not; then the draft is as it was, and the entry is history without an
 * effect. */
RESULT acts_open(struct draft *d, const json_t *payload); /* a gate, open paths, criteria */
RESULT acts_enroll(struct draft *d, const json_t *payload);
RESULT acts_remove(struct draft *d, const json_t *payload);
RESULT acts_rule(struct draft *d, const json_t *payload);

/* Settings: as acts_open if they would open anything that is closed, else OK. */
RESULT acts_settings(struct draft *d, const json_t *payload);

/* May a pattern stand in a model's list unsigned: is it open today, or of those that every model
 * opens, cards and license texts? */
bool acts_pattern_is_free(const struct draft *d, struct slice model, struct slice pattern);

/* Facts, statements and clock as of this draft. */
struct approvers draft_approvers(const struct draft *d);

#endif
