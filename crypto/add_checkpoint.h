/* SPDX-License-Identifier: Apache-2.0 */
/*
 * add_checkpoint.h - what a log sends to a witness (C2SP tlog-witness), to be read and written:
 *
 *     old 20852014
 *     PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=      consistency proof, at most 63 lines
 *
 *     example.com/behind-the-sofa                       the checkpoint, signed
 *     ...
 */
#ifndef CRYPTO_ADD_CHECKPOINT_H
#define CRYPTO_ADD_CHECKPOINT_H

#include "crypto/merkle.h"
#include "crypto/note.h"

enum {
	ADD_CHECKPOINT_PROOF = 63,
	ADD_CHECKPOINT_NOTE = 16 * 1024, /* of the checkpoint with its signatures */
	ADD_CHECKPOINT_MAX = ADD_CHECKPOINT_NOTE + 64 * 45 + 64,
};

struct add_checkpoint {
	uint64_t old_size;
	struct merkle_proof proof;
	struct slice note; /* borrowed, as all below */
	struct slice text; /* of the note: what is signed */
	struct checkpoint checkpoint;
};

/* ERR_FORMAT, ERR_LIMIT. No signature is checked, and no proof. */
RESULT add_checkpoint_parse(struct add_checkpoint *out, struct slice body);

void add_checkpoint_write(struct buf *out, uint64_t old_size, const struct merkle_proof *proof,
			  struct slice note);

#endif
