/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/chat.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "gateway/cli/commands.h"
#include "gateway/cli/output.h"
#include "gateway/cli/sse.h"

enum { CHAT_MAX_ASK = 1024 * 1024, CHAT_MAX_PROMPT = 96 * 1024 };

static enum err take_bytes(void *context, struct slice bytes)
{
	return sse_push(context, bytes);
}

static enum err write_ask(struct buf *out, const struct chat_ask *ask)
{
	AUTO(json_auto) json_t *body = json_object_new();
	json_t *messages = json_array_new(), *message = json_object_new();
	json_t *options = json_object_new();
	char *text;

	json_put(body, "messages", messages);
	json_push(messages, message);
	json_put(body, "stream_options", options);
	if (!slice_is_utf8(ask->prompt))
		return failure(ERR_FORMAT, "the prompt is not UTF-8");
	json_put_text(message, "role", S("user"));
	json_put_text(message, "content", ask->prompt);
	json_put_bool(options, "include_usage", true);
	json_put_text(body, "model", slice_of_string(ask->model));
	json_put_bool(body, "stream", true);
	if (ask->max_tokens)
		json_put_int(body, "max_tokens", (int64_t)ask->max_tokens);
	if (ask->temperature >= 0)
		json_put(body, "temperature", json_real(ask->temperature));
	if (ask->has_seed)
		json_put_int(body, "seed", (int64_t)ask->seed);
	text = json_dumps(body, JSON_COMPACT);
	buf_write_string(out, text ? text : "");
	free(text);
	return buf_done(out);
}

enum err chat_run(struct chat_done *out, struct client *c, const struct chat_ask *ask,
		  client_sink_fn *sink, void *context)
{
	AUTO(buf_free) struct buf body = buf_new(CHAT_MAX_ASK);
	AUTO(client_answer_clear) struct client_answer answer = client_answer_new();
	AUTO(sse_clear) struct sse stream = sse_new(sink, context);
	struct client_request request = {.method = "POST",
					 .path = "/v1/chat/completions",
					 .content_type = "application/json",
					 .sink = take_bytes,
					 .sink_context = &stream};

	*out = (struct chat_done){.prompt_tokens = 0};
	TRY(write_ask(&body, ask));
	request.body = buf_slice(&body);
	TRY(client_send(c, &answer, &request));
	TRY(client_check(c, &answer));
	if (!stream.is_done)
		return failure(ERR_CLOSED, "the answer ended before it was whole");
	out->prompt_tokens = stream.prompt_tokens;
	out->completion_tokens = stream.completion_tokens;
	return OK;
}

static enum err print_piece(void *context, struct slice text)
{
	(void)context;
	output_text(stdout, text);
	fflush(stdout);
	return OK;
}

static enum err collect_piece(void *context, struct slice text)
{
	buf_write(context, text);
	return buf_done(context);
}

static enum err read_temperature(double *out, struct cli *cli)
{
	const char *text = arguments_value(&cli->arguments, "temperature");
	char *end;

	*out = -1;
	if (!text)
		return OK;
	*out = strtod(text, &end);
	if (end == text || *end || !(*out >= 0 && *out <= 2))
		return cli_usage(cli, "--temperature %s: a number from 0 to 2 is expected", text);
	return OK;
}

static enum err read_ask(struct chat_ask *ask, struct cli *cli)
{
	AUTO(buf_free) struct buf text = buf_new(CHAT_MAX_PROMPT);

	*ask = (struct chat_ask){.model = cli_word(cli, 0)};
	TRY(arguments_number(&ask->max_tokens, &cli->arguments, "max-tokens", 1 << 20));
	TRY(arguments_number(&ask->seed, &cli->arguments, "seed", INT64_MAX));
	ask->has_seed = arguments_value(&cli->arguments, "seed") != NULL;
	TRY(read_temperature(&ask->temperature, cli));
	if (cli_word(cli, 1)) {
		ask->prompt = slice_of_string(cli_word(cli, 1));
		return OK;
	}
	if (isatty(STDIN_FILENO) == 1)
		fprintf(stderr, "your prompt, ended by Ctrl-D:\n");
	TRY(file_read(&text, AT_FDCWD, "/dev/stdin"));
	ask->prompt = arena_copy(&cli->arena, buf_slice(&text));
	return OK;
}

static enum err print_json(const struct buf *text, const struct chat_done *done)
{
	AUTO(json_auto) json_t *answer = json_object_new();

	json_put_text(answer, "text", buf_slice(text));
	json_put_int(answer, "prompt_tokens", done->prompt_tokens);
	json_put_int(answer, "completion_tokens", done->completion_tokens);
	return output_json(answer);
}

enum err command_chat(struct cli *cli)
{
	AUTO(buf_free) struct buf text = buf_new(CLIENT_MAX_BODY);
	struct chat_ask ask;
	struct chat_done done;
	struct client *c;

	TRY(read_ask(&ask, cli));
	TRY(cli_client(&c, cli));
	if (cli->json) {
		TRY(chat_run(&done, c, &ask, collect_piece, &text));
		return print_json(&text, &done);
	}
	TRY(chat_run(&done, c, &ask, print_piece, NULL));
	fputc('\n', stdout);
	return OK;
}
