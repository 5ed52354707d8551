/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report_batch.h - the batch whose rows a report is going through: its evidence, and the paths of
 * its rows. The inner nodes of its tree are computed once, so that thousands of paths cost little.
 */
#ifndef GATEWAY_API_AUDIT_REPORT_BATCH_H
#define GATEWAY_API_AUDIT_REPORT_BATCH_H

#include "crypto/merkle.h"
#include "schema/store/audit_batch.h"

struct report_batch;

struct report_batch *report_batch_new(void);
void report_batch_free(struct report_batch *b); /* NULL is fine */
AUTO_POINTER(report_batch)

/* Is it the batch that is entry `index`? */
bool report_batch_is(const struct report_batch *b, uint64_t index);

/* Become the one that is; report_batch_set: this one, whose texts the caller keeps.
 * ERR_INTERNAL: its rows are not whole. */
RESULT report_batch_set(struct report_batch *b, const struct store_batch_entry *entry,
			uint64_t index);
RESULT report_batch_load(struct report_batch *b, struct store *auditor, uint64_t index);

/* The batch's own event; lives until the next load. */
const struct store_event *report_batch_event(const struct report_batch *b);

/* ERR_INTERNAL: it has no such row. */
RESULT report_batch_path(struct merkle_proof *out, const struct report_batch *b, size_t row);

#endif
