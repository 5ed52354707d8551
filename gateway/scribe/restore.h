/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restore.h - leaves that the database lost, put back from the entry bundles.
 *
 * The files are believed as far as they give the root that the keeper has. A leaf is put back if
 * its event is still there and the leaf made of it anew (with the chain that follows from the
 * entries before) is the very leaf of the bundle; of an erased event nothing can be made, and the
 * bundle's leaf is taken. An event that is gone cannot be had from the files, which hold
 * commitments only: then nothing is put back, and the database is that of a backup
 * (gateway/scribe/README.md, "What a damaged database leaves").
 */
#ifndef GATEWAY_SCRIBE_RESTORE_H
#define GATEWAY_SCRIBE_RESTORE_H

#include "gateway/scribe/tiles.h"

/* A tree that the keeper has. */
struct restore_tree {
	uint64_t size;
	struct digest root;
};

/* Put back what is missing of leaves [first, end), end <= tree->size, of which the one before
 * `first` is there; an entry (log.rebuilt) says so. ERR_FORGED: the files do not give that tree.
 * ERR_NOT_FOUND, with what: the database has lost more than leaves. In both cases it is as before,
 * but for what was put back in front of what is not there. */
RESULT restore_leaves(const struct tiles *t, struct store *s, const struct restore_tree *tree,
		      uint64_t first, uint64_t end, int64_t now_ms);

#endif
