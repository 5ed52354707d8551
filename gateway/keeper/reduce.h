/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reduce.h - entries whose payload is erased. The keeper's facts follow from some kinds; before
 * the payload of one of these may go, the keeper takes out of it what its facts need, which names
 * no person, and seals that with a key of its own. A keeper that was put back to a backup takes
 * the sealed facts in place of payload and nonce: the database can leave nothing out and change
 * nothing, as before. What no fact follows from, it takes with nothing at all.
 */
#ifndef GATEWAY_KEEPER_REDUCE_H
#define GATEWAY_KEEPER_REDUCE_H

#include "crypto/digest.h"
#include "crypto/sign.h"
#include "schema/wire/keeper.h"

/* The seal's key, from the seed of the log's key: it is there again with any backup of the
 * keyring. */
struct digest reduce_key(struct slice seed);

/* Do facts follow from this kind, and can it be reduced? */
bool reduce_is_needed(const char *kind);

/* What stays of it: the members that its facts follow from, canonical. What approvers signed is
 * left out: an entry that opened something is history without an effect when it comes again. */
RESULT reduce_write(struct buf *facts, const char *kind, struct slice payload);

struct digest reduce_seal(const struct digest *key, struct slice leaf, struct slice facts);

/* Is this entry's payload what was sealed, and its nonce the seal? */
bool reduce_holds(const struct digest *key, const struct wire_log_entry *entry);

#endif
