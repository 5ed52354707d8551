/* SPDX-License-Identifier: Apache-2.0 */
/*
 * claims.h - what is verified about a person, as plain data: each claim comes from a credential
 * that was checked and is good now, and names who said it. Nothing a person merely declares is in
 * here. Who makes it (gateway/api/proof/claims_of.h) looks at signatures and conditions; who reads
 * it (criteria_eval.h) compares texts and times.
 */
#ifndef POLICY_CLAIMS_H
#define POLICY_CLAIMS_H

#include <stdint.h>

#include "crypto/base/slice.h"

enum {
	CLAIMS_MAX = 256, /* of one person; what is more is left out, oldest first */
	CLAIM_ID = 16,
};

/* The types of claims: the five of GA4GH Passport 1.2, spelled as there, and three of ours. */
#define CLAIM_AFFILIATION "AffiliationAndRole" /* faculty@example.org */
#define CLAIM_TERMS "AcceptedTermsAndPolicies" /* URL of the terms */
#define CLAIM_RESEARCHER "ResearcherStatus"    /* URL of the definition */
#define CLAIM_GRANT "ControlledAccessGrants"   /* URL of what was granted */
#define CLAIM_LINKED "LinkedIdentities"        /* sub,iss;sub,iss */
#define CLAIM_TRAINING "TrainingCertificate"   /* URL of the course */
#define CLAIM_COUNTRY "Country"                /* ISO 3166-1 alpha-2, upper case */
#define CLAIM_REFERENCE "Reference"            /* a referee confirmed: their address */

struct claim {
	uint8_t id[CLAIM_ID]; /* of the visa, certificate or answer it rests on; for the record */
	struct slice type, value, source;
	struct slice by;  /* who asserted it: "dac", "so", "peer", "self", "system"; may be empty */
	struct slice iss; /* who signed it; empty: this gateway itself (an administrator's act) */
	int64_t asserted_seconds;
	int64_t expires_seconds; /* the earliest of all that it rests on */
};

/* Where a country is known from. It is never guessed: without a claim and without a row of the
 * operator's table there is none. */
enum country_source { COUNTRY_NONE, COUNTRY_CLAIM, COUNTRY_TABLE };

struct country {
	char code[3]; /* two capitals and a NUL; "" if the source is COUNTRY_NONE */
	enum country_source source;
};

/* All that is verified about a person at one moment. Borrowed from the arena it was made in. */
struct claims {
	const struct claim *list;
	size_t count;
	struct country country; /* the claim, if there is one; else of the address; else none */
};

#endif
