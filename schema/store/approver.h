/* SPDX-License-Identifier: Apache-2.0 */
/* approver.h - whose enrolled keys are approvers', as the last entries say. The keeper's journal
 * decides; this is for display. */
#ifndef SCHEMA_STORE_APPROVER_H
#define SCHEMA_STORE_APPROVER_H

#include "schema/store/key.h"

struct store_approver {
	struct store_key key;
	struct slice person_name;
	int64_t enrolled_ms;
	int64_t removed_ms; /* 0: not removed */
};

RESULT store_approver_list(struct store *s, struct arena *arena, struct store_approver **out,
			   size_t *count);

/* The key is a person's already. One that was removed comes back. */
RESULT store_approver_enroll(struct store *s, const uint8_t key[STORE_ID], int64_t now_ms);
RESULT store_approver_remove(struct store *s, const uint8_t key[STORE_ID], int64_t now_ms);

#endif
