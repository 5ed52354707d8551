/* SPDX-License-Identifier: Apache-2.0 */
/*
 * numbering.h - gives committed events their numbers, and makes their leaves: each payload says
 * which entry of its actor and of its license it is (schema/audit/chain.h).
 */
#ifndef GATEWAY_SCRIBE_NUMBERING_H
#define GATEWAY_SCRIBE_NUMBERING_H

#include "schema/store/numbering.h"

enum { NUMBERING_BATCH = 4096, NUMBERING_MAX_BYTES = 8 << 20 };

/* The oldest that wait, at most NUMBERING_BATCH, in one transaction. *size: leaves in the tree
 * afterwards; *more: others wait. ERR_FORMAT: an event that no entry can be made of stops the log:
 * nothing passes over it. */
RESULT numbering_run(struct store *s, uint64_t *size, bool *more);

#endif
