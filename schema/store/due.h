/* SPDX-License-Identifier: Apache-2.0 */
/* due.h - requests that have waited so long that their model's rule says to remind, or to turn to
 * somebody else. Each once a round. */
#ifndef SCHEMA_STORE_DUE_H
#define SCHEMA_STORE_DUE_H

#include "schema/store/request.h"

struct store_due {
	struct store_request request;
	bool escalates;       /* else: a reminder */
	uint8_t to[STORE_ID]; /* of an escalation */
	struct slice to_name;
};

/* The longest waiting first, a hundred at most. */
RESULT store_due_list(struct store *s, struct arena *arena, struct store_due **out, size_t *count,
		      int64_t now_ms);

/* Mark it as told, in the transaction that tells it; *is_mine false: it is not due any more. */
RESULT store_due_mark(struct store *s, bool *is_mine, const struct store_due *due, int64_t now_ms);

#endif
