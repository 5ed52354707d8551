/* SPDX-License-Identifier: Apache-2.0 */
/* audit_batch.h - what proves a row of a usage.batch: the batch, and the leaves beside the row.
 * Role sallyport_auditor. */
#ifndef SCHEMA_STORE_AUDIT_BATCH_H
#define SCHEMA_STORE_AUDIT_BATCH_H

#include "schema/store/audit.h"

struct store_batch_entry {
	struct store_event event;
	struct slice hashes; /* leaf hashes of its rows, one behind the other */
};

/* The batch that is entry `index`. ERR_NOT_FOUND. */
RESULT store_audit_batch(struct store *s, struct arena *arena, struct store_batch_entry *out,
			 uint64_t index);

#endif
