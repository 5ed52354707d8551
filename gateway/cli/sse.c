/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/sse.h"

struct sse sse_new(sse_text_fn *text, void *context)
{
	return (struct sse){.line = buf_new(SSE_MAX_LINE), .text = text, .context = context};
}

void sse_clear(struct sse *s)
{
	buf_free(&s->line);
}

static enum err take_usage(struct sse *s, const json_t *object)
{
	const json_t *usage = json_object_get(object, "usage");

	if (!json_is_object(usage))
		return OK;
	TRY(json_get_int_or(&s->prompt_tokens, usage, "prompt_tokens", 0));
	return json_get_int_or(&s->completion_tokens, usage, "completion_tokens", 0);
}

static enum err take_data(struct sse *s, struct slice data)
{
	AUTO(json_auto) json_t *object = NULL;
	const json_t *error, *delta;
	struct slice text;

	s->is_done = slice_equal(data, S("[DONE]"));
	if (s->is_done)
		return OK;
	TRY(json_read(&object, data, SSE_MAX_LINE));
	error = json_object_get(object, "error");
	if (error && !json_is_null(error)) {
		text = S("no reason given");
		if (json_is_object(error))
			TRY(json_get_text_or(&text, error, "message", text));
		return failure(ERR_CLOSED, "the model stopped: %.*s", SLICE_PRINT(text));
	}
	TRY(take_usage(s, object));
	delta = json_object_get(json_array_get(json_object_get(object, "choices"), 0), "delta");
	if (!json_is_object(delta))
		return OK;
	TRY(json_get_text_or(&text, delta, "content", S("")));
	return text.size ? s->text(s->context, text) : OK;
}

/* All but "data: ..." (comments, event names, empty lines) says nothing to us. */
static enum err take_line(struct sse *s)
{
	struct slice line = buf_slice(&s->line);

	if (!slice_starts_with(line, S("data:")))
		return OK;
	return take_data(s, slice_trim(slice_part(line, 5, line.size)));
}

enum err sse_push(struct sse *s, struct slice bytes)
{
	bool more = true;

	while (more && !s->is_done) {
		struct slice piece, rest;

		more = slice_cut(bytes, '\n', &piece, &rest);
		buf_write(&s->line, piece);
		TRY(buf_done(&s->line));
		if (!more)
			break;
		TRY(take_line(s));
		buf_reset(&s->line);
		bytes = rest;
	}
	return OK;
}
