/* SPDX-License-Identifier: Apache-2.0 */
/* generation_reading.h - how members of a request's body are read, for the files of generation.h
 * and others that answer in OpenAI's terms. A member that is null is one that is absent, as it is
 * to OpenAI's clients; an absent one leaves *out as it was. */
#ifndef GATEWAY_API_OPENAI_GENERATION_READING_H
#define GATEWAY_API_OPENAI_GENERATION_READING_H

#include "gateway/api/openai/generation.h"

/* What is being read: where a refusal is to be noted, and memory for its text. */
struct reading {
	struct generation *out;
	struct generation_flaw *flaw;
	struct arena *arena;
	const json_t *body;
};

/* Returns `kind`. `message` is static or the arena's. */
RESULT reading_refuse(struct reading *r, enum err kind, const char *param, const char *message);

const json_t *reading_member(const struct reading *r, const char *name); /* NULL: absent */
struct slice reading_text(const json_t *value);                          /* of a string */

RESULT reading_number(struct reading *r, const char *name, double low, double high, double *out);
RESULT reading_float(struct reading *r, const char *name, double low, double high, float *out);
RESULT reading_count(struct reading *r, const char *name, json_int_t low, json_int_t high,
		     uint32_t *out);
RESULT reading_flag(struct reading *r, const char *name, bool *out);
RESULT reading_model(struct reading *r, struct slice *out); /* must be there */

/* An array of token ids, as four bytes each; the arena's. */
RESULT reading_tokens(struct reading *r, const char *name, const json_t *list, struct slice *out);

/* Every member must be one of the table that means something here, or nothing. */
RESULT reading_check_parameters(struct reading *r, bool chat);

#endif
