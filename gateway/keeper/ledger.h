/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ledger.h - the keeper's side of the log. Every entry comes here with its payload and the nonce
 * of its commitment; the ledger checks that they belong together, appends the leaf to its own
 * tree, and learns what follows from it for keys and licenses. It holds no key.
 */
#ifndef GATEWAY_KEEPER_LEDGER_H
#define GATEWAY_KEEPER_LEDGER_H

#include "gateway/keeper/events.h"
#include "gateway/keeper/journal.h"
#include "gateway/keeper/rules.h"
#include "schema/wire/keeper.h"

/* A model was shredded: destroy its keys. Called before the entry is in the journal, so that a
 * crash in between leads to a second call and not to none. */
typedef enum err ledger_shred_fn(void *context, struct slice model);

/* A license was revoked or suspended: that is in the journal. */
typedef void ledger_end_fn(void *context, const uint8_t license[WIRE_ID]);

struct ledger {
	struct journal *journal; /* borrowed */
	struct events *events;   /* borrowed */
	ledger_shred_fn *shred;
	ledger_end_fn *end; /* NULL: nobody has to hear of it */
	void *context;
	struct slice origin;      /* borrowed; what statements of approvers call this gateway */
	struct digest reduce_key; /* reduce.h */
};

/* The batch as a whole or not at all; an empty one changes nothing. ERR_CONFLICT: it does not begin
 * where the log ends; ERR_FORMAT: a leaf is not canonical; ERR_FORGED: a payload does not match its
 * commitment. An event named in an entry can be used from now on. */
RESULT ledger_append(struct ledger *l, const struct wire_log_append *batch, struct rules_time now);

/* What stands in for an entry's payload once that is erased, and its seal (reduce.h). ERR_FORGED:
 * the payload is not the one committed to; ERR_DENIED: no facts follow from it. */
RESULT ledger_reduce(const struct ledger *l, const struct wire_log_entry *entry, struct buf *facts,
		     struct digest *seal);

/* Would an entry of this kind have its effect? Changes nothing. ERR_DENIED, ERR_EXPIRED,
 * ERR_FORGED, ERR_CONFLICT, ERR_FORMAT: it would not, or not as its approvals are. */
RESULT ledger_check(const struct ledger *l, struct slice kind, struct slice payload,
		    struct rules_time now);

#endif
