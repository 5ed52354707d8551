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
	struct slice open_paths; /* patterns of files anyone may read, one a line */
	bool hidden;             /* only those concerned know that it exists */
	bool allow_pickle;       /* Python pickles may be carried, as files (policy/pickle.h) */
	int64_t created_ms;
	struct slice main;                     /* the revision of branch main; empty: none yet */
	bool runnable;                         /* of main: the engine can serve it */
	struct slice runnable_reason;          /* of main: why not */
	struct slice tasks;                    /* of main: "embed,generate" */
	uint8_t manifest_sha256[STORE_SHA256]; /* of main */
	int64_t changed_ms;                    /* when main last moved, or created_ms */
	int64_t terms_grace_ms;                /* older terms are good until then; 0: not at all */
};

/* Inserts id, name, gate, terms, open_paths, hidden, created_ms. ERR_CONFLICT: the name is taken.
 */
RESULT store_model_create(struct store *s, const struct store_model *model,
			  const uint8_t created_by[STORE_ID]);
RESULT store_model_name(struct store *s, struct arena *arena, struct slice *out,
			const uint8_t id[STORE_ID]);
RESULT store_model_get(struct store *s, struct arena *arena, struct store_model *out,
		       struct slice name);

/* What this person may know of, by name: active models that are open or that they hold an
 * active license for; `person` none: public ones only. */
RESULT store_model_list_visible(struct store *s, struct arena *arena, struct store_model **out,
				size_t *count, const uint8_t person[STORE_ID], int64_t now_ms);

/* What is there to be asked for, by name, a page at a time: models that have a revision and are not
 * shredded, hidden ones only for those they concern. */
struct store_models_question {
	uint8_t person[STORE_ID]; /* none: anonymous */
	bool sees_hidden;         /* by office */
	struct slice search;      /* part of the name, whatever its case; empty: any */
	struct slice author;      /* the part before the slash; empty: any */
	struct slice after;       /* name of the one before the first wanted; empty: begin */
	size_t limit;
};

RESULT store_model_page(struct store *s, struct arena *arena, struct store_model **out,
			size_t *count, const struct store_models_question *question);

/* Is there a license or an access request of this person for it, in whatever state? */
RESULT store_model_concerns(struct store *s, bool *out, const uint8_t id[STORE_ID],
			    const uint8_t person[STORE_ID]);

/* What of a model's settings is to change: the rest stays, whoever changes it meanwhile. */
struct store_model_change {
	uint8_t id[STORE_ID];
	bool has_gate, has_terms, has_open_paths, has_hidden, has_allow_pickle;
	struct slice gate;
	uint8_t terms_sha256[STORE_SHA256];
	struct slice open_paths;
	bool hidden;
	bool allow_pickle;
};

/* ERR_NOT_FOUND also for unknown terms. */
RESULT store_model_set(struct store *s, const struct store_model_change *change);
RESULT store_model_set_state(struct store *s, const uint8_t id[STORE_ID], struct slice state,
			     struct slice reason);

#endif
