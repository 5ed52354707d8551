/* SPDX-License-Identifier: Apache-2.0 */
/* delivery.h - who got which file of which revision: one row each, however often. */
#ifndef SCHEMA_STORE_DELIVERY_H
#define SCHEMA_STORE_DELIVERY_H

#include "schema/store/store.h"

struct store_delivery {
	uint8_t person[STORE_ID], model[STORE_ID];
	struct slice revision, path;
	uint8_t license[STORE_ID]; /* none: the file was open to them */
	int64_t last_ms;
};

/* In the transaction of the release. */
RESULT store_delivery_add(struct store *s, const struct store_delivery *delivery);

#endif
