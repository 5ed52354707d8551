/* SPDX-License-Identifier: Apache-2.0 */
/* report_give.h - a report that was made, in one of its forms. */
#ifndef GATEWAY_API_AUDIT_REPORT_GIVE_H
#define GATEWAY_API_AUDIT_REPORT_GIVE_H

#include "gateway/api/audit/report_run.h"
#include "schema/store/audit_report.h"

enum { REPORTS_AT_ONCE = 2 };

/* Answers: "json", "csv", "html" are made again from the log and are the bytes whose digests were
 * signed, or the connection is reset; "note" is the signed note; "receipt" the proof of the entry,
 * and that its tree is the report's gone on. */
void report_give(struct exchange *x, struct route_context *context,
		 const struct store_audit_report *report, struct slice form);

/* What the entry says of it. Borrows from the row. */
struct report_made report_made_of(const struct store_audit_report *row);

/* The log's origin: the name of its key. In the arena. */
RESULT report_origin(struct slice *out, struct exchange *x, struct route_context *context);

#endif
