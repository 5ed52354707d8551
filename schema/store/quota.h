/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quota.h - limits of persons and institutions, and the counters of all limits: reserved before a
 * use, settled after it (0018_limits.sql). A license's limits stand in its document.
 */
#ifndef SCHEMA_STORE_QUOTA_H
#define SCHEMA_STORE_QUOTA_H

#include "schema/store/store.h"

struct store_limit {
	struct slice subject_kind; /* license, person, institution */
	uint8_t subject[STORE_ID];
	struct slice measure; /* requests, tokens, bytes, concurrent */
	struct slice per;     /* minute, day, month, license */
	int64_t max;
};

/* Of a person or an institution, in place of what was there. ERR_FORMAT: breaks a rule of the
 * table. */
RESULT store_limit_set(struct store *s, struct slice subject_kind, const uint8_t subject[STORE_ID],
		       const struct store_limit *limits, size_t count);
RESULT store_limit_list(struct store *s, struct arena *arena, struct store_limit **out,
			size_t *count, struct slice subject_kind, const uint8_t subject[STORE_ID]);

/* Of a person and all institutions they belong to now. */
RESULT store_limit_of_person(struct store *s, struct arena *arena, struct store_limit **out,
			     size_t *count, const uint8_t person[STORE_ID]);

/* One counter that a use counts against. */
struct store_quota {
	struct store_limit limit;
	int64_t amount;  /* that is asked for */
	int64_t used;    /* out: with the amount, if it was reserved */
	int64_t ends_ms; /* out: when its window ends; 0: never */
	bool is_over;    /* out: it has not so much left */
};

enum { STORE_MAX_QUOTAS = 64 };

/*
 * All amounts or none, in one statement; is_over tells which of them were too large. Not inside a
 * transaction: it must end with its statement, and its commit does not wait for the disk (the entry
 * or record that every use leaves does). `hold` names the use, `edge` the lease it lives with.
 * *has_stale: a refusal may be due to holds that store_quota_reclaim gives back.
 */
RESULT store_quota_reserve(struct store *s, const uint8_t hold[STORE_ID],
			   const uint8_t edge[STORE_ID], int64_t lasts_ms,
			   struct store_quota *quotas, size_t count, bool *has_stale);

struct store_spent {
	uint64_t requests, tokens, bytes;
};

/* The use has ended. May be tried again: only the first one that is committed counts. */
RESULT store_quota_settle(struct store *s, const uint8_t hold[STORE_ID],
			  const struct store_spent *spent);

/* Give back what edges that are gone have left; at most `most` holds. */
RESULT store_quota_reclaim(struct store *s, int64_t most, int64_t *count);

/* What was used of these in the windows of now; nothing is reserved. */
RESULT store_quota_look(struct store *s, struct store_quota *quotas, size_t count);

#endif
