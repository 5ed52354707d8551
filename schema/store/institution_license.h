/* SPDX-License-Identifier: Apache-2.0 */
/*
 * institution_license.h - what an institution may do with a model through its members. Each of them
 * holds a license of their own, and a seat: a seat is taken first, then the license is issued and
 * put into it. The database counts seats, so no two who race get the same one.
 */
#ifndef SCHEMA_STORE_INSTITUTION_LICENSE_H
#define SCHEMA_STORE_INSTITUTION_LICENSE_H

#include "schema/store/license.h"

struct store_institution_license {
	uint8_t id[STORE_ID], institution[STORE_ID], model[STORE_ID];
	struct slice institution_name, model_name; /* out only */
	struct slice state;                        /* active, suspended, revoked */
	struct slice state_reason;
	struct slice rights; /* comma-separated */
	bool has_terms;
	uint8_t terms_sha256[STORE_SHA256];
	struct slice limits, regions, uses, plan; /* as of a license */
	int64_t seats, seats_taken;
	int64_t not_before_ms, expires_ms, issued_ms, changed_ms;
	uint8_t issued_by[STORE_ID];
};

RESULT store_institution_license_add(struct store *s, const struct store_institution_license *l);
RESULT store_institution_license_get(struct store *s, struct arena *arena,
				     struct store_institution_license *out,
				     const uint8_t id[STORE_ID]);

/* Of the institutions whose official this person is; none: all. Newest first. */
RESULT store_institution_license_list(struct store *s, struct arena *arena,
				      struct store_institution_license **out, size_t *count,
				      const uint8_t official[STORE_ID]);

/* Active and within its dates, and it stays so until the transaction ends. ERR_CONFLICT. */
RESULT store_institution_license_hold(struct store *s, const uint8_t id[STORE_ID], int64_t now_ms);

struct store_seat {
	uint8_t parent[STORE_ID], person[STORE_ID];
	struct slice person_name;  /* out only */
	uint8_t license[STORE_ID]; /* none while it is being issued */
	struct slice license_state;
	uint8_t taken_by[STORE_ID];
	int64_t taken_ms;
};

/* A transaction of its own. ERR_CONFLICT: no seat is free, or they have one. Seats that were taken
 * a minute ago and got no license are free again. */
RESULT store_seat_take(struct store *s, const struct store_seat *seat);

/* ERR_CONFLICT: it is theirs no more. */
RESULT store_seat_fill(struct store *s, const uint8_t parent[STORE_ID],
		       const uint8_t person[STORE_ID], const uint8_t license[STORE_ID]);

/* It need not be taken. */
RESULT store_seat_free(struct store *s, const uint8_t parent[STORE_ID],
		       const uint8_t person[STORE_ID]);
RESULT store_seat_free_license(struct store *s, const uint8_t license[STORE_ID]);

RESULT store_seat_list(struct store *s, struct arena *arena, struct store_seat **out, size_t *count,
		       const uint8_t parent[STORE_ID]);

#endif
