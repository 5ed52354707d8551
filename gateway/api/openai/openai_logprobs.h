/* SPDX-License-Identifier: Apache-2.0 */
/* openai_logprobs.h - log-probabilities in OpenAI's two shapes: chat's list of tokens, and the
 * parallel arrays of plain completions. */
#ifndef GATEWAY_API_OPENAI_OPENAI_LOGPROBS_H
#define GATEWAY_API_OPENAI_OPENAI_LOGPROBS_H

#include <jansson.h>

#include "schema/wire/engine.h"

json_t *openai_logprobs_new(bool chat);

void openai_logprobs_add_chat(json_t *logprobs, const struct wire_engine_delta *delta);
/* *offset is where the first of these tokens begins in the text, in characters; it is moved on. */
void openai_logprobs_add_plain(json_t *logprobs, const struct wire_engine_delta *delta,
			       size_t *offset);

#endif
