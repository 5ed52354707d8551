/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.h - what a usage.batch entry says of its rows: how many, of when, and the root of the RFC
 * 6962 tree over the rows' own leaves. So a row is proved in two levels: its leaf is under that
 * root, and the batch, whose payload says the root, is in the log (docs: README.md, "Batches").
 *
 *     {"actor":{"id":"","name":""},"count":N,"first":"TIME","last":"TIME","root":"BASE64"}
 */
#ifndef SCHEMA_AUDIT_BATCH_H
#define SCHEMA_AUDIT_BATCH_H

#include "crypto/base/buf.h"
#include "crypto/merkle.h"

enum { AUDIT_BATCH_MAX = 4096, AUDIT_BATCH_TEXT = 512 };

struct audit_batch {
	uint64_t count;
	int64_t first_ms, last_ms; /* times of the first and the last row */
	struct digest root;
};

/* The payload, canonical JSON. */
void audit_batch_write(struct buf *out, const struct audit_batch *batch);
RESULT audit_batch_read(struct audit_batch *out, struct slice payload);

/* Of the rows' leaf hashes (merkle_leaf), in their order. */
struct digest audit_batch_root(const struct digest *leaves, size_t count);

/* From row `row` up to that root. */
void audit_batch_path(struct merkle_proof *out, const struct digest *leaves, size_t count,
		      size_t row);

/* Is the entry (a row's own leaf, canonical JSON) row `row` of the batch? ERR_FORGED. */
RESULT audit_batch_check(const struct audit_batch *batch, struct slice entry, uint64_t row,
			 const struct merkle_proof *path);

#endif
