/* SPDX-License-Identifier: Apache-2.0 */
/*
 * receipt.h - the proof that an event is in the log: {entry, nonce, payload, proof}. It holds if
 * the entry's commitment covers the payload, and the proof puts the entry under a checkpoint that
 * the log's key has signed.
 */
#ifndef GATEWAY_CLI_RECEIPT_H
#define GATEWAY_CLI_RECEIPT_H

#include "crypto/base/arena.h"
#include "crypto/json.h"

struct receipt {
	uint64_t index; /* of the entry */
	uint64_t size;  /* of the log under that checkpoint */
	struct slice kind;
	struct slice time;
	struct slice payload; /* in the arena */
};

/* ERR_FORGED: it does not hold; the text says which part. `event` is the id asked for. */
RESULT receipt_verify(struct receipt *out, struct arena *arena, const json_t *receipt,
		      struct slice event, struct slice vkey);

#endif
