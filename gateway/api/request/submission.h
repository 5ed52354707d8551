/* SPDX-License-Identifier: Apache-2.0 */
/*
 * submission.h - what a person says in an access request, read from a body: strictly if it is to be
 * decided, leniently if it is a draft. Signing the terms binds the SHA-256 of the exact text to
 * model, rights and use: Ed25519 by a key the person has enrolled, over "sallyport/terms/v1\n" and
 * canonical JSON {"intended_use","model","rights","terms_sha256"}.
 */
#ifndef GATEWAY_API_REQUEST_SUBMISSION_H
#define GATEWAY_API_REQUEST_SUBMISSION_H

#include "gateway/api/criteria/opinion.h"
#include "gateway/api/request/request.h"
#include "schema/store/accessor.h"

/* A request as its owner wants it. */
struct submission {
	struct store_model model;
	struct store_request row;
	struct slice accessors; /* names, comma-separated, sorted */
	bool sets_accessors;    /* the body names them, or none */
	bool is_new_content;    /* use, rights or terms are others than before */
	struct slice lead_name, institution_name;
	struct slice advice;    /* JSON, by submission_advise */
	struct opinion opinion; /* of the published criteria, by submission_weigh */
};

/* The model of the body, which the asker must know of. */
RESULT submission_find_model(struct submission *s, struct exchange *x,
			     struct route_context *context, struct slice model);

/* Into s->row, which holds what it was before (a new one: nothing): members that the body does not
 * have stay. */
RESULT submission_read(struct submission *s, struct exchange *x, struct route_context *context,
		       const json_t *body);

/* May it be decided as it is? ERR_FORMAT names what is missing; ERR_CONFLICT: the model has other
 * terms by now. */
RESULT submission_check(const struct submission *s);

/* How the declared uses match what the model says, as JSON in s->advice. */
RESULT submission_advise(struct submission *s, struct exchange *x, struct route_context *context);

/* What the model's published criteria say. May ask others, for seconds. */
RESULT submission_weigh(struct submission *s, struct exchange *x, struct route_context *context);

/* Is it decided at once, by the criteria or (without any) by the gate "auto"? */
bool submission_is_decided(const struct submission *s);

/* All of it, for the history and the log: {"intended_use","rights","uses",...}. */
json_t *submission_describe(struct exchange *x, const struct submission *s);

/* "terms_sha256" and "terms_signature" of a body, checked against the model, and against what the
 * row asks for: key and signature go into the row. `person` is who signs. */
RESULT submission_read_terms(struct store_request *row, const struct store_model *model,
			     const json_t *body);
RESULT submission_read_signature(struct store_request *row, struct exchange *x,
				 struct route_context *context, const struct store_model *model,
				 const json_t *body);

/* A request from the body of POST access-requests, drafted or submitted, and decided as far as its
 * model's gate or criteria do (submit.c). *s begins zeroed. */
RESULT submission_make(struct submission *s, struct exchange *x, struct route_context *context,
		       const json_t *body);

#endif
