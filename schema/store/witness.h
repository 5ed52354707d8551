/* SPDX-License-Identifier: Apache-2.0 */
/*
 * witness.h - who else remembers the log: how it goes with each witness, and the checkpoints that
 * they have cosigned. Role sallyport_edge.
 */
#ifndef SCHEMA_STORE_WITNESS_H
#define SCHEMA_STORE_WITNESS_H

#include "schema/store/store.h"

struct store_witness {
	struct slice name;   /* of its key */
	uint64_t size;       /* the last it has cosigned; 0: none */
	int64_t cosigned_ms; /* 0: never */
	int64_t asked_ms;
	unsigned failures;   /* in a row */
	struct slice reason; /* of the last of these */
};

RESULT store_witness_put(struct store *s, const struct store_witness *w);

/* ERR_NOT_FOUND: it was never asked. */
RESULT store_witness_get(struct store *s, struct arena *arena, struct store_witness *out,
			 struct slice name);

/* `note` is a checkpoint with cosignatures of so many; `holds`: as many as the policy wants. */
RESULT store_witnessed_put(struct store *s, uint64_t size, struct slice note, unsigned witnesses,
			   bool holds);

/* That checkpoint, or the newest that holds (its size in *size). ERR_NOT_FOUND. */
RESULT store_witnessed_get(struct store *s, struct arena *arena, struct slice *note, uint64_t size);
RESULT store_witnessed_newest(struct store *s, struct arena *arena, uint64_t *size,
			      struct slice *note);

/* The log takes nothing more, until an operator has dealt with it. */
RESULT store_log_halt(struct store *s, struct slice reason);

#endif
