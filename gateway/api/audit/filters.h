/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filters.h - what an auditor asks for: the query string (and filters saved by a name), read
 * strictly. An unknown name, one that is given twice, or a value that cannot mean anything is
 * refused: an auditor who mistypes a filter must not take the answer for a filtered one.
 */
#ifndef GATEWAY_API_AUDIT_FILTERS_H
#define GATEWAY_API_AUDIT_FILTERS_H

#include <jansson.h>

#include "gateway/api/api.h"
#include "schema/store/audit_search.h"

enum { FILTERS_MAX = 32, FILTERS_MAX_VALUE = 1024, FILTERS_MAX_SAVED_NAME = 64 };

struct audit_asked {
	json_t *given; /* name -> text; owned, and what is borrowed by the query */
	struct store_audit_query query;
};

/* The query string with what `saved` names. `own` are the names this route knows besides the
 * filters (ends with NULL); narrowed to what the asker may see; bounds are found. ERR_FORMAT,
 * ERR_NOT_FOUND: no such saved filter. */
RESULT audit_asked_read(struct audit_asked *out, struct exchange *x, struct route_context *context,
			const char *const own[]);
void audit_asked_clear(struct audit_asked *asked); /* fit for AUTO */

/* A parameter of the route's own; empty if it was not given. */
struct slice audit_asked_text(const struct audit_asked *asked, const char *name);

/* A number of the route's own from 1 to `most`. */
RESULT audit_asked_count(unsigned *out, const struct audit_asked *asked, const char *name,
			 unsigned usual, unsigned most);

/* Are these filters that can be saved: known names, good values? */
RESULT audit_filters_check(struct arena *arena, const json_t *filters);

/* Filters out of an object, as they stand in a query string; borrows from it. */
RESULT audit_filters_read(struct store_audit_filter *out, struct arena *arena, const json_t *given);

/* Reading the log is an entry of the log: `what` was read ("events", "summary" ...), how much was
 * found. `sha256` (hex) is of an export; empty: none. */
RESULT audit_log_read(struct exchange *x, struct route_context *context, const char *what,
		      int64_t found, struct slice sha256);

/* An event as the API tells it. The caller owns it. */
json_t *audit_describe(struct arena *arena, const struct store_found *found);

/* {"by": the number of the entry that says so, or null: it has none yet}. The caller owns it. */
json_t *audit_describe_erased(const struct store_event *e);

/* What a question to the database came to: of one that was stopped, what may be asked instead. */
RESULT audit_in_time(enum err result);

/* "123", or "123.4" for the row numbered 4 of a batch. */
const char *audit_cursor(struct arena *arena, int64_t place);

/* Back again. Empty: no cursor, a first page. */
RESULT audit_cursor_read(struct store_audit_query *out, struct slice text);

#endif
