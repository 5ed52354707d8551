/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report_complete.h - is a row missing in a report? Kinds and times of entries are public, so a
 * copy of the log shows which entries a report must have that has no other filters. The report's
 * own rows are known to be such entries, so it is enough to count.
 */
#ifndef GATEWAY_CLI_REPORT_COMPLETE_H
#define GATEWAY_CLI_REPORT_COMPLETE_H

#include "schema/audit/verify.h"
#include "schema/report/reader.h"

/* Where the files of the log come from; fetch NULL: from nowhere. */
struct report_copy {
	audit_fetch_fn *fetch;
	void *context;
};

/* Can it be told of this report at all? Not if it asks for what only payloads say. */
bool report_can_be_counted(const struct report_read *read);

/* *batches: entries among them whose rows are not public, so that nothing is said of those.
 * ERR_FORGED: entries are missing; or the files are not of the report's log. */
RESULT report_complete_check(uint64_t *batches, const struct report_reader *reader,
			     const struct report_read *read, const struct report_copy *copy);

#endif
