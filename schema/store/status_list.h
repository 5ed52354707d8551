/* SPDX-License-Identifier: Apache-2.0 */
/* status_list.h - the lists of license states: what each license's place says, and what was signed.
 */
#ifndef SCHEMA_STORE_STATUS_LIST_H
#define SCHEMA_STORE_STATUS_LIST_H

#include "schema/store/license.h"

/* Its place in all lists together. ERR_NOT_FOUND. */
RESULT store_status_index(struct store *s, int64_t *out, const uint8_t license[STORE_ID]);

RESULT store_status_lists(struct store *s, int64_t *count, int64_t per_list); /* at least 1 */

/* Two bits a place, from the lowest of the first byte on: 0 valid, 1 invalid, 2 suspended. `bytes`
 * has room for per_list of them, and is zeroed here. */
RESULT store_status_bits(struct store *s, uint8_t *bytes, int64_t list, int64_t per_list);

struct store_status_list {
	int64_t list;
	uint8_t bits_sha256[STORE_SHA256];
	struct slice token;
	int64_t signed_ms, expires_ms;
};

/* ERR_NOT_FOUND: it was never signed. */
RESULT store_status_get(struct store *s, struct arena *arena, struct store_status_list *out,
			int64_t list);
RESULT store_status_put(struct store *s, const struct store_status_list *list);

#endif
