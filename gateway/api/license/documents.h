/* SPDX-License-Identifier: Apache-2.0 */
/* documents.h - what the keeper signs about licenses beside licenses: asked for against an entry.
 */
#ifndef GATEWAY_API_LICENSE_DOCUMENTS_H
#define GATEWAY_API_LICENSE_DOCUMENTS_H

#include "gateway/api/api.h"

/* The entry gets "sha256" of the text, is written and published; then the keeper signs what it
 * makes of the text. `license` may be NULL: it is about none. */
RESULT document_sign(uint8_t signature[WIRE_SIGNATURE], struct route_context *context,
		     struct audit_event *event, struct slice text,
		     const struct store_license *license);

/* Where the list is that has this place, and which of the list's it is; in the arena. */
const char *document_status_uri(struct arena *arena, const struct api *api, int64_t index,
				int64_t *place);

#endif
