/* SPDX-License-Identifier: Apache-2.0 */
/* audit.h - fetching receipts, for the audit commands and the demo. */
#ifndef GATEWAY_CLI_AUDIT_H
#define GATEWAY_CLI_AUDIT_H

#include "gateway/cli/client.h"
#include "gateway/cli/receipt.h"

/* From this address; waits while the event is not published. The caller owns *out. */
RESULT audit_fetch_receipt_at(json_t **out, struct client *c, const char *path);

/* Waits while the event is not published. The caller owns *out. */
RESULT audit_fetch_receipt(json_t **out, struct arena *arena, struct client *c, const char *event);

#endif
