/* SPDX-License-Identifier: Apache-2.0 */
/* identity.h - which subjects of which issuers are which persons, and who said so. */
#ifndef SCHEMA_STORE_IDENTITY_H
#define SCHEMA_STORE_IDENTITY_H

#include "schema/store/store.h"

struct store_identity {
	struct slice iss, sub;
	uint8_t person[STORE_ID];
	struct slice how;            /* visa, login, linked, admin */
	uint8_t by_visa[STORE_ID];   /* linked: the visa that says so; else none */
	uint8_t by_person[STORE_ID]; /* admin: who said so; else none */
	struct slice reason;         /* of the administrator; may be empty */
	int64_t bound_ms;
};

/* An administrator's act. ERR_CONFLICT: the subject is somebody's already (the text says whether
 * theirs or another's). */
RESULT store_identity_add(struct store *s, const struct store_identity *identity);

/* A visa of the person says that this is theirs, too. Theirs already: nothing. ERR_CONFLICT: it is
 * another person's. */
RESULT store_identity_link(struct store *s, const struct store_identity *identity);

/* All zero: nobody's. */
RESULT store_identity_owner(struct store *s, uint8_t person[STORE_ID], struct slice iss,
			    struct slice sub);

/* With all visas that came by it, and all that was linked by those. ERR_NOT_FOUND. */
RESULT store_identity_remove(struct store *s, const uint8_t person[STORE_ID], struct slice iss,
			     struct slice sub);

RESULT store_identity_list(struct store *s, struct arena *arena, struct store_identity **out,
			   size_t *count, const uint8_t person[STORE_ID]);

#endif
