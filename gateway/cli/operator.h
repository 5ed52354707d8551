/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operator.h - the first person of a gateway, who holds every office, and the first entries of
 * its log: gateway.init, person.add, token.create, in one transaction. They wait in the outbox for
 * the first start.
 */
#ifndef GATEWAY_CLI_OPERATOR_H
#define GATEWAY_CLI_OPERATOR_H

#include "schema/store/credential.h"

struct operator_gateway { /* what gateway.init tells */
	struct slice origin;
	struct slice log_vkey;
	struct slice license_key;
	struct slice escrow;
};

/* Adds person `name` with all offices and *credential (its person is filled in). ERR_CONFLICT: the
 * database has persons already. */
RESULT operator_add(struct store *store, const char *name, struct store_credential *credential,
		    const struct operator_gateway *gateway, int64_t now_ms);

#endif
