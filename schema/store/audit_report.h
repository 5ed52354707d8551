/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit_report.h - signed reports: those that were made (role sallyport_edge), and where in the log
 * the rows of one stand that goes by numbers (role sallyport_auditor).
 */
#ifndef SCHEMA_STORE_AUDIT_REPORT_H
#define SCHEMA_STORE_AUDIT_REPORT_H

#include "schema/store/audit_search.h"

enum { STORE_REPORT_FORMS = 96, STORE_REPORT_MAX_LIST = 200 };

struct store_audit_report {
	uint8_t event[STORE_ID];
	struct slice name;
	int64_t from_ms, to_ms;
	struct slice filters; /* canonical JSON */
	uint64_t size, rows;
	uint8_t root[32];
	uint8_t forms[STORE_REPORT_FORMS]; /* SHA-256 of JSON, CSV, HTML */
	int64_t made_at_ms;
	uint8_t made_by[STORE_ID];
	struct slice made_by_name; /* out */
	struct slice note;         /* empty: not signed */
};

RESULT store_audit_report_add(struct store *s, const struct store_audit_report *report);
RESULT store_audit_report_sign(struct store *s, const uint8_t event[STORE_ID], struct slice note);
RESULT store_audit_report_get(struct store *s, struct arena *arena, struct store_audit_report *out,
			      const uint8_t event[STORE_ID]); /* ERR_NOT_FOUND */

/* The newest, of one person or (none) of all; no notes. */
RESULT store_audit_report_list(struct store *s, struct arena *arena,
			       struct store_audit_report **out, size_t *count,
			       const uint8_t made_by[STORE_ID]);

/* *bounds, which may lie about the period, become the places of the first and behind the last entry
 * of it: all between belong to it, whatever their clocks said. */
RESULT store_audit_narrow(struct store *s, struct store_audit_bounds *bounds, int64_t from_ms,
			  int64_t to_ms);

#endif
