/* SPDX-License-Identifier: Apache-2.0 */
/* model.h - models: who may see them, what state they are in, which revision is main. */
#ifndef SCHEMA_STORE_MODEL_H
#define SCHEMA_STORE_MODEL_H

#include "schema/store/terms.h"

enum { STORE_REVISION = 40 }; /* hex digits */

struct store_model {
	uint8_t id[STORE_ID];
	struct slice name;         /* "ns/name" or "name" */
	struct slice state;        /* active, disabled, shredded */
	struct slice state_reason; /* may be empty */
	struct slice gate;         /* manual, auto, no, public */
	bool has_terms;
	uint8_t terms_sha256[STORE_SHA256];
	int64_t created_ms;
	struct slice main;                     /* the revision of branch main; empty: none yet */
	bool runnable;                         /* of main: the engine can serve it */
	struct slice runnable_reason;          /* of main: why not */
	uint8_t manifest_sha256[STORE_SHA256]; /* of main */
	int64_t changed_ms;                    /* when main last moved, or created_ms */
};

/* Inserts id, name, gate, terms, created_ms. ERR_CONFLICT: the name is taken. */
RESULT store_model_create(struct store *s, const struct store_model *model,
			  const uint8_t created_by[STORE_ID]);
RESULT store_model_get(struct store *s, struct arena *arena, struct store_model *out,
		       struct slice name);

/* What this person may know of, by name: active models that are open or that they hold an
 * active license for; `person` none: public ones only. */
RESULT store_model_list_visible(struct store *s, struct arena *arena, struct store_model **out,
				size_t *count, const uint8_t person[STORE_ID], int64_t now_ms);
RESULT store_model_list_all(struct store *s, struct arena *arena, struct store_model **out,
			    size_t *count);

/* `terms_sha256` NULL: leave the terms as they are. ERR_NOT_FOUND also for unknown terms. */
RESULT store_model_set_gate(struct store *s, const uint8_t id[STORE_ID], struct slice gate,
			    const uint8_t *terms_sha256);
RESULT store_model_set_state(struct store *s, const uint8_t id[STORE_ID], struct slice state,
			     struct slice reason);

#endif
