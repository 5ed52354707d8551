/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reader.h - reads the JSON form of a report, in pieces and in bounded memory, and believes nothing
 * of it: the commitment of each payload, each cell, that the entry is of the kinds, the period and
 * the filters, every sum, and the root of the log's tree are computed again. What remains to be
 * shown elsewhere is that this root is the log's, and that the gateway stands by the report.
 */
#ifndef SCHEMA_REPORT_READER_H
#define SCHEMA_REPORT_READER_H

#include "schema/report/form.h"

struct report_reader;

struct report_reader *report_reader_new(void);
void report_reader_free(struct report_reader *r); /* NULL is fine */
AUTO_POINTER(report_reader)

/* The next bytes of the file. ERR_FORMAT: it is no report; ERR_FORGED: a part does not follow from
 * the others, and the text says which; ERR_LIMIT. */
RESULT report_reader_push(struct report_reader *r, struct slice bytes);

struct report_read {
	struct report_head head; /* its report, too, is borrowed from the reader */
	uint64_t rows, erased;
	uint64_t entries;     /* rows that are entries of the tree, and no rows of batches */
	struct digest sha256; /* of the file */
};

/* There is no more. ERR_FORMAT: it is cut off. */
RESULT report_reader_end(struct report_reader *r, struct report_read *out);

/* Must an entry of the log be a row of the report, for all that is public of it? */
bool report_reader_wants(const struct report_reader *r, const json_t *entry);

#endif
