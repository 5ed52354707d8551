/* SPDX-License-Identifier: Apache-2.0 */
/* person.h - persons, and the offices they hold. */
#ifndef SCHEMA_STORE_PERSON_H
#define SCHEMA_STORE_PERSON_H

#include "schema/store/store.h"

struct store_person {
	uint8_t id[STORE_ID];
	struct slice name;
	struct slice email;   /* may be empty */
	struct slice state;   /* active, suspended */
	struct slice offices; /* those held everywhere when it was read; comma-separated, sorted */
	struct slice held;    /* all: a line each, as policy/offices.h reads them; out only */
	struct slice client_rules; /* the certificates their institutions require, as
				    * policy/client_rule.h reads them; out only */
	int64_t created_ms;
	bool is_blocked; /* for all models; out only */
};

/* Insert id, name, email, offices (granted_by may be none). ERR_CONFLICT: the name is taken. */
RESULT store_person_add(struct store *s, const struct store_person *person,
			const uint8_t granted_by[STORE_ID]);
RESULT store_person_by_id(struct store *s, struct arena *arena, struct store_person *out,
			  const uint8_t id[STORE_ID]);
RESULT store_person_by_name(struct store *s, struct arena *arena, struct store_person *out,
			    struct slice name);
RESULT store_person_list(struct store *s, struct arena *arena, struct store_person **out,
			 size_t *count);

/* ERR_CONFLICT, at the commit: as with offices. */
RESULT store_person_set_state(struct store *s, const uint8_t id[STORE_ID], struct slice state);

/* An office: a right, for some models or everywhere, for a time or until it is revoked. */
struct store_office {
	uint8_t person[STORE_ID];
	struct slice person_name; /* out only */
	struct slice office;
	struct slice scope; /* empty: everywhere */
	int64_t until_ms;   /* 0: no end */
	int64_t granted_ms;
	uint8_t granted_by[STORE_ID];
};

/* Given anew, it ends when this says. ERR_NOT_FOUND: no such person. ERR_CONFLICT, here or at the
 * commit: nobody would be left who administers persons, everywhere and without an end. */
RESULT store_office_grant(struct store *s, const struct store_office *office);

/* ERR_NOT_FOUND: they do not hold it with this scope. ERR_CONFLICT: as above. */
RESULT store_office_revoke(struct store *s, const uint8_t person[STORE_ID], struct slice office,
			   struct slice scope);

/* All there are, or of one person; those whose day has passed, too. */
RESULT store_office_list(struct store *s, struct arena *arena, struct store_office **out,
			 size_t *count, const uint8_t person[STORE_ID]);

#endif
