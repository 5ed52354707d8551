/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leaf.h - an entry of the tree: {"c","ev","id","t","v"}, canonical JSON, public and for ever. Its
 * commitment c = HMAC-SHA256(nonce, "audit/v1\n" || payload) hides the payload and binds it.
 */
#ifndef SCHEMA_AUDIT_LEAF_H
#define SCHEMA_AUDIT_LEAF_H

#include "crypto/base/buf.h"
#include "crypto/commit.h"

enum { AUDIT_MAX_LEAF = 4096 };

struct audit_leaf {
	uint8_t id[16];
	int64_t at_ms;
	struct slice kind; /* a name of AUDIT_KINDS: letters and a dot */
	uint8_t nonce[COMMIT_NONCE];
	struct slice payload; /* with its chain */
};

void audit_leaf_write(struct buf *out, const struct audit_leaf *leaf);

#endif
