/* SPDX-License-Identifier: Apache-2.0 */
/*
 * retention.h - what goes because its time is over, and what is held back from that
 * (0031_erasure.sql). Steps as in erasure.h, each with a retention.run of its transaction.
 */
#ifndef SCHEMA_STORE_RETENTION_H
#define SCHEMA_STORE_RETENTION_H

#include "schema/store/erasure.h"

struct store_retention {
	struct slice rule; /* usage, record, session */
	int64_t erased;    /* since there is this gateway */
	int64_t ran_ms;    /* when it last erased something; 0: never */
	uint8_t entry[STORE_ID];
	int64_t waits_ms; /* nothing goes by time until then: the clock has jumped; 0: it has not */
	int64_t due, held; /* store_retention_list: entries that would go now, and that may not */
};

/* All rules; due and held are counted in the next 200,000 entries of each. */
RESULT store_retention_list(struct store *s, struct arena *arena, struct store_retention **out,
			    size_t *count, const struct store_periods *p);

/* is_there is always true. `rule`: usage, record. */
RESULT store_retention_look(struct store *s, struct arena *arena, struct store_erasure_step *out,
			    struct slice rule, const struct store_periods *p);

/* *more: there is more to walk through. */
RESULT store_retention_apply(struct store *s, bool *more, struct slice rule,
			     const uint8_t entry[STORE_ID], const struct store_periods *p);

/* Sessions and one-time codes that ended so many days ago: how many, and away with them. */
RESULT store_retention_sessions(struct store *s, int64_t *count, int64_t days);
RESULT store_retention_sessions_end(struct store *s, int64_t days, const uint8_t entry[STORE_ID]);

struct store_hold {
	uint8_t id[STORE_ID];
	struct slice kind; /* person, license, model */
	uint8_t target[STORE_ID];
	struct slice target_name; /* out only: of a person or model */
	struct slice reason;
	uint8_t placed_by[STORE_ID];
	struct slice placed_by_name; /* out only */
	int64_t placed_ms;
	struct slice lifted_by_name; /* out only, as what follows */
	int64_t lifted_ms;
	struct slice lift_reason;
};

/* ERR_CONFLICT: it is held already. */
RESULT store_hold_add(struct store *s, const struct store_hold *h);
/* The newest first. */
RESULT store_hold_list(struct store *s, struct arena *arena, struct store_hold **out,
		       size_t *count);
RESULT store_hold_get(struct store *s, struct arena *arena, struct store_hold *out,
		      const uint8_t id[STORE_ID]);
/* ERR_NOT_FOUND: there is none that stands. */
RESULT store_hold_lift(struct store *s, const uint8_t id[STORE_ID], const uint8_t by[STORE_ID],
		       int64_t now_ms, struct slice reason);

#endif
