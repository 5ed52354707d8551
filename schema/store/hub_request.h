/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hub_request.h - access requests as the Hub's clients see them: of each person the newest one for
 * a model, which is pending, accepted or rejected. Drafts, what was returned, withdrawn or closed
 * is none of these. Accepted is who has a license in force, however they came to it; whose license
 * has ended counts as rejected.
 */
#ifndef SCHEMA_STORE_HUB_REQUEST_H
#define SCHEMA_STORE_HUB_REQUEST_H

#include "schema/store/license.h"

struct store_hub_person {
	uint8_t id[STORE_ID]; /* none: nobody */
	struct slice name, email;
};

struct store_hub_request {
	uint8_t id[STORE_ID]; /* of the request; ordered as requests were made */
	struct store_hub_person person;
	struct slice status; /* pending, accepted, rejected; empty: none of these */
	struct slice fields; /* JSON; empty: no form was answered */
	int64_t created_ms;
	int64_t reviewed_ms;             /* 0: it was not */
	struct store_hub_person granted; /* who gave it without having been asked */
};

struct store_hub_question {
	uint8_t model[STORE_ID];
	struct slice status;      /* empty: any of the three */
	struct slice search;      /* part of a name or address */
	uint8_t after[STORE_ID];  /* older than this request; none: begin */
	uint8_t before[STORE_ID]; /* newer than this one */
	size_t limit;
};

/* Newest first; with `before`, those that come right before it. */
RESULT store_hub_request_page(struct store *s, struct arena *arena, struct store_hub_request **out,
			      size_t *count, const struct store_hub_question *question,
			      int64_t now_ms);

/* The one of this person, whatever its status. ERR_NOT_FOUND: none. */
RESULT store_hub_request_of(struct store *s, struct arena *arena, struct store_hub_request *out,
			    const uint8_t model[STORE_ID], const uint8_t person[STORE_ID],
			    int64_t now_ms);

/* An administrator made it for the person. */
RESULT store_hub_request_granted(struct store *s, const uint8_t request[STORE_ID],
				 const uint8_t by[STORE_ID]);

/* Licenses in force that the request has led to, or that its person has for the model: their ids.
 */
struct store_hub_license {
	uint8_t id[STORE_ID];
	uint8_t person[STORE_ID];
	struct slice person_name, state;
};

RESULT store_hub_licenses(struct store *s, struct arena *arena, struct store_hub_license **out,
			  size_t *count, const uint8_t request[STORE_ID]);

#endif
