/* SPDX-License-Identifier: Apache-2.0 */
/* institution.h - institutions, and who belongs to them. A membership is never removed: it ends. */
#ifndef SCHEMA_STORE_INSTITUTION_H
#define SCHEMA_STORE_INSTITUTION_H

#include "schema/store/model.h"

struct store_institution {
	uint8_t id[STORE_ID];
	struct slice name;
	struct slice kind;    /* university, hospital, company, government, nonprofit, other */
	struct slice country; /* ISO 3166-1, two letters; empty: not known */
	struct slice domains; /* comma-separated: behind the @ of its people's affiliations */
	struct slice state;   /* active, suspended */
	int64_t created_ms;
	uint8_t created_by[STORE_ID];
};

struct store_member {
	uint8_t institution[STORE_ID];
	struct slice institution_name; /* out only, as the next three */
	struct slice institution_state;
	struct slice institution_country; /* may be empty */
	struct slice institution_kind;
	uint8_t person[STORE_ID];
	struct slice person_name; /* out only */
	struct slice role;        /* member, official */
	int64_t since_ms;
	int64_t until_ms; /* 0: it lasts */
};

/* `state` is not read: a new one is active. ERR_CONFLICT: the name is taken. */
RESULT store_institution_add(struct store *s, const struct store_institution *institution);
RESULT store_institution_get(struct store *s, struct arena *arena, struct store_institution *out,
			     const uint8_t id[STORE_ID]);
RESULT store_institution_by_name(struct store *s, struct arena *arena,
				 struct store_institution *out, struct slice name);
RESULT store_institution_list(struct store *s, struct arena *arena, struct store_institution **out,
			      size_t *count); /* by name */

/* From `from`: whoever was faster, ERR_NOT_FOUND is theirs to explain. */
RESULT store_institution_set_state(struct store *s, const uint8_t id[STORE_ID], struct slice from,
				   struct slice to);

/* The client certificate that an institution gives its members. */
struct store_institution_certificate {
	uint8_t institution[STORE_ID];
	uint8_t issuer_sha256[STORE_SHA256]; /* of an authority of its chain */
	struct slice organization;           /* of its subject; empty: any */
	bool required;                       /* nothing of its members counts without it */
	int64_t set_ms;
	uint8_t set_by[STORE_ID];
};

/* In place of the one before, if there is one. */
RESULT store_institution_certificate_set(struct store *s,
					 const struct store_institution_certificate *certificate);
RESULT store_institution_certificate_get(struct store *s, struct arena *arena,
					 struct store_institution_certificate *out,
					 const uint8_t institution[STORE_ID]);
RESULT store_institution_certificate_remove(struct store *s, const uint8_t institution[STORE_ID]);

/* ERR_CONFLICT: they are that already. ERR_NOT_FOUND: no such institution or person. */
RESULT store_member_add(struct store *s, const struct store_member *member);

/* ERR_NOT_FOUND: they are not that now. */
RESULT store_member_end(struct store *s, const uint8_t institution[STORE_ID],
			const uint8_t person[STORE_ID], struct slice role, int64_t now_ms);

/* Of one institution, those of the past too: who is there first, then by name. */
RESULT store_members(struct store *s, struct arena *arena, struct store_member **out, size_t *count,
		     const uint8_t institution[STORE_ID]);

/* What a person belongs to now, suspended institutions too (institution_state). */
RESULT store_institutions_of(struct store *s, struct arena *arena, struct store_member **out,
			     size_t *count, const uint8_t person[STORE_ID]);

#endif
