/* SPDX-License-Identifier: Apache-2.0 */
/*
 * note.h - what is signed of a report. The entry report.make says it, and the keeper writes the
 * note out of the entry, so nothing that is not in the log can be had under this signature:
 *
 *     sallyport report/v1
 *     downloads
 *     2026-01-01T00:00:00.000Z - 2026-02-01T00:00:00.000Z      "" where it is open
 *     {"model":"org/model"}                                    what else was asked
 *     localhost:8443/log                                       the log: origin, size, root
 *     700
 *     h0MN...=
 *     rows 12
 *     json 9f86...
 *     csv 2c26...
 *     html fcde...
 *     entry 0190...                                            of report.make
 *
 * It is signed by the log's key under the name ORIGIN/report. A signature covers neither its key's
 * name nor its id, so a note of a report must never read as a checkpoint: its first line is no
 * origin of a log, and its second no number.
 */
#ifndef SCHEMA_REPORT_NOTE_H
#define SCHEMA_REPORT_NOTE_H

#include "crypto/note.h"
#include "schema/report/form.h"

#define REPORT_KEY_SUFFIX "/report"

enum { REPORT_MAX_NOTE = 16 * 1024 };

/* Slices are borrowed. */
struct report_made {
	struct slice name;
	int64_t from_ms, to_ms;
	struct slice filters; /* canonical JSON object */
	uint64_t size, rows;
	struct digest root;
	struct digest forms[REPORT_FORMS];
};

/* The member "report" of the entry's payload. The caller owns it. */
json_t *report_made_tell(const struct report_made *made);

/* Back again, strictly; filters are in the arena. ERR_FORMAT. */
RESULT report_made_read(struct report_made *out, struct arena *arena, const json_t *payload);

/* `event` is the id of the entry, as text. */
void report_note_write(struct buf *out, const struct report_made *made, struct slice origin,
		       struct slice event);

/* The key that reports of a log are signed with. */
RESULT report_key_of(struct note_key *out, const struct note_key *log);

#endif
