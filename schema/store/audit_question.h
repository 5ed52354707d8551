/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit_question.h - for audit_search.c and audit_summary.c only: how a question of an auditor is
 * written in SQL. It is written out of the filters it has, and planned anew each time: a plan for
 * all filters at once would use no index (see request_find.c). Only our own words and numbers get
 * into the text; what auditors write travels beside it.
 */
#ifndef SCHEMA_STORE_AUDIT_QUESTION_H
#define SCHEMA_STORE_AUDIT_QUESTION_H

#include "crypto/base/buf.h"
#include "schema/store/audit_search.h"
#include "schema/store/query.h"

struct question {
	struct buf sql;
	struct store_statement statement;
	struct store_step step;
};

/* Rows are copied to the arena; NULL, if they are numbers. */
void question_begin(struct question *q, struct arena *arena);
void question_clear(struct question *q);
RESULT question_run(struct question *q, struct store *s);

/* " AND <before>$n::text<behind>", if there is a value. */
void question_with_text(struct question *q, const char *before, struct slice value,
			const char *behind);
void question_with_time(struct question *q, const char *before, int64_t ms);

/* Of a table called e: model, right, decision, code, and what the auditor may see. */
void question_with_columns(struct question *q, const struct store_audit_filter *f);
bool question_is_several(struct slice kinds);
void question_with_kinds(struct question *q, struct slice kinds);
void question_with_model(struct question *q, struct slice model);
void question_with_actor(struct question *q, struct slice actor);

/* " AND <column> = ", the institution's id. */
void question_with_institution(struct question *q, const char *column, struct slice institution);

/* Of auditor_entry called e: an institution of its actor, then, is of this country. */
void question_with_region(struct question *q, struct slice region);

/* Of auditor_entry called e, and auditor_affiliation called f if an institution is wanted. All but
 * the kinds. */
void question_with_filter(struct question *q, const struct store_audit_filter *f);
void question_with_places(struct question *q, const char *column,
			  const struct store_audit_bounds *bounds);

#endif
