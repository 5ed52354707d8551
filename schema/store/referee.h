/* SPDX-License-Identifier: Apache-2.0 */
/* referee.h - people who are asked to vouch for others. The link they answer by is good once; only
 * its hash is here. */
#ifndef SCHEMA_STORE_REFEREE_H
#define SCHEMA_STORE_REFEREE_H

#include "schema/store/store.h"

enum { STORE_REFEREES_MAX = 20 /* of one person that wait for an answer */ };

struct store_referee {
	uint8_t id[STORE_ID];
	uint8_t person[STORE_ID];
	struct slice person_name; /* out only */
	struct slice email, name; /* of the referee */
	uint8_t secret_sha256[32];
	struct slice state; /* asked, confirmed, declined */
	struct slice note;  /* what the referee wrote; may be empty */
	int64_t asked_ms, expires_ms, answered_ms;
	uint8_t asked_by[STORE_ID];
};

/* `state`, `note` and `answered_ms` are not read. ERR_LIMIT: too many wait already. */
RESULT store_referee_add(struct store *s, const struct store_referee *referee);
RESULT store_referee_list(struct store *s, struct arena *arena, struct store_referee **out,
			  size_t *count, const uint8_t person[STORE_ID]); /* newest first */

/* ERR_NOT_FOUND: no such link. One that was used or has lapsed is found. */
RESULT store_referee_by_secret(struct store *s, struct arena *arena, struct store_referee *out,
			       const uint8_t sha256[32]);

RESULT store_referee_get(struct store *s, struct arena *arena, struct store_referee *out,
			 const uint8_t id[STORE_ID]);

/* Another link and another end. ERR_CONFLICT: it is answered already. */
RESULT store_referee_renew(struct store *s, const struct store_referee *referee);

/* Once, and before the link lapses. ERR_CONFLICT: it is too late, or answered already. */
RESULT store_referee_answer(struct store *s, const uint8_t id[STORE_ID], struct slice state,
			    struct slice note, int64_t now_ms);

#endif
