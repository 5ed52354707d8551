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
	struct slice offices; /* comma-separated, sorted */
	int64_t created_ms;
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
RESULT store_person_set_state(struct store *s, const uint8_t id[STORE_ID], struct slice state);

/* Replace all offices of a person by this comma-separated list. */
RESULT store_person_set_offices(struct store *s, const uint8_t id[STORE_ID], struct slice offices,
				int64_t now_ms, const uint8_t granted_by[STORE_ID]);

#endif
