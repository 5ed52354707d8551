/* SPDX-License-Identifier: Apache-2.0 */
/* library_card.h - an institution's official vouches for a person once, until a date, for all
 * requests they make; and, for one request, countersigns it. */
#ifndef SCHEMA_STORE_LIBRARY_CARD_H
#define SCHEMA_STORE_LIBRARY_CARD_H

#include "schema/store/store.h"

struct store_library_card {
	uint8_t id[STORE_ID];
	uint8_t institution[STORE_ID];
	struct slice institution_name; /* out only */
	uint8_t person[STORE_ID];
	struct slice person_name; /* out only */
	uint8_t issued_by[STORE_ID];
	struct slice issued_by_name; /* out only */
	struct slice reason;
	int64_t issued_ms, expires_ms, revoked_ms; /* revoked_ms 0: it was not */
};

/* ERR_DENIED: nobody vouches for themselves. */
RESULT store_library_card_add(struct store *s, const struct store_library_card *card);
RESULT store_library_card_get(struct store *s, struct arena *arena, struct store_library_card *out,
			      const uint8_t id[STORE_ID]);

/* Newest first; `institution` or `person` none: any. */
RESULT store_library_card_list(struct store *s, struct arena *arena,
			       struct store_library_card **out, size_t *count,
			       const uint8_t institution[STORE_ID], const uint8_t person[STORE_ID]);

/* ERR_NOT_FOUND: no such card, or it was revoked already. */
RESULT store_library_card_revoke(struct store *s, const uint8_t id[STORE_ID],
				 const uint8_t by[STORE_ID], int64_t now_ms);

/* Does one hold for the person (of that institution, unless it is none), a member of it? */
RESULT store_library_card_holds(struct store *s, bool *out, const uint8_t person[STORE_ID],
				const uint8_t institution[STORE_ID]);

/* Do they sign for the institution now, and does it exist and is it active? */
RESULT store_is_official(struct store *s, bool *out, const uint8_t institution[STORE_ID],
			 const uint8_t person[STORE_ID]);

/* The official's signature under one request. ERR_CONFLICT: it awaits no decision, or has one. */
RESULT store_countersign(struct store *s, const uint8_t request[STORE_ID],
			 const uint8_t official[STORE_ID], int64_t now_ms);

#endif
