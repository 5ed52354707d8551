/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quota.h - whose limits a use counts against, and which of them has not enough left for it: a fact
 * of the decision, as the database counted it (schema/sql/0018_limits.sql).
 */
#ifndef POLICY_QUOTA_H
#define POLICY_QUOTA_H

#include "crypto/base/slice.h"
#include "crypto/license_limits.h" /* measures and periods: the names only, nothing is linked */

#define QUOTA_SUBJECTS(X) \
	X(QUOTA_LICENSE, "license") \
	X(QUOTA_PERSON, "person") \
	X(QUOTA_INSTITUTION, "institution")

#define QUOTA_ENUM(name, text) name,
enum quota_subject { QUOTA_SUBJECTS(QUOTA_ENUM) QUOTA_SUBJECT_COUNT };
#undef QUOTA_ENUM

struct quota_fact {
	bool is_used_up; /* the rest means something only then */
	enum quota_subject subject;
	enum license_measure measure;
	enum license_period per;
	int64_t max, left, asked;
	int64_t ends_seconds; /* when it begins anew; 0: never */
};

enum { QUOTA_TEXT = 48 };

const char *quota_measure_name(enum license_measure measure);

/* False: no such name. */
bool quota_subject_parse(enum quota_subject *out, struct slice name);
bool quota_measure_parse(enum license_measure *out, struct slice name);
bool quota_period_parse(enum license_period *out, struct slice name);

/* "license tokens/day" ("license concurrent" for what runs at a moment); "" if none is used up. For
 * records; reading it back gives what the decision rests on, without the amounts. */
void quota_fact_write(char out[QUOTA_TEXT], const struct quota_fact *fact);
bool quota_fact_parse(struct quota_fact *out, struct slice text);

/* Is it one that passes by itself within a minute: of a minute, or of what runs now? */
bool quota_passes_soon(const struct quota_fact *fact);

#endif
