/* SPDX-License-Identifier: Apache-2.0 */
/* renewal.h - how licenses go on and end: renewals asked for, close-outs, reminders. */
#ifndef SCHEMA_STORE_RENEWAL_H
#define SCHEMA_STORE_RENEWAL_H

#include "schema/store/license.h"

struct store_renewal {
	uint8_t id[STORE_ID], license[STORE_ID], person[STORE_ID];
	struct slice model_name, person_name; /* out only */
	struct slice state;                   /* submitted, granted, denied */
	struct slice report;
	struct slice publications; /* addresses, a line each */
	struct slice reason;
	struct slice decided_by_name; /* out only; empty: nobody has */
	uint8_t renewed_as[STORE_ID]; /* may be none */
	int64_t license_expires_ms;   /* out only */
	int64_t created_ms, changed_ms;
};

/* ERR_CONFLICT: one is open for this license. */
RESULT store_renewal_add(struct store *s, const struct store_renewal *renewal);
RESULT store_renewal_get(struct store *s, struct arena *arena, struct store_renewal *out,
			 const uint8_t id[STORE_ID]);

/* Oldest first; none matches any person, the empty text any state. */
RESULT store_renewal_list(struct store *s, struct arena *arena, struct store_renewal **out,
			  size_t *count, const uint8_t person[STORE_ID], struct slice state);

/* The open one of a license, if there is one, is granted. ERR_DENIED: by its own author. */
RESULT store_renewal_grant(struct store *s, const uint8_t license[STORE_ID],
			   const uint8_t by[STORE_ID], const uint8_t renewed_as[STORE_ID],
			   struct slice reason, int64_t now_ms);

/* ERR_CONFLICT: it is decided. */
RESULT store_renewal_deny(struct store *s, const uint8_t id[STORE_ID], const uint8_t by[STORE_ID],
			  struct slice reason, int64_t now_ms);

struct store_closeout {
	uint8_t license[STORE_ID], person[STORE_ID];
	struct slice reason; /* PROJECT_COMPLETED, MOVED_INSTITUTION, TRANSFERRED, SUPERSEDED */
	struct slice attestation;
	uint8_t key[STORE_ID]; /* may be none: not signed */
	uint8_t signature[STORE_SIGNATURE];
	int64_t at_ms;
};
RESULT store_closeout_add(struct store *s, const struct store_closeout *closeout);

/* ERR_NOT_FOUND: the license was not closed by its holder. */
RESULT store_closeout_get(struct store *s, struct arena *arena, struct store_closeout *out,
			  const uint8_t license[STORE_ID]);

struct store_reminder {
	uint8_t license[STORE_ID], person[STORE_ID];
	struct slice model_name, person_name;
	int64_t expires_ms;
	int64_t days; /* 30, 7 or 1: before the end */
};

/* Of active licenses, those that are due and were not told: the nearest for each, 100 at most. */
RESULT store_reminders_due(struct store *s, struct arena *arena, struct store_reminder **out,
			   size_t *count, int64_t now_ms);

/* ERR_CONFLICT: it was told. */
RESULT store_reminder_add(struct store *s, const uint8_t license[STORE_ID], int64_t days,
			  int64_t now_ms);

#endif
