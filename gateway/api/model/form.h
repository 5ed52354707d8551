/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form.h - forms of models where requests and commits meet them (form.c); what they are is
 * policy/form.h, how answers are checked policy/answers.h, how a card is read card.h.
 */
#ifndef GATEWAY_API_MODEL_FORM_H
#define GATEWAY_API_MODEL_FORM_H

#include "gateway/api/authorize.h"
#include "gateway/api/upload/commit.h"

/* A request as it is being written. */
struct form_request {
	const uint8_t *id; /* of the row, which is there already */
	const uint8_t *model;
	bool is_draft; /* what is given must be right, but need not be all */
};

/*
 * In the transaction that submits (or drafts) a request, behind the row and before the end of its
 * entry: checks "fields" of the body against the form the model has now, and records version and
 * answers in row and entry. Without "fields" in the body, those that the row has already count.
 * ERR_FORMAT names the field; ERR_DENIED.
 */
RESULT form_take(struct audit_event *event, struct exchange *x, struct route_context *context,
		 const struct form_request *request, const json_t *body);

/* "form_version" and "fields" of a request, into its description. */
RESULT form_show(json_t *out, struct exchange *x, struct route_context *context,
		 const uint8_t request[STORE_ID]);

/* What a commit to main says of the form: canonical JSON, "" for a card that asks nothing. */
struct form_of_commit {
	bool is_known; /* it brings a README.md, or takes it away */
	struct slice document;
};

/* ERR_FORMAT, ERR_LIMIT: its card mentions a form that cannot be read. One that comes as a large
 * file is not looked into: the form stays as it is. */
RESULT form_of_commit(struct form_of_commit *out, struct arena *arena, const struct commit *commit);

/* In the transaction that shows the revision: it is the model's form from then on. */
RESULT form_of_commit_take(const struct form_of_commit *form, struct exchange *x,
			   struct route_context *context, const uint8_t model[STORE_ID],
			   struct slice revision);

/* Can the form in this README.md be read? For those who ask before they commit. */
RESULT form_check_card(struct arena *arena, struct slice readme);

#endif
