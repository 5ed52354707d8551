/* SPDX-License-Identifier: Apache-2.0 */
/* license.h - licenses as stored: the signed document, and the state it is in. */
#ifndef SCHEMA_STORE_LICENSE_H
#define SCHEMA_STORE_LICENSE_H

#include "schema/store/request.h"

struct store_license {
	uint8_t id[STORE_ID];
	uint8_t model[STORE_ID];
	uint8_t person[STORE_ID];
	struct slice model_name;    /* out only */
	struct slice person_name;   /* out only */
	uint8_t request[STORE_ID];  /* may be none */
	uint8_t replaces[STORE_ID]; /* may be none: the license this one renews */
	struct slice state;         /* preparing, active, suspended, expired, revoked: as stored */
	struct slice state_reason;
	struct slice rights; /* comma-separated */
	bool has_terms;
	uint8_t terms_sha256[STORE_SHA256];
	int64_t not_before_ms;
	int64_t expires_ms;    /* past it the license is expired, whatever state says */
	struct slice document; /* canonical JSON */
	uint8_t signature[STORE_SIGNATURE];
	int64_t issued_ms;
	uint8_t issued_by[STORE_ID]; /* may be none */
	int64_t changed_ms;
	uint8_t institution[STORE_ID]; /* may be none: whose member holds it */
	struct slice limits;           /* canonical JSON (crypto/license_limits.h); empty: none */
	struct slice regions;          /* comma-separated country codes; empty: everywhere */
	struct slice uses;             /* comma-separated codes; empty: as the terms say */
	struct slice requires;         /* JSON (policy/requirements.h); empty: rests on no claim */
	struct slice plan;             /* a name of crypto/license.h; put empty: standard */
	uint8_t parent[STORE_ID];      /* may be none: the institution's license it is a seat of */
};

RESULT store_license_issue(struct store *s, const struct store_license *license);
RESULT store_license_get(struct store *s, struct arena *arena, struct store_license *out,
			 const uint8_t id[STORE_ID]);

/* The license that gives this right at this moment, the one that lasts longest. ERR_NOT_FOUND. */
RESULT store_license_active(struct store *s, struct arena *arena, struct store_license *out,
			    const uint8_t person[STORE_ID], const uint8_t model[STORE_ID],
			    struct slice right, int64_t now_ms);

/* Newest first; none matches any. */
RESULT store_license_list(struct store *s, struct arena *arena, struct store_license **out,
			  size_t *count, const uint8_t person[STORE_ID],
			  const uint8_t model[STORE_ID]);

struct store_license_question {
	uint8_t viewer[STORE_ID];
	bool by_office;     /* those of others, too, of whose models the viewer's offices are */
	struct slice model; /* name; empty: any */
	struct slice
		state; /* as it is shown (an active one that has ended is expired); empty: any */
	struct slice text; /* part of the holder's or the model's name, or the id's beginning */
	int64_t after_ms;  /* behind the license of this time and id; 0: begin */
	uint8_t after[STORE_ID];
	size_t limit;
};

/* Newest first, a page at a time. */
RESULT store_license_find(struct store *s, struct arena *arena, struct store_license **out,
			  size_t *count, const struct store_license_question *question);

/* ERR_NOT_FOUND: no such license. ERR_CONFLICT: it is not in state `from`. */
RESULT store_license_set_state(struct store *s, const uint8_t id[STORE_ID], struct slice from,
			       struct slice to, struct slice reason, int64_t now_ms);

#endif
