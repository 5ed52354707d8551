/* SPDX-License-Identifier: Apache-2.0 */
/*
 * places.h - the adapters that an engine has in memory: a few places and a budget. Who is used
 * stays; else the least recently used makes room for the next.
 */
#ifndef INFERENCE_ADAPTER_PLACES_H
#define INFERENCE_ADAPTER_PLACES_H

#include "inference/adapter/adapter.h"

enum { PLACES_MAX = 16, PLACES_ID = 16 };

struct place {
	uint8_t id[PLACES_ID];
	struct adapter *adapter; /* NULL: free */
	unsigned users;          /* sequences that have it */
	uint64_t used;           /* a number that grows with each use */
};

struct places {
	struct place list[PLACES_MAX];
	size_t budget_bytes;
	size_t used_bytes;
	uint64_t uses;
};

void places_clear(struct places *p); /* wipes all; nobody uses any */

/* NULL: not there. */
struct place *places_find(struct places *p, const uint8_t id[PLACES_ID]);

/* The same, as the one used last. */
struct place *places_touch(struct places *p, const uint8_t id[PLACES_ID]);

/* Reads it, unless it is there. ERR_UNAVAILABLE: every place is in use; else adapter_open's. */
RESULT places_load(struct place **out, struct places *p, const uint8_t id[PLACES_ID],
		   struct model_files *files, const struct config *config, bool strict);

/* Wipes one that nobody uses. */
void places_free(struct places *p, struct place *place);

#endif
