/* SPDX-License-Identifier: Apache-2.0 */
/* chat.h - a streamed answer of a model (OpenAI's chat completions, server-sent events). */
#ifndef GATEWAY_CLI_CHAT_H
#define GATEWAY_CLI_CHAT_H

#include "gateway/cli/client.h"

struct chat_ask {
	const char *model;
	struct slice prompt;
	uint64_t max_tokens; /* 0: as the gateway likes */
	double temperature;  /* negative: as the gateway likes */
	bool has_seed;
	uint64_t seed;
};

struct chat_done {
	int64_t prompt_tokens, completion_tokens;
};

/* Each piece of text goes to `sink` as it comes. */
RESULT chat_run(struct chat_done *out, struct client *c, const struct chat_ask *ask,
		client_sink_fn *sink, void *context);

#endif
