/* SPDX-License-Identifier: Apache-2.0 */
/* criteria_read.h - what the files that read criteria share: the text, the faults found so far. */
#ifndef POLICY_CRITERIA_READ_H
#define POLICY_CRITERIA_READ_H

#include "crypto/json.h"
#include "policy/criteria.h"

struct criteria_reading {
	struct slice text;
	struct arena *arena;
	struct criteria_faults *faults;
	size_t conditions;
};

/* Add a fault at the value that the step leads to. */
void criteria_fault(struct criteria_reading *r, const struct json_step *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Members of `object` that are not in `names` (ends with NULL) are faults. */
void criteria_only(struct criteria_reading *r, const struct json_step *at, const json_t *object,
		   const char *const names[]);

/* A string of 1 to `max` bytes; "" after a fault. */
struct slice criteria_text(struct criteria_reading *r, const struct json_step *at,
			   const json_t *value, size_t max);

/* A condition and all within it (criteria_condition.c). */
void criteria_read_condition(struct condition *out, struct criteria_reading *r,
			     const struct json_step *at, const json_t *value, unsigned depth);

/* What can never matter, or always does (criteria_lint.c). Of criteria without faults. */
void criteria_lint(struct criteria *criteria, struct criteria_reading *r);

#endif
