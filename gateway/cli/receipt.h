/* SPDX-License-Identifier: Apache-2.0 */
/*
 * receipt.h - the proof that an event is in the log: {entry, nonce, payload, proof}. It holds if
 * the entry's commitment covers the payload, and the proof puts the entry under a checkpoint that
 * the log's key has signed. Nothing here asks a gateway: a receipt is verified where it lies.
 *
 * Of an event that shares its entry with others of the same second (kind usage.batch) it has a
 * second level, "row": {entry, nonce, payload, index, count, path}: the row's own leaf is under the
 * root that the batch's payload states.
 *
 * On disk it is one JSON file, or three beside each other: X.tlog-proof (C2SP tlog-proof, the nonce
 * in its line "extra"), X.entry, and X.payload, which may be missing; a row is X.row (JSON).
 */
#ifndef GATEWAY_CLI_RECEIPT_H
#define GATEWAY_CLI_RECEIPT_H

#include "crypto/base/arena.h"
#include "crypto/json.h"
#include "crypto/merkle.h"

struct receipt {
	uint64_t index; /* of the entry */
	uint64_t size;  /* of the log under that checkpoint */
	bool is_row;    /* then all below is of the row */
	uint64_t row;   /* its number in the batch, from 0 */
	struct slice kind;
	struct slice time;
	struct slice id;
	struct slice payload; /* in the arena; empty: it was erased, or is not here */
};

enum { RECEIPT_MAX_FILE = 512 * 1024 };

/* ERR_FORGED: it does not hold; the text says which part. `event` is the id asked for; empty:
 * whatever it is a receipt of. */
RESULT receipt_verify(struct receipt *out, struct arena *arena, const json_t *receipt,
		      struct slice event, struct slice vkey);

/* Parts of it, for other proofs: what a level {entry, nonce, payload} says, held against its
 * commitment (`nonce`: what the nonce must be; empty: anything); an array "path" of base64; a row
 * {entry, index, count, path ...} of the batch with that kind and payload. */
RESULT receipt_read_level(struct receipt *out, struct arena *arena, const json_t *level,
			  struct slice nonce);
RESULT receipt_read_path(struct merkle_proof *out, const json_t *level);
RESULT receipt_check_row(uint64_t *row, struct slice batch_kind, struct slice batch_payload,
			 const json_t *level);

/* From either form on disk. The caller owns *out. */
RESULT receipt_read(json_t **out, struct arena *arena, const char *path);
/* The form is told by the name: "X.tlog-proof", or anything else for JSON. */
RESULT receipt_save(const json_t *receipt, struct arena *arena, const char *path);

#endif
