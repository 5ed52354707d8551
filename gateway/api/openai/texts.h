/* SPDX-License-Identifier: Apache-2.0 */
/* texts.h - what a model's tokenizer makes of a text: POST /tokenize and /detokenize (vLLM's
 * shapes), and whether a prompt fits. */
#ifndef GATEWAY_API_OPENAI_TEXTS_H
#define GATEWAY_API_OPENAI_TEXTS_H

#include "gateway/api/infer/call.h"
#include "gateway/api/openai/generation.h"

/* ERR_LIMIT, in the words of the engine, if the prompt and so many tokens exceed the context. */
RESULT texts_check_length(struct call *c, const struct generation_prompt *prompt, bool is_bare,
			  uint32_t max_tokens);

#endif
