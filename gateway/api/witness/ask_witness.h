/* SPDX-License-Identifier: Apache-2.0 */
/* ask_witness.h - one conversation with one witness. */
#ifndef GATEWAY_API_WITNESS_ASK_WITNESS_H
#define GATEWAY_API_WITNESS_ASK_WITNESS_H

#include "crypto/log_policy.h"
#include "gateway/api/api.h"

/* What is asked for. */
struct witness_question {
	const struct log_policy_part *witness;
	struct note_key log;    /* our own verifier key */
	struct slice note;      /* our newest checkpoint, */
	struct slice text;      /* what of it is signed, */
	struct checkpoint here; /* and what it says */
	uint64_t old_size;      /* what the witness is thought to have; changed when it says so */
};

/* The newest checkpoint of ours that the witness shows. ERR_NOT_FOUND: none. ERR_CONFLICT: it
 * bears our signature, and is longer than ours or of another history. */
RESULT ask_witness_look(uint64_t *size, struct route_context *context, struct arena *arena,
			const struct witness_question *q);

/* *lines: its cosignature of our checkpoint, verified; in the arena. ERR_CONFLICT as above;
 * ERR_FORGED: what it answers is not signed with its key; ERR_UNAVAILABLE ... */
RESULT ask_witness_cosign(struct slice *lines, struct route_context *context, struct arena *arena,
			  struct witness_question *q);

#endif
