/* SPDX-License-Identifier: Apache-2.0 */
/* transparency.h - how requests went, summed up by model and by where people come from; and the
 * report of a day that is made of it. */
#ifndef SCHEMA_STORE_TRANSPARENCY_H
#define SCHEMA_STORE_TRANSPARENCY_H

#include "schema/store/store.h"

/* People whose last request for the model was made before a moment: each counts once. */
struct store_outcomes {
	struct slice model;   /* name */
	struct slice kind;    /* of their institution; "unknown" */
	struct slice country; /* of their institution; "unknown" */
	int64_t approved, denied, waiting;
};

/* By model, of models that are active and not hidden; at most 100,000 rows. */
RESULT store_outcomes_list(struct store *s, struct arena *arena, struct store_outcomes **out,
			   size_t *count, int64_t before_ms);

/* From the first submission to the first decision: the median, and of how many people. */
struct store_waiting {
	struct slice model;
	int64_t people;
	int64_t median_hours;
};
RESULT store_waiting_list(struct store *s, struct arena *arena, struct store_waiting **out,
			  size_t *count, int64_t before_ms);

/* The report of the day (UTC) that this moment is in. ERR_NOT_FOUND: not made yet. */
RESULT store_report_get(struct store *s, struct arena *arena, struct slice *out, int64_t now_ms);
/* Unless there is one already. */
RESULT store_report_add(struct store *s, struct slice body, int64_t now_ms);

#endif
