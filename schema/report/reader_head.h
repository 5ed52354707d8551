/* SPDX-License-Identifier: Apache-2.0 */
/* reader_head.h - what a report says it is, read from its head; and which entries belong into it.
 */
#ifndef SCHEMA_REPORT_READER_HEAD_H
#define SCHEMA_REPORT_READER_HEAD_H

#include "schema/report/report.h"

struct report_asked {
	struct report report; /* as the head tells it, not as the catalog of this version does */
	struct report_column columns[REPORT_MAX_COLUMNS];
	int64_t from_ms, to_ms;
	struct slice filters;               /* canonical JSON */
	struct slice model, license, actor; /* of these; empty: any */
	struct slice origin;
	uint64_t size;
	struct digest root;
};

/* Everything is in the arena. ERR_FORMAT, ERR_LIMIT. */
RESULT report_asked_read(struct report_asked *out, struct arena *arena, const json_t *head);

/* ERR_FORGED: an entry like this is not what the report asks for. `payload` NULL: erased. */
RESULT report_asked_check(const struct report_asked *asked, const json_t *entry,
			  const json_t *payload);

#endif
