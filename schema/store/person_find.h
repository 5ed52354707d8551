/* SPDX-License-Identifier: Apache-2.0 */
/* person_find.h - persons looked for, by name, a page at a time. */
#ifndef SCHEMA_STORE_PERSON_FIND_H
#define SCHEMA_STORE_PERSON_FIND_H

#include "schema/store/person.h"

struct store_person_question {
	struct slice name;             /* exactly; empty: any */
	struct slice text;             /* part of the name or the address of mail; empty: any */
	struct slice state;            /* empty: any */
	struct slice office;           /* held now, for some model at least; empty: any */
	uint8_t institution[STORE_ID]; /* that they belong to now; none: any */
	struct slice after;            /* behind this name; empty: begin */
	size_t limit;
};

RESULT store_person_find(struct store *s, struct arena *arena, struct store_person **out,
			 size_t *count, const struct store_person_question *question);

#endif
