/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idempotent.h - the header Idempotency-Key: a client that did not get its answer sends the same
 * request again, and it is answered again and not done again. For 24 hours a key of a person stands
 * for one request (method, path and body); another one under it is refused with 422.
 *
 *     if (!idempotent_begin(&once, x, context))
 *             return;
 *     result = act(...);
 *     if (result == OK)
 *             idempotent_reply(&once, x, context, 201, answer, event.id);
 *     else
 *             idempotent_fail(&once, x, context, result);
 *
 * What failed did not happen: its key is free again.
 */
#ifndef GATEWAY_API_REQUEST_IDEMPOTENT_H
#define GATEWAY_API_REQUEST_IDEMPOTENT_H

#include <jansson.h>

#include "gateway/api/authorize.h"

struct idempotent {
	struct slice key; /* empty: the client sent none */
};

/* False: it has answered, as before or with a refusal. */
bool idempotent_begin(struct idempotent *out, struct exchange *x, struct route_context *context);

/* Takes `body` over. `receipt` (may be NULL) is repeated with the answer. */
void idempotent_reply(const struct idempotent *once, struct exchange *x,
		      struct route_context *context, unsigned status, json_t *body,
		      const uint8_t *receipt);
void idempotent_fail(const struct idempotent *once, struct exchange *x,
		     struct route_context *context, enum err why);

#endif
