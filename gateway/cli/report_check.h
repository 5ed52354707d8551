/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report_check.h - does a signed report hold? From files alone: X.json, and beside it X.note (the
 * signature) and X.receipt.json (the entry report.make, its place in the log, and that the log goes
 * on from the report's tree); X.csv and X.html are held against the note where they are there.
 */
#ifndef GATEWAY_CLI_REPORT_CHECK_H
#define GATEWAY_CLI_REPORT_CHECK_H

#include "gateway/cli/receipt.h"
#include "gateway/cli/report_complete.h"
#include "gateway/cli/witnessed.h"

struct report_checked {
	struct slice name, title; /* in the arena */
	uint64_t size;            /* entries of the log that it rests on */
	uint64_t rows, erased;
	struct receipt receipt; /* of report.make */
	const char *witnesses;  /* that have cosigned the checkpoint of the receipt */
	bool has_csv, has_html;
	bool is_counted;  /* against a copy of the log: no entry is missing */
	uint64_t batches; /* if so: entries whose rows that does not tell of */
};

/* `vkey` is the log's. ERR_FORGED, ERR_FORMAT, ERR_NOT_FOUND, ERR_DENIED (too few witnesses): the
 * text says which part does not hold. ERR_UNSUPPORTED: with a copy, of a report that cannot be
 * counted. */
RESULT report_check(struct report_checked *out, struct arena *arena, const char *path,
		    struct slice vkey, const struct witnessed *witnessed,
		    const struct report_copy *copy);

#endif
