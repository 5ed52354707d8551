/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form.h - a report as bytes: JSON (with the evidence of each row), CSV, and a page to print. The
 * same head and rows are always the same bytes, so who makes a report again can compare digests.
 *
 * The JSON form is a JSON object, and lines besides, so that it is read in bounded memory:
 *
 *     {"report":{head},"rows":[
 *     {"cells":[...],"entry":"...","gap":["base64"],"index":7,"nonce":"base64","payload":"..."},
 *     {...,"row":3,"path":["base64"],"batch":{"entry":"...","nonce":"...","payload":"..."}},
 *     ],"end":{"gap":["base64"],"totals":{...}}}
 *
 * The page ends in what is not in its digest, since it shows the signature: report_page_end().
 */
#ifndef SCHEMA_REPORT_FORM_H
#define SCHEMA_REPORT_FORM_H

#include "schema/report/totals.h"

struct report_form {
	const char *name; /* and how the names of files end */
	const char *type;
	bool has_gaps; /* it shows struct report_row.gap */
	enum err (*begin)(struct buf *out, const struct report_head *head);
	/* `number` of the row, from 0. */
	enum err (*row)(struct buf *out, const struct report_head *head,
			const struct report_row *row, const struct report_cell *cells,
			uint64_t number);
	/* `gap`: from the last row to the end of the tree. */
	enum err (*end)(struct buf *out, const struct report_head *head,
			const struct report_totals *totals, const struct merkle_gap *gap);
};

enum { REPORT_JSON, REPORT_CSV, REPORT_HTML, REPORT_FORMS };
extern const struct report_form report_forms[REPORT_FORMS];

/* What stands in the head of the JSON form. The caller owns it. */
json_t *report_head_tell(const struct report_head *head);
json_t *report_missing_tell(const struct report *r); /* what it has no data for, and why */
RESULT report_write_gap(json_t *object, const struct merkle_gap *gap); /* "gap", if there is one */

struct slice report_page_style(void); /* between its style tags: for a security policy */

/* What follows the page's hashed bytes: the signed note and how it is checked. */
void report_page_end(struct buf *out, struct slice note, struct slice vkey);

#endif
