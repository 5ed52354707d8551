/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recall.h - what routes ask of the keeper and the database, from this edge's memory (facts.h)
 * where it holds. A request has one mark, taken before anything is read for it (principal.mark): so
 * what it found out early is never kept under a later one. Inside a transaction nothing is recalled
 * or kept: who has begun one has something to change.
 */
#ifndef GATEWAY_API_RECALL_H
#define GATEWAY_API_RECALL_H

#include "gateway/api/api.h"
#include "gateway/api/facts.h"

/* token_verify() with the keeper's keys: what it says is *verdict. Fails only where the keys
 * cannot be had. */
RESULT recall_token(enum err *verdict, struct token *out, struct exchange *x,
		    struct route_context *context, struct slice text);

/* store_credential_find(). ERR_NOT_FOUND. */
RESULT recall_holder(struct store_holder *out, struct exchange *x, struct route_context *context,
		     const uint8_t credential[STORE_ID]);

/* What store_access_load() has said. False: nothing is remembered. */
bool recall_access(struct store_access *out, struct exchange *x, struct route_context *context,
		   const struct store_access_question *question);

/* store_access_load(), and remember it. ERR_NOT_FOUND: no such model. */
RESULT read_access(struct store_access *out, struct exchange *x, struct route_context *context,
		   const struct store_access_question *question);

/* A whole answer: 200, JSON. False: nothing is answered yet. */
bool recall_answer(struct exchange *x, struct route_context *context,
		   const struct facts_topic *topic);

/* Answer, and remember it. Frees `body`. */
void remember_answer(struct exchange *x, struct route_context *context,
		     const struct facts_topic *topic, struct slice revision, json_t *body);

#endif
