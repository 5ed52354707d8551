/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.h - what a signed report is. A report is a question, the kinds of entries that answer it,
 * and columns, each of which says where in an entry its value stands. So a row is computed from its
 * entry alone, by whoever makes the report and by whoever checks it, and twelve reports are twelve
 * tables (catalog.c) and no program.
 */
#ifndef SCHEMA_REPORT_REPORT_H
#define SCHEMA_REPORT_REPORT_H

#include <jansson.h>

#include "crypto/base/arena.h"
#include "crypto/base/buf.h"
#include "crypto/digest.h"
#include "crypto/merkle.h"

enum {
	REPORT_MAX_COLUMNS = 24,
	REPORT_MAX_GROUPS = 4,
	REPORT_MAX_KINDS = 64,
	REPORT_MAX_MISSING = 16,
	REPORT_MAX_GROUP_KEYS = 1000,   /* of one grouping; what comes later counts as "(others)" */
	REPORT_MAX_CELL = 4096,         /* bytes of a text; longer ones end in "…" */
	REPORT_MAX_PAYLOAD = 96 * 1024, /* AUDIT_MAX_JOINED */
	REPORT_MAX_LINE = 1024 * 1024,  /* of the JSON form: a row with its evidence */
	REPORT_MAX_TAIL = 256 * 1024,
	REPORT_NONCE = 32,
};

/*
 * Where the value of a column stands: "index" or "row" (number in the tree; row of a batch),
 * "entry.NAME" (public) or "payload.NAME.NAME"; of a list, "#" is how many it has, "*" each of
 * them. "a|b": the first that is there. What is not there is empty.
 */
struct report_column {
	const char *name;
	const char *type; /* "text", "integer" (whole numbers; may be summed), "time" */
	const char *source;
	const char *meaning;
};

struct report_missing {
	const char *what; /* the question asks for it */
	const char *why;  /* and it is not here */
};

struct report {
	const char *code; /* "R2" */
	const char *name; /* "downloads" */
	const char *title;
	const char *question; /* that it answers */
	const char *kinds;    /* of entries, with commas; "": all */
	const char *right;    /* only entries about this right; "": any */
	bool of_entries; /* every entry of the tree, without payloads, by number and not by time */
	const struct report_column *columns;
	size_t column_count;
	const char *sums;   /* columns, with commas */
	const char *groups; /* columns by which rows are counted and summed, with commas */
	const struct report_missing *missing;
	size_t missing_count;
};

/* The twelve; NULL: no report of this name (or code). */
extern const struct report *const report_catalog;
extern const size_t report_catalog_count;
const struct report *report_of(struct slice name);

/* What a report is made for and rests on. Slices are borrowed. */
struct report_head {
	const struct report *report;
	int64_t from_ms, to_ms; /* of the entries' times, [from, to); 0: open */
	struct slice filters; /* canonical JSON object: what else is asked, and what may be seen */
	struct slice origin;  /* of the log */
	uint64_t size;
	struct digest root;
};

/* What is committed to: an entry, and its payload. */
struct report_evidence {
	struct slice entry;
	struct slice payload;
	uint8_t nonce[REPORT_NONCE];
};

/*
 * An entry that is a row; or a row of a batch (schema/audit/batch.h), which shares its entry with
 * others: it has a leaf of its own under the batch's root, and that is its `entry` then.
 */
struct report_row {
	uint64_t index;
	unsigned batch_row;           /* 1 + the row of a batch; 0: it has an entry of its own */
	struct report_evidence batch; /* of the first row out of this batch only; else empty */
	struct merkle_proof path;     /* from the row up to the batch's root */
	struct slice entry;           /* as it stands in the tree */
	struct slice payload;         /* empty: erased, or the report is of_entries */
	uint8_t nonce[REPORT_NONCE];
	struct merkle_gap gap; /* between the row before (or the beginning) and this one */
};

struct report_cell {
	enum { REPORT_NONE, REPORT_TEXT, REPORT_NUMBER } kind;
	int64_t number;
	struct slice text; /* in the arena */
};

/* cells[column_count]. ERR_FORMAT: entry or payload is no JSON object. */
RESULT report_cells(struct report_cell cells[REPORT_MAX_COLUMNS], struct arena *arena,
		    const struct report *report, const struct report_row *row);

/* Is this a source as above? */
bool report_source_is_sound(struct slice source);

/* The number of a column, or column_count. */
size_t report_column_of(const struct report *report, struct slice name);

/* The next of names with commas; false: there is none. */
bool report_next_name(struct slice *name, struct slice *rest);

#endif
