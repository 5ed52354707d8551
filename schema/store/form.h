/* SPDX-License-Identifier: Apache-2.0 */
/* form.h - forms of models, version by version, and what was answered to them. */
#ifndef SCHEMA_STORE_FORM_H
#define SCHEMA_STORE_FORM_H

#include "schema/store/terms.h"

struct store_form {
	int64_t version;       /* from 1, of the model */
	struct slice source;   /* "card", or "api", which wins */
	struct slice revision; /* of the card; empty: set by the API */
	struct slice document; /* canonical JSON; empty: none any more */
	uint8_t sha256[STORE_SHA256];
	int64_t at_ms;
};

/* The form that holds now. ERR_NOT_FOUND: there is none. */
RESULT store_form_current(struct store *s, struct arena *arena, struct store_form *out,
			  const uint8_t model[STORE_ID]);

/* The next version: source, revision, document, at. *version is its number; 0: a card that says
 * what the last one said makes none. ERR_CONFLICT: two at once. */
RESULT store_form_add(struct store *s, int64_t *version, const struct store_form *form,
		      const uint8_t model[STORE_ID], const uint8_t by[STORE_ID]);

/* What a request answers: the form's version and canonical JSON. */
struct store_answers {
	int64_t version;     /* 0: to no form */
	struct slice fields; /* empty: none */
};

RESULT store_answers_get(struct store *s, struct arena *arena, struct store_answers *out,
			 const uint8_t request[STORE_ID]);
RESULT store_answers_set(struct store *s, const struct store_answers *answers,
			 const uint8_t request[STORE_ID]);

/* How the Hub's settings say whom to tell of requests; what is empty stays. */
RESULT store_model_set_notifications(struct store *s, const uint8_t model[STORE_ID],
				     struct slice mode, struct slice email);

#endif
