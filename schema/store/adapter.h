/* SPDX-License-Identifier: Apache-2.0 */
/* adapter.h - adapters that licensees bring for a model, their files, and what became of them. */
#ifndef SCHEMA_STORE_ADAPTER_H
#define SCHEMA_STORE_ADAPTER_H

#include "schema/store/terms.h"

enum {
	STORE_ADAPTERS_EACH = 32,  /* of one person for one model, deleted ones apart */
	STORE_ADAPTERS_ALL = 2048, /* of the gateway: each has a key of its own */
};

/* clang-format off */
#define STORE_ADAPTER_STATES(X) \
	X(UPLOADING, "uploading") \
	X(REFUSED,   "refused")   /* the engine would not run it */ \
	X(PRIVATE,   "private") \
	X(SUBMITTED, "submitted") /* for review */ \
	X(PUBLISHED, "published") \
	X(REJECTED,  "rejected") \
	X(DELETED,   "deleted")
/* clang-format on */

#define STORE_ADAPTER_ENUM(state, name) STORE_ADAPTER_##state,
enum store_adapter_state { STORE_ADAPTER_STATES(STORE_ADAPTER_ENUM) STORE_ADAPTER_STATE_COUNT };
#undef STORE_ADAPTER_ENUM

const char *store_adapter_state_name(enum store_adapter_state state);

struct store_adapter {
	uint8_t id[STORE_ID];
	uint8_t model[STORE_ID];
	struct slice model_name;
	uint8_t owner[STORE_ID];
	struct slice owner_name;
	bool owner_is_licensed; /* has a license in force for the model, or it asks for none */
	struct slice name;
	struct slice summary; /* may be empty */
	enum store_adapter_state state;
	struct slice reason;
	bool is_checked; /* the engine has run over it; what follows is meaningful then */
	uint8_t sha256[STORE_SHA256]; /* of its list of files */
	struct slice revision;        /* of the model, that it was checked with */
	int64_t rank, products, memory_bytes;
	int64_t size; /* of its files so far */
	int64_t created_ms, changed_ms;
	struct slice decided_by; /* the name of who reviewed it; empty: nobody has */
};

struct store_adapter_file {
	struct slice path;
	uint8_t blob[STORE_ID];
	uint64_t size;
	uint8_t sha256[STORE_SHA256];
	struct slice header; /* bound to the adapter; before that as it was made */
	bool is_bound;
};

/* As `uploading`: id, model, owner, name, summary, created_ms. ERR_CONFLICT: this owner has one of
 * that name, or one is published; ERR_LIMIT: too many. */
RESULT store_adapter_create(struct store *s, const struct store_adapter *adapter);

/* ERR_NOT_FOUND, also of a deleted one. */
RESULT store_adapter_get(struct store *s, struct arena *arena, struct store_adapter *out,
			 const uint8_t id[STORE_ID]);

/* The one of that name that `person` would use: their own, else the published one. */
RESULT store_adapter_find(struct store *s, struct arena *arena, struct store_adapter *out,
			  const uint8_t model[STORE_ID], struct slice name,
			  const uint8_t person[STORE_ID]);

/* By name; of a model, or of all (NULL). Those of `person` and published ones; with `all`, every
 * one that is not deleted. */
RESULT store_adapter_list(struct store *s, struct arena *arena, struct store_adapter **out,
			  size_t *count, const uint8_t *model, const uint8_t person[STORE_ID],
			  bool all);

/* From one state to another. `decided_by` and reason may be none. ERR_CONFLICT: it is in another
 * state by now, or another one of that name is published. */
struct store_adapter_step {
	enum store_adapter_state from, to;
	struct slice reason;
	const uint8_t *decided_by; /* NULL: stays as it is */
	int64_t now_ms;
};
RESULT store_adapter_step(struct store *s, const uint8_t id[STORE_ID],
			  const struct store_adapter_step *step);

/* What the engine found of it; revision, rank, products, memory_bytes, sha256 are meant. */
RESULT store_adapter_found(struct store *s, const struct store_adapter *adapter);

/* In the place of one of the same path, whose blob is an orphan then. ERR_CONFLICT: the adapter
 * takes no files any more. */
RESULT store_adapter_file_put(struct store *s, const uint8_t id[STORE_ID],
			      const struct store_adapter_file *file);

/* Its files in the order of their paths. */
RESULT store_adapter_files(struct store *s, struct arena *arena, struct store_adapter_file **out,
			   size_t *count, const uint8_t id[STORE_ID]);
RESULT store_adapter_file_bind(struct store *s, const uint8_t id[STORE_ID], struct slice path,
			       struct slice header);

/* Every file goes, its header with it; the blobs become orphans. */
RESULT store_adapter_files_drop(struct store *s, const uint8_t id[STORE_ID]);

#endif
