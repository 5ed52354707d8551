/* SPDX-License-Identifier: Apache-2.0 */
/*
 * retention_change.h - how long what is kept, as two people changed it (0044_retention_change.sql).
 */
#ifndef SCHEMA_STORE_RETENTION_CHANGE_H
#define SCHEMA_STORE_RETENTION_CHANGE_H

#include "schema/store/erasure.h"

enum { STORE_RETENTION_CHANGES = 50 };

struct store_retention_change {
	uint8_t id[STORE_ID];
	struct store_periods periods;
	struct slice reason;
	uint8_t asked_by[STORE_ID];
	struct slice asked_by_name; /* out only, as what follows */
	int64_t asked_ms;
	struct slice state; /* asked, rejected, stands, past */
	struct slice decided_by_name;
	int64_t decided_ms;
	struct slice decision_reason;
};

/* ERR_CONFLICT: another one waits for its decision. ERR_FORMAT: below the law's least. */
RESULT store_retention_change_add(struct store *s, const struct store_retention_change *c);
RESULT store_retention_change_get(struct store *s, struct arena *arena,
				  struct store_retention_change *out, const uint8_t id[STORE_ID]);
/* The newest first. */
RESULT store_retention_change_list(struct store *s, struct arena *arena,
				   struct store_retention_change **out, size_t *count);

/* The second person's word. ERR_CONFLICT, with why: decided already, the same person. */
RESULT store_retention_change_decide(struct store *s, const uint8_t id[STORE_ID],
				     const uint8_t by[STORE_ID], bool confirmed, struct slice why);

/* What stands; nothing is written where nobody ever changed it. */
RESULT store_retention_periods(struct store *s, struct store_periods *out);

#endif
