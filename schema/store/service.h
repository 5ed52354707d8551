/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service.h - models in service: what a revision takes in memory, which models are pinned, which
 * are to be unloaded, and what the engines of each edge do.
 */
#ifndef SCHEMA_STORE_SERVICE_H
#define SCHEMA_STORE_SERVICE_H

#include "schema/store/revision.h"

/* Memory of a revision, as an engine has counted it. */
struct store_need {
	uint64_t least_bytes; /* 0: nobody has counted yet */
	uint64_t most_bytes;
};

RESULT store_need_set(struct store *s, const uint8_t model[STORE_ID], struct slice revision,
		      const struct store_need *need);
RESULT store_need_get(struct store *s, struct store_need *out, const uint8_t model[STORE_ID],
		      struct slice revision);

/* It was wrong: to be counted anew. */
RESULT store_need_forget(struct store *s, const uint8_t model[STORE_ID], struct slice revision);

/* The newest revision that is run by what it is said to be, but that no engine has looked at: a
 * GGUF file describes itself, and was sealed before anyone could read it. */
struct store_unseen {
	uint8_t model[STORE_ID];
	struct slice model_name;
	struct slice revision; /* empty: there is none */
};

RESULT store_unseen_get(struct store *s, struct arena *arena, struct store_unseen *out);

/* A pinned model, with the revision that its main branch points to. */
struct store_pin {
	uint8_t model[STORE_ID];
	struct slice model_name;
	struct slice revision;
	struct store_need need;
	bool is_servable; /* active, to be run, not recalled: may it be loaded now? */
};

enum { STORE_MAX_PINS = 64 };

/* ERR_CONFLICT: it is pinned already, or there are STORE_MAX_PINS; ERR_NOT_FOUND: it is not. */
RESULT store_pin_add(struct store *s, const uint8_t model[STORE_ID], const uint8_t by[STORE_ID],
		     int64_t now_ms);
RESULT store_pin_remove(struct store *s, const uint8_t model[STORE_ID]);

/* The first that was pinned first. */
RESULT store_pin_list(struct store *s, struct arena *arena, struct store_pin **out, size_t *count);

/* To be unloaded by every edge that hears of a larger serial than before. */
struct store_unload {
	uint8_t model[STORE_ID];
	int64_t serial;
	bool is_cut;
};

RESULT store_unload_add(struct store *s, const uint8_t model[STORE_ID], bool is_cut);
RESULT store_unload_list(struct store *s, struct arena *arena, struct store_unload **out,
			 size_t *count, int64_t above);     /* in the order of their serials */
RESULT store_unload_last(struct store *s, int64_t *serial); /* 0: there is none */

/* What an edge's engines do, as JSON; the text is that edge's own. */
struct store_engine_view {
	int64_t edge;
	int64_t told_ms;
	struct slice engines;
};

RESULT store_engine_view_set(struct store *s, int64_t edge, struct slice engines, int64_t now_ms);
RESULT store_engine_view_list(struct store *s, struct arena *arena, struct store_engine_view **out,
			      size_t *count, int64_t since_ms);

#endif
