/* SPDX-License-Identifier: Apache-2.0 */
/*
 * opinion.h - what the published criteria of a model say of a request: the facts are gathered,
 * others are asked where a rule says so (fail closed), the criteria are weighed, and all of it is
 * kept with the request, so that it can be shown, explained and tried again with other criteria.
 */
#ifndef GATEWAY_API_CRITERIA_OPINION_H
#define GATEWAY_API_CRITERIA_OPINION_H

#include "gateway/api/authorize.h"
#include "policy/criteria_record.h"
#include "schema/store/criteria.h"

/* A request, as far as criteria look at it. */
struct opinion_question {
	const struct store_model *model;
	const uint8_t *person; /* who asks: the caller, or whom criteria are tried on */
	struct slice uses;     /* declared, comma-separated codes; may be empty */
	struct slice rights;   /* comma-separated */
	int64_t accessors;     /* persons who are to have access, the asker among them */
	bool has_library_card, terms_are_signed;
};

struct opinion {
	bool has_criteria;   /* else nothing below but `record` means anything */
	enum effect outcome; /* approve, refer or deny */
	/* It is carried out: a denial always (it can be appealed), an approval if the gate is auto
	 * or the criteria say that they decide. Else it is advice to those who do. */
	bool decides;
	struct slice text;     /* the public texts of the rules that made it so; may be empty */
	struct digest sha256;  /* of the criteria */
	struct slice record;   /* JSON, with the facts */
	struct slice requires; /* claims that an approval rests on (policy/requirements.h) */
};

/* Before the transaction of the act: it may ask others, for seconds. Texts live in the exchange's
 * arena. Fails only if the facts cannot be read. */
RESULT opinion_weigh(struct opinion *out, struct exchange *x, struct route_context *context,
		     const struct opinion_question *question);

/* In the transaction that submits the request. */
RESULT opinion_keep(struct store *store, const struct opinion *o, const uint8_t request[STORE_ID],
		    const struct store_model *model);

/* For the step that carries it out: the texts, or a sentence if there are none. */
struct slice opinion_reason(const struct opinion *o);

/* A member that is an array of texts, as one, comma-separated; "" if it is not there. */
RESULT opinion_read_list(struct slice *out, struct arena *arena, const json_t *body,
			 const char *name);

/* What the person is told of it: {"outcome","decides","criteria","rules","missing"}; JSON null if
 * the model has no criteria. */
json_t *opinion_describe(const struct opinion *o);

/* "criteria" of an answer that shows the request: the newest record, with its facts; absent if
 * there is none. For who may see the request. */
RESULT opinion_show(json_t *answer, struct exchange *x, struct route_context *context,
		    const uint8_t request[STORE_ID]);

/* The active criteria of a model, read. *out is false if it has none. ERR_INTERNAL: what is stored
 * cannot be read any more. */
RESULT opinion_criteria(bool *out, struct criteria *criteria, struct store_criteria *row,
			struct arena *arena, struct route_context *context,
			const uint8_t model[STORE_ID]);

/* What is known of the person now (opinion_facts.c): all but uses, rights and the like. */
RESULT opinion_gather(struct criteria_facts *out, struct exchange *x, struct route_context *context,
		      const struct opinion_question *question);

/* Ask those whom external rules name (opinion_external.c); answers, or why there is none, go to
 * the facts. */
void opinion_ask(struct criteria_facts *facts, struct exchange *x, struct route_context *context,
		 const struct criteria *criteria);

/* 400 with {"faults":[{"line","column","text"}]}. */
void criteria_refuse(struct exchange *x, const struct criteria_faults *faults);

/* The country of an address by the operator's table, or none. */
struct country opinion_country(struct exchange *x, const struct api *api);

#endif
