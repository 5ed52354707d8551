/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conversation.h - the messages and tools of a chat request, checked, as the JSON that the engine's
 * chat template gets (inference/chat/chat.h). What only some templates know goes through as it is:
 * "documents" and vLLM's "chat_template_kwargs".
 */
#ifndef GATEWAY_API_OPENAI_CONVERSATION_H
#define GATEWAY_API_OPENAI_CONVERSATION_H

#include "gateway/api/openai/generation.h"

enum {
	CONVERSATION_MAX_TOOLS = 128,
	CONVERSATION_MAX_CALLS = 128,     /* of one message */
	CONVERSATION_MAX_NAME = 64,       /* bytes of a function's name */
	CONVERSATION_SPARE_TOKENS = 1024, /* that a template may add to what it is given */
};

/* *out is the arena's: at most GENERATION_MAX_PROMPT bytes. It has the time of day, for templates
 * that tell the date. ERR_FORMAT, ERR_LIMIT or ERR_UNSUPPORTED with *flaw filled. */
RESULT conversation_read(struct slice *out, struct generation_flaw *flaw, struct arena *arena,
			 const json_t *body);

#endif
