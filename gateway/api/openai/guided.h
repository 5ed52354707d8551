/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guided.h - what an answer must look like, as clients ask for it: OpenAI's response_format, and
 * vLLM's guided_json, guided_choice, guided_regex and structured_outputs. Pure. What could not be
 * followed is refused here, before anything is asked of an engine.
 */
#ifndef GATEWAY_API_OPENAI_GUIDED_H
#define GATEWAY_API_OPENAI_GUIDED_H

#include <jansson.h>

#include "crypto/base/arena.h"
#include "schema/wire/engine.h"

struct guided {
	enum wire_grammar kind;
	struct slice text;
};

/* ERR_FORMAT, ERR_LIMIT or ERR_UNSUPPORTED; *param is then the parameter (static), and the
 * failure's text says what is wrong with it. Texts in *out are of `arena` or `body`. */
RESULT guided_read(struct guided *out, const char **param, struct arena *arena, const json_t *body);

#endif
