/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idempotency.h - what was answered to a key that a client has chosen, so that the same request,
 * sent again because its answer was lost, is answered again and not done again. A day long.
 */
#ifndef SCHEMA_STORE_IDEMPOTENCY_H
#define SCHEMA_STORE_IDEMPOTENCY_H

#include "schema/store/terms.h"

enum {
	STORE_KEY_MAX = 255,
	STORE_KEY_HOURS = 24,
	STORE_KEY_CLAIM_MS = 60000, /* who has not answered by then has died */
	STORE_KEY_ANSWER_MAX = 1024 * 1024,
};

struct store_key_answer {
	bool is_mine;   /* nobody has used the key: do it, then answer or release */
	bool is_same;   /* else: the request it was used for is this one */
	int64_t status; /* else: what was answered; 0: nothing yet */
	struct slice answer;
	uint8_t receipt[STORE_ID]; /* may be none */
};

/* Claim the key for a request of this digest, or learn what it was used for. A transaction by
 * itself. */
RESULT store_key_claim(struct store *s, struct arena *arena, struct store_key_answer *out,
		       const uint8_t person[STORE_ID], struct slice key,
		       const uint8_t digest[STORE_SHA256], int64_t now_ms);
RESULT store_key_answer(struct store *s, const uint8_t person[STORE_ID], struct slice key,
			int64_t status, struct slice answer, const uint8_t receipt[STORE_ID]);
RESULT store_key_release(struct store *s, const uint8_t person[STORE_ID], struct slice key);

/* Forget those of yesterday. */
RESULT store_key_sweep(struct store *s, int64_t now_ms);

#endif
