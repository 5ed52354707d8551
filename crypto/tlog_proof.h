/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tlog_proof.h - an offline receipt (C2SP tlog-proof): "this entry is in the log of that signed
 * checkpoint". `extra` is not covered by any signature; we carry the commitment's nonce there.
 */
#ifndef CRYPTO_TLOG_PROOF_H
#define CRYPTO_TLOG_PROOF_H

#include "crypto/merkle.h"
#include "crypto/note.h"

enum { TLOG_PROOF_MAX = NOTE_MAX + 8192, TLOG_PROOF_EXTRA = 1024 };

struct tlog_proof {
	uint64_t index;
	bool has_extra;
	size_t extra_size;
	uint8_t extra[TLOG_PROOF_EXTRA];
	struct merkle_proof inclusion;
	struct slice checkpoint; /* the signed note; borrowed from the text */
};

RESULT tlog_proof_parse(struct tlog_proof *out, struct slice text);
void tlog_proof_write(struct buf *out, const struct tlog_proof *proof);

/* The note's signature, its origin (the name of a key in `keys`), and the inclusion of the
 * leaf. *checkpoint may be NULL. */
RESULT tlog_proof_verify(struct checkpoint *checkpoint, const struct tlog_proof *proof,
			 const struct digest *leaf, const struct note_key *keys, size_t count);

#endif
