/* SPDX-License-Identifier: Apache-2.0 */
/* workload.h - machines that come with an id token of another issuer: whose token they get. */
#ifndef SCHEMA_STORE_WORKLOAD_H
#define SCHEMA_STORE_WORKLOAD_H

#include "schema/store/store.h"

struct store_workload {
	uint8_t id[STORE_ID];
	struct slice name, iss, audience;
	struct slice subject; /* as it is; with a star at its end: whatever begins so */
	uint8_t person[STORE_ID];
	struct slice person_name; /* out only */
	struct slice rights;      /* comma-separated, never empty */
	struct slice models;      /* may be empty: any */
	int64_t minutes;
	int64_t created_ms;
	uint8_t created_by[STORE_ID];
};

/* ERR_CONFLICT: the name is taken. ERR_NOT_FOUND: no such person. */
RESULT store_workload_add(struct store *s, const struct store_workload *workload);
RESULT store_workload_remove(struct store *s, const uint8_t id[STORE_ID]);

/* All, by name; or (iss not empty) those of one issuer. */
RESULT store_workload_list(struct store *s, struct arena *arena, struct store_workload **out,
			   size_t *count, struct slice iss);

#endif
