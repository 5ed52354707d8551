/* SPDX-License-Identifier: Apache-2.0 */
/*
 * erasure.h - what one person asks to have erased of another, and a second one confirms
 * (0031_erasure.sql). The walk through the log is done in steps, a transaction each:
 *
 *     store_begin; store_erasure_look; (the keeper reduces what it must); store_audit_insert of
 *     the erasure.run; store_erasure_apply; store_commit
 */
#ifndef SCHEMA_STORE_ERASURE_H
#define SCHEMA_STORE_ERASURE_H

#include "schema/store/store.h"

enum { STORE_ERASURE_MAX_LIST = 200, STORE_ERASURE_MAX_DUE = 100 };

struct store_erasure {
	uint8_t id[STORE_ID];
	uint8_t subject[STORE_ID];
	struct slice subject_name; /* out only, as the names below: as they are called now */
	struct slice scope;        /* all, log */
	struct slice reason;
	struct slice override; /* why nothing waits for its day; empty: it waits */
	struct slice state;    /* out only, from here on but for asked_* */
	uint8_t asked_by[STORE_ID];
	struct slice asked_by_name;
	int64_t asked_ms;
	uint8_t decided_by[STORE_ID];
	struct slice decided_by_name;
	int64_t decided_ms;
	struct slice decision_reason;
	int64_t next_place; /* how far the walk through the log is */
	int64_t erased;     /* entries */
	int64_t kept;       /* entries that go later, the last of them on: */
	int64_t kept_until_ms;
	int64_t file_due_ms; /* when the texts of requests and licenses go; 0: no more are here */
	int64_t done_ms;
};

/* How long at least: whatever it says, the law's own least holds (retention_least). */
struct store_periods {
	int64_t usage_months;
	int64_t record_years;
};

/* ERR_CONFLICT: one for this person is open. */
RESULT store_erasure_add(struct store *s, const struct store_erasure *e);
RESULT store_erasure_get(struct store *s, struct arena *arena, struct store_erasure *out,
			 const uint8_t id[STORE_ID]);
/* The newest first; `state` empty: any. */
RESULT store_erasure_list(struct store *s, struct arena *arena, struct store_erasure **out,
			  size_t *count, struct slice state);

/* The second person's word, with what it does to the account. ERR_CONFLICT, with why: decided
 * already, the same person, a hold, a license in force, an open request. */
RESULT store_erasure_confirm(struct store *s, const uint8_t id[STORE_ID],
			     const uint8_t by[STORE_ID], const struct store_periods *p,
			     struct slice why);
RESULT store_erasure_reject(struct store *s, const uint8_t id[STORE_ID], const uint8_t by[STORE_ID],
			    struct slice why);

struct store_erasure_part {
	struct slice rule;                   /* usage, record */
	int64_t goes, stays, held, for_good; /* entries */
	int64_t until_ms;                    /* when the last of those that stay go */
};

/* What it would do now, a row for each rule. */
RESULT store_erasure_preview(struct store *s, struct arena *arena, struct store_erasure_part **out,
			     size_t *count, const uint8_t subject[STORE_ID], bool overridden,
			     const struct store_periods *p);

/* Is it the subject of a hold, or a license of theirs? */
RESULT store_person_is_held(struct store *s, bool *held, const uint8_t person[STORE_ID]);

/* What is to be done now: up to STORE_ERASURE_MAX_DUE ids. */
RESULT store_erasure_due(struct store *s, struct arena *arena, uint8_t (**out)[STORE_ID],
			 size_t *count);

struct store_erasure_step {
	bool is_there;       /* it has steps at all */
	int64_t goes;        /* entries, in this step */
	struct slice ranges; /* their numbers: JSON, [[first,last],...] */
	struct slice
		reduces; /* events that audit_reduced needs first: UUIDs, with commas between */
};

RESULT store_erasure_look(struct store *s, struct arena *arena, struct store_erasure_step *out,
			  const uint8_t id[STORE_ID], const struct store_periods *p);

/* `entry`: the erasure.run of this transaction; none, if nothing goes. */
RESULT store_erasure_apply(struct store *s, const uint8_t id[STORE_ID],
			   const uint8_t entry[STORE_ID], const struct store_periods *p);

/* The texts of requests and licenses, once their day has come. *done: it had. */
RESULT store_erasure_file(struct store *s, bool *done, const uint8_t id[STORE_ID],
			  const uint8_t entry[STORE_ID]);

/* What the keeper keeps of an entry that goes. */
RESULT store_reduced_add(struct store *s, const uint8_t event[STORE_ID], struct slice facts,
			 const uint8_t seal[32]);

#endif
