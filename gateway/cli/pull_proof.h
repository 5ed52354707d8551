/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pull_proof.h - what the files of a revision are, by the public log: its model.commit entry, with
 * the proof that the entry stands under a checkpoint signed with the log's key. The key is --vkey,
 * else the one remembered of this gateway, else (the first time) the one it tells, which is then
 * remembered. So a gateway that gave others different weights under the same name would have to
 * show one of them a log that the key's holder has signed, and anybody can compare.
 */
#ifndef GATEWAY_CLI_PULL_PROOF_H
#define GATEWAY_CLI_PULL_PROOF_H

#include "gateway/cli/client.h"
#include "gateway/cli/tree.h"

struct pull_proof {
	const char *model;    /* as it is called */
	const char *revision; /* 40 digits */
	const char *vkey;     /* pinned by the user; NULL: remembered, or told */
	uint64_t index;       /* out: of the entry */
	uint64_t size;        /* out: of the log that it is proven in */
	bool is_first;        /* out: the key was taken on first sight */
	const char *key;      /* out: in the arena */
};

/* Every file of `tree` gets the SHA-256 that the log holds of it. ERR_FORGED: the proof does not
 * hold, is of another revision, or the tree is not what the entry says. */
RESULT pull_proof_check(struct pull_proof *p, struct tree *tree, struct arena *arena,
			struct client *c);

/* The part of it that needs no gateway: does this payload of a model.commit entry say this of the
 * model, and what of the tree's files? Digests go into the tree. ERR_FORMAT, ERR_FORGED. */
RESULT pull_proof_read(struct tree *tree, struct arena *arena, struct slice payload,
		       struct slice model, struct slice revision);

#endif
