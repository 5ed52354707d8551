/* SPDX-License-Identifier: Apache-2.0 */
/* issuer.h - the allow-list of visa issuers, with their pinned keys. */
#ifndef SCHEMA_STORE_ISSUER_H
#define SCHEMA_STORE_ISSUER_H

#include "schema/store/store.h"

struct store_issuer {
	struct slice iss;
	struct slice jku;  /* may be empty */
	struct slice jwks; /* the JWK set, JSON */
	int64_t added_ms;
	uint8_t added_by[STORE_ID];
};

RESULT store_issuer_add(struct store *s, const struct store_issuer *issuer); /* ERR_CONFLICT */
RESULT store_issuer_get(struct store *s, struct arena *arena, struct store_issuer *out,
			struct slice iss);
RESULT store_issuer_list(struct store *s, struct arena *arena, struct store_issuer **out,
			 size_t *count);
RESULT store_issuer_remove(struct store *s, struct slice iss); /* ERR_NOT_FOUND */

#endif
