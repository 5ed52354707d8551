/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operator.h - the first person of a gateway, who holds every office, and the first entries of
 * its log: gateway.init, person.add, token.create, perhaps approver.enroll, in one transaction.
 * They wait in the outbox for the first start.
 */
#ifndef GATEWAY_CLI_OPERATOR_H
#define GATEWAY_CLI_OPERATOR_H

#include "gateway/proc/settings.h"
#include "schema/store/credential.h"

struct operator_gateway { /* what gateway.init tells */
	struct slice origin;
	struct slice log_vkey;
	struct slice license_key;
	struct slice escrow;
	const uint8_t *person;   /* the operator's id */
	const uint8_t *approver; /* public key of the operator's, already in the journal; NULL */
};

/* Adds person `name` with all offices and *credential (its person is filled in). ERR_CONFLICT: the
 * database has persons already. */
RESULT operator_add(struct store *store, const char *name, struct store_credential *credential,
		    const struct operator_gateway *gateway, int64_t now_ms);

/* As the edge connects, with its password. */
RESULT operator_open(struct store **out, struct arena *arena, const struct settings *s);

/* The rows and the entry that tell of an approver who came into the keeper's journal by hand: the
 * entry is for readers of the log, and has no effect. The key may be enrolled already. In the
 * caller's transaction. */
RESULT operator_tell_approver(struct store *store, const uint8_t person[STORE_ID],
			      const uint8_t public_key[32], int64_t now_ms);

#endif
