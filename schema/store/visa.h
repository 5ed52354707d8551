/* SPDX-License-Identifier: Apache-2.0 */
/* visa.h - verified visas, and the identities they bind: (issuer, subject) to a person. */
#ifndef SCHEMA_STORE_VISA_H
#define SCHEMA_STORE_VISA_H

#include "schema/store/store.h"

struct store_visa {
	uint8_t id[STORE_ID];
	uint8_t person[STORE_ID];
	struct slice iss, sub;
	struct slice type, value, source;
	struct slice by; /* may be empty */
	int64_t asserted_ms;
	int64_t expires_ms;
	struct slice jwt; /* as it was posted */
	int64_t added_ms;
	bool issuer_is_listed; /* out only: the issuer is still on the allow-list */
};

/*
 * Bind (iss, sub) to the person if it is not yet, and insert the visa. ERR_CONFLICT: this
 * subject belongs to another person, the person is another subject at this issuer, or the
 * visa is stored already; the failure text says which.
 */
RESULT store_visa_add(struct store *s, const struct store_visa *visa);

/* Newest first. */
RESULT store_visa_list(struct store *s, struct arena *arena, struct store_visa **out, size_t *count,
		       const uint8_t person[STORE_ID]);

#endif
