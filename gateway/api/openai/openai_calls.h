/* SPDX-License-Identifier: Apache-2.0 */
/* openai_calls.h - calls of tools in OpenAI's shape: collected for a whole answer, or each piece
 * as a chunk's delta. */
#ifndef GATEWAY_API_OPENAI_OPENAI_CALLS_H
#define GATEWAY_API_OPENAI_OPENAI_CALLS_H

#include <jansson.h>

#include "crypto/base/buf.h"
#include "schema/wire/engine.h"

/* The calls of one choice. All zeros is a good beginning. */
struct openai_calls {
	json_t *list;         /* NULL: none */
	struct buf arguments; /* of the last one, as far as they came */
};

void openai_calls_clear(struct openai_calls *c); /* fit for AUTO */

/* For a delta that is no text. ERR_LIMIT. */
RESULT openai_calls_take(struct openai_calls *c, const struct wire_engine_delta *delta);

/* All of them, given to the caller; NULL: there are none. */
json_t *openai_calls_finish(struct openai_calls *c);

/* {"tool_calls":[...]}: what a chunk says of such a delta. */
json_t *openai_calls_chunk(const struct wire_engine_delta *delta);

#endif
