/* SPDX-License-Identifier: Apache-2.0 */
/* license_select.h - the licenses that one act is about, and whom else it concerns. */
#ifndef SCHEMA_STORE_LICENSE_SELECT_H
#define SCHEMA_STORE_LICENSE_SELECT_H

#include "schema/store/license.h"

enum { STORE_SELECT_MAX = 500 };

/* Exactly one of them; the others none or empty. */
struct store_selector {
	uint8_t license[STORE_ID], person[STORE_ID], institution[STORE_ID], model[STORE_ID];
	uint8_t parent[STORE_ID]; /* the institution's license they are seats of */
	struct slice issuer;      /* whoever has a visa of it */
};

/* In the order of their ids, STORE_SELECT_MAX at most; *has_more if there are more. `states` is a
 * comma list. In a transaction their rows are locked until it ends. */
RESULT store_license_select(struct store *s, struct arena *arena, struct store_license **out,
			    size_t *count, bool *has_more, const struct store_selector *selector,
			    struct slice states);

/* Requests that wait for a decision and concern the same; 100 at most, oldest first. */
struct store_waiting {
	uint8_t id[STORE_ID];
	struct slice person_name, model_name, state;
	int64_t created_ms;
};
RESULT store_request_select(struct store *s, struct arena *arena, struct store_waiting **out,
			    size_t *count, const struct store_selector *selector);

/* What institutions hold of it goes the same way: so many rows were changed. */
RESULT store_institution_license_sweep(struct store *s, const struct store_selector *selector,
				       struct slice to, struct slice reason, int64_t now_ms,
				       size_t *changed);

/* Active licenses held for an institution whose member their holder is no more, or which is
 * suspended: STORE_SELECT_MAX at most. */
RESULT store_licenses_of_departed(struct store *s, struct arena *arena, struct store_license **out,
				  size_t *count);

#endif
