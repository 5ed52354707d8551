/* SPDX-License-Identifier: Apache-2.0 */
/* bench_stream.h - one streamed completion, and when its text came. */
#ifndef GATEWAY_CLI_BENCH_STREAM_H
#define GATEWAY_CLI_BENCH_STREAM_H

#include "gateway/cli/client.h"

enum { BENCH_MAX_STREAMS = 64 };

struct bench_stream {
	int64_t asked_us, first_us, last_us;
	int64_t prompt_tokens, completion_tokens;
};

/* `words` words that nobody has asked with before, so that no part of them has been read; then
 * `tokens` tokens, at a temperature of 1 and whatever ends the text. */
RESULT bench_stream_run(struct bench_stream *out, struct client *c, const char *model,
			unsigned words, unsigned tokens);

/* `count` of them at once, each over a connection of its own. */
RESULT bench_stream_run_many(struct bench_stream *out, const struct client *c, const char *model,
			     unsigned words, unsigned tokens, unsigned count);

#endif
