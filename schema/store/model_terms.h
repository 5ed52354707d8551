/* SPDX-License-Identifier: Apache-2.0 */
/* model_terms.h - versions of a model's terms, who signed them, and who has not. */
#ifndef SCHEMA_STORE_MODEL_TERMS_H
#define SCHEMA_STORE_MODEL_TERMS_H

#include "schema/store/license.h"
#include "schema/store/terms.h"

struct store_model_terms {
	uint8_t model[STORE_ID];
	struct slice model_name;
	int64_t version; /* 1, 2, ... */
	uint8_t sha256[STORE_SHA256];
	int64_t grace_days;
	int64_t from_ms;
	int64_t taken_ms; /* 0: they are not the model's yet */
	int64_t set_ms;
	uint8_t set_by[STORE_ID];
	struct slice set_by_name;
};

/* The next version; its number is filled in. ERR_NOT_FOUND: there is no such text. */
RESULT store_model_terms_add(struct store *s, struct store_model_terms *terms);
RESULT store_model_terms_list(struct store *s, struct arena *arena, struct store_model_terms **out,
			      size_t *count, const uint8_t model[STORE_ID]);

/* Those that count by now and are not the model's yet, the oldest first. */
RESULT store_model_terms_due(struct store *s, struct arena *arena, struct store_model_terms **out,
			     size_t *count, int64_t now_ms);

/* They become the model's; older ones are good for their grace from now. ERR_CONFLICT: they were
 * taken meanwhile. */
RESULT store_model_terms_take(struct store *s, const struct store_model_terms *terms,
			      int64_t now_ms);

/* Active licenses under terms whose grace is over. */
RESULT store_licenses_of_old_terms(struct store *s, struct arena *arena, struct store_license **out,
				   size_t *count, int64_t now_ms);

struct store_acceptance {
	uint8_t signature[STORE_SIGNATURE];
	uint8_t person[STORE_ID];
	uint8_t key[STORE_ID];
	uint8_t model[STORE_ID];
	uint8_t sha256[STORE_SHA256];
	int64_t signed_ms;
	int64_t accepted_ms;
};

/* ERR_CONFLICT: this signature was used already. */
RESULT store_acceptance_add(struct store *s, const struct store_acceptance *a);

#endif
