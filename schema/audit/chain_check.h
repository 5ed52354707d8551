/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain_check.h - is anything left out of what was said to be all entries of one actor, or of one
 * license? Given payloads must have been held against their leaves, and these against the tree.
 *
 *     struct audit_walk walk = {.subject = AUDIT_SUBJECT_LICENSE, .id = S("0192..")};
 *     for each entry, oldest first: TRY(audit_walk_step(&walk, audit_place(index), payload));
 *
 * Only what stands behind the last of them can be missing then; who wants to know that too compares
 * walk.count with what a newer answer or another auditor has.
 */
#ifndef SCHEMA_AUDIT_CHAIN_CHECK_H
#define SCHEMA_AUDIT_CHAIN_CHECK_H

#include <jansson.h>

#include "schema/audit/chain.h"

enum audit_subject { AUDIT_SUBJECT_ACTOR, AUDIT_SUBJECT_LICENSE };

struct audit_walk {
	enum audit_subject subject;
	struct slice id; /* of the actor or license, as text; borrowed */
	uint64_t count;  /* entries so far */
	uint64_t last;   /* place of the last one */
	uint64_t bare;   /* of these, from before there were chains: they say nothing */
};

/* INDEX, or [INDEX,ROW]. ERR_FORMAT. */
RESULT audit_place_read(uint64_t *out, const json_t *value);

/* How people are told of a place: "entry 7", "entry 7, row 3". */
struct audit_place_name {
	char text[64];
};
struct audit_place_name audit_place_name(uint64_t place);

/* The member "chain" of a payload; all zero if it has none. ERR_FORMAT. */
RESULT audit_chain_read(struct audit_chain *out, const json_t *payload);

/* The next entry. ERR_FORGED: something is missing before it, or it belongs to somebody else. */
RESULT audit_walk_step(struct audit_walk *walk, uint64_t place, const json_t *payload);

/* The same for an entry whose payload was erased: by its chain, as it is told. Nothing proves it
 * but the entry that follows, which names the one before. */
RESULT audit_walk_over(struct audit_walk *walk, uint64_t place, const struct audit_chain *chain);

#endif
