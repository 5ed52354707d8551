/* SPDX-License-Identifier: Apache-2.0 */
/* audit_saved.h - filters that auditors saved by a name, for all of them to use. */
#ifndef SCHEMA_STORE_AUDIT_SAVED_H
#define SCHEMA_STORE_AUDIT_SAVED_H

#include "schema/store/store.h"

enum { STORE_AUDIT_MAX_SAVED = 1000 };

struct store_audit_saved {
	struct slice name;
	struct slice filters; /* JSON: an object of texts */
	uint8_t owner[STORE_ID];
	struct slice owner_name;
	int64_t created_at_ms;
};

/* ERR_CONFLICT: the name is taken. ERR_LIMIT: there are STORE_AUDIT_MAX_SAVED. */
RESULT store_audit_saved_add(struct store *s, const struct store_audit_saved *saved);

/* By name. */
RESULT store_audit_saved_list(struct store *s, struct arena *arena, struct store_audit_saved **out,
			      size_t *count);

/* ERR_NOT_FOUND, as below. */
RESULT store_audit_saved_get(struct store *s, struct arena *arena, struct store_audit_saved *out,
			     struct slice name);
RESULT store_audit_saved_remove(struct store *s, struct slice name);

#endif
