/* SPDX-License-Identifier: Apache-2.0 */
/* decision.h - decisions with all they rested on, and the daily sums of use. */
#ifndef SCHEMA_STORE_DECISION_H
#define SCHEMA_STORE_DECISION_H

#include "schema/store/store.h"

struct store_decision {
	uint8_t id[STORE_ID];
	int64_t at_ms;
	uint8_t person[STORE_ID]; /* may be none */
	struct slice model;       /* name; may be empty */
	struct slice right;       /* may be empty */
	uint8_t license[STORE_ID];
	bool allow;
	struct slice code;
	struct slice record; /* canonical JSON */
};

RESULT store_decision_insert(struct store *s, const struct store_decision *decision);
RESULT store_decision_get(struct store *s, struct arena *arena, struct store_decision *out,
			  const uint8_t id[STORE_ID]);

/* Those after (after_ms, after_id), oldest first; 0: from the first. */
RESULT store_decision_page(struct store *s, struct arena *arena, struct store_decision **out,
			   size_t *count, int64_t after_ms, const uint8_t after_id[STORE_ID],
			   size_t limit);

struct store_usage {
	uint8_t person[STORE_ID];
	uint8_t model[STORE_ID];
	struct slice model_name; /* out only */
	struct slice right;
	uint64_t calls, prompt_tokens, completion_tokens, bytes;
};

/* Add to the sums of that day (UTC). */
RESULT store_usage_add(struct store *s, const struct store_usage *usage, int64_t now_ms);

/* Totals by model and right. */
RESULT store_usage_list(struct store *s, struct arena *arena, struct store_usage **out,
			size_t *count, const uint8_t person[STORE_ID]);

#endif
