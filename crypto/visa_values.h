/* SPDX-License-Identifier: Apache-2.0 */
/*
 * visa_values.h - the types of visas that count here, and what their values must look like: the
 * five of GA4GH Passport 1.2, and two of ours for what those have no word for.
 */
#ifndef CRYPTO_VISA_VALUES_H
#define CRYPTO_VISA_VALUES_H

#include "crypto/base/arena.h"
#include "crypto/base/err.h"

struct visa;

#define VISA_AFFILIATION "AffiliationAndRole" /* faculty@example.org */
#define VISA_TERMS "AcceptedTermsAndPolicies" /* address of the terms; needs "by" */
#define VISA_RESEARCHER "ResearcherStatus"    /* address of the definition */
#define VISA_GRANT "ControlledAccessGrants"   /* address of what was granted */
#define VISA_LINKED "LinkedIdentities"        /* sub,iss;sub,iss, each percent-encoded */
#define VISA_TRAINING "TrainingCertificate"   /* ours: address of the course */
#define VISA_COUNTRY "Country"                /* ours: two capitals, ISO 3166-1 */

enum { VISA_LINKS_MAX = 16 };

/* ERR_UNSUPPORTED: a type that does not count here. ERR_FORMAT: a value that is none of its
 * type. */
RESULT visa_check_value(const struct visa *visa);

struct visa_identity {
	struct slice sub, iss;
};

/* The identities of a LinkedIdentities visa; texts go to the arena. ERR_FORMAT. */
RESULT visa_links(struct visa_identity out[VISA_LINKS_MAX], size_t *count, struct arena *a,
		  struct slice value);

#endif
