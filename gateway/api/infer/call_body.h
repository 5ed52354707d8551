/* SPDX-License-Identifier: Apache-2.0 */
/* call_body.h - the body of a call as JSON, and the answer to one that asks for what cannot be. */
#ifndef GATEWAY_API_INFER_CALL_BODY_H
#define GATEWAY_API_INFER_CALL_BODY_H

#include <jansson.h>

#include "gateway/api/api.h"
#include "gateway/api/openai/generation.h"

/* NULL: it is none, or longer than that, and the client is answered. Else the caller's. */
json_t *call_body(struct exchange *x, size_t most);

void call_reply_flaw(struct exchange *x, enum err kind, const struct generation_flaw *flaw);

#endif
