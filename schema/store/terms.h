/* SPDX-License-Identifier: Apache-2.0 */
/* terms.h - the exact texts that are accepted, by SHA-256. */
#ifndef SCHEMA_STORE_TERMS_H
#define SCHEMA_STORE_TERMS_H

#include "schema/store/store.h"

enum { STORE_SHA256 = 32, STORE_TERMS_MAX = 256 * 1024 };

/* Adding a text that is there already is fine. */
RESULT store_terms_add(struct store *s, const uint8_t sha256[STORE_SHA256], struct slice body,
		       int64_t now_ms, const uint8_t added_by[STORE_ID]);
RESULT store_terms_get(struct store *s, struct arena *arena, struct slice *out,
		       const uint8_t sha256[STORE_SHA256]);

#endif
