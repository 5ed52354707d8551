/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recall.h - revisions that are no longer given out, for good, and who must say that their copies
 * are gone: whoever got a file of it (delivery.h).
 */
#ifndef SCHEMA_STORE_RECALL_H
#define SCHEMA_STORE_RECALL_H

#include "schema/store/license.h"

struct store_recall {
	uint8_t id[STORE_ID], model[STORE_ID];
	struct slice model_name; /* out only */
	struct slice revision, reason;
	uint8_t recalled_by[STORE_ID];
	int64_t at_ms, due_ms;
	int64_t persons, outstanding; /* out only: who got files; who has not attested */
};

/* The revision is recalled from the commit on. ERR_CONFLICT: it is already. */
RESULT store_recall_add(struct store *s, const struct store_recall *recall);
RESULT store_recall_get(struct store *s, struct arena *arena, struct store_recall *out,
			const uint8_t id[STORE_ID]);
RESULT store_recall_list(struct store *s, struct arena *arena, struct store_recall **out,
			 size_t *count); /* newest first */

struct store_duty {
	uint8_t recall[STORE_ID], person[STORE_ID];
	struct slice person_name; /* out only */
	int64_t files, first_ms, last_ms;
	int64_t attested_ms; /* 0: not yet */
	struct slice attestation;
	uint8_t key[STORE_ID]; /* may be none: not signed */
	uint8_t signature[STORE_SIGNATURE];
};

/* Whoever has files of it and no duty yet gets one: these. */
RESULT store_duties_fill(struct store *s, struct arena *arena, struct store_duty **out,
			 size_t *count, const uint8_t recall[STORE_ID]);

/* Outstanding first, then by name; none matches any. */
RESULT store_duty_list(struct store *s, struct arena *arena, struct store_duty **out, size_t *count,
		       const uint8_t recall[STORE_ID], const uint8_t person[STORE_ID]);

/* ERR_CONFLICT: they have attested it, or need not. */
RESULT store_duty_attest(struct store *s, const struct store_duty *duty);

#endif
