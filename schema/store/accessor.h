/* SPDX-License-Identifier: Apache-2.0 */
/* accessor.h - the people besides the requester who get access by one request. Each accepts the
 * terms for themselves, and gets a license of their own. */
#ifndef SCHEMA_STORE_ACCESSOR_H
#define SCHEMA_STORE_ACCESSOR_H

#include "schema/store/request.h"

enum { STORE_ACCESSORS_MAX = 32 };

struct store_accessor {
	uint8_t request[STORE_ID];
	uint8_t person[STORE_ID];
	struct slice name;   /* out only */
	struct slice state;  /* out only: of the person */
	int64_t accepted_ms; /* 0: not yet */
	bool has_terms;      /* that were accepted */
	uint8_t terms_sha256[STORE_SHA256];
	uint8_t terms_key[STORE_ID]; /* none: not signed */
	uint8_t terms_signature[STORE_SIGNATURE];
};

/* The names replace those that were there; who stays has still accepted, unless `anew`.
 * ERR_NOT_FOUND: one is no person. */
RESULT store_accessors_set(struct store *s, const uint8_t request[STORE_ID], struct slice names,
			   bool anew, int64_t now_ms);
RESULT store_accessor_list(struct store *s, struct arena *arena, struct store_accessor **out,
			   size_t *count, const uint8_t request[STORE_ID]);

/* ERR_NOT_FOUND: they are none of that request. */
RESULT store_accessor_accept(struct store *s, const struct store_accessor *accessor);

#endif
