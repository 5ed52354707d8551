/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quota.h - limits on use. Once a use is allowed, it reserves what it may take at most, of all
 * counters that apply to it (its license's, its person's, their institutions') or of none; at its
 * end what it really took counts. A use that no limit applies to costs nothing, and asks nobody.
 */
#ifndef GATEWAY_API_QUOTA_QUOTA_H
#define GATEWAY_API_QUOTA_QUOTA_H

#include "gateway/api/authorize.h"

enum {
	QUOTA_HOLD_MS = 6 * 3600 * 1000, /* no use is longer; one that is counts at its end */
	QUOTA_MAX_DEBTS = 1024,
	QUOTA_RECLAIM = 1000, /* holds at one time */
};

struct quota; /* what this edge still has to settle */

struct quota *quota_new(void);
void quota_free(struct quota *q); /* what is left is given back by others. NULL is fine */

/* What is reserved for one use; lives with it. */
struct quota_hold {
	bool is_held;
	uint8_t id[STORE_ID];
};

/* What a use may take at most, beside one request and one place among those that run. */
struct quota_ask {
	bool counts_tokens, counts_bytes;
	uint64_t tokens, bytes;
};

/*
 * Reserve for a use that is allowed; headers of the answer tell what is left. False: it has
 * answered, as a denial that is recorded and logged (or the database is away: nothing is used that
 * cannot be counted). Not inside a transaction.
 */
bool quota_enter(struct quota_hold *out, struct exchange *x, struct route_context *context,
		 struct grant *grant, const struct quota_ask *ask);

/* The use has ended. What cannot be settled now is settled later. Nothing, if nothing is held. */
void quota_leave(struct quota_hold *hold, struct route_context *context,
		 const struct store_spent *spent);

/* The limits that apply to this license (of its signed document), person and institutions.
 * ERR_LIMIT: more than STORE_MAX_QUOTAS. `license` may be NULL. */
RESULT quota_list(struct store_quota *out, size_t *count, struct arena *arena,
		  const struct store_license *license, const struct store_limit *others,
		  size_t other_count);

#endif
