/* SPDX-License-Identifier: Apache-2.0 */
/*
 * selection.h - licenses that one act is about: those of a person, an institution, an issuer's
 * subjects, a model, or one alone. What was shown before it is what happens: the preview's number
 * is a digest of the act, of what was selected and of each license with its state, and an act that
 * names it is refused if that is no longer so.
 */
#ifndef GATEWAY_API_LICENSE_SELECTION_H
#define GATEWAY_API_LICENSE_SELECTION_H

#include "crypto/digest.h"
#include "gateway/api/license/licensing.h"
#include "schema/store/license_select.h"

struct selection {
	struct slice act; /* revoke, suspend, reinstate */
	struct licensing_act change;
	struct slice states;   /* in which it finds licenses */
	struct slice selected; /* "person alice": for people */
	struct store_selector selector;
	struct store_license *licenses;
	size_t count;
	bool has_more;
	struct digest preview;
};

/* "act" and "select" of a body. */
RESULT selection_read(struct selection *out, struct exchange *x, struct route_context *context,
		      const json_t *body);

/* The seats of an institution's license, and that itself. */
RESULT selection_of_parent(struct selection *out, struct arena *arena, struct slice act,
			   const uint8_t parent[STORE_ID]);

/* What it finds now; in a transaction the rows stay so until it ends. */
RESULT selection_find(struct selection *s, struct exchange *x, struct route_context *context);

#endif
