/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/openai/openai_logprobs.h"

#include "crypto/base/buf.h"
#include "crypto/json.h"

json_t *openai_logprobs_new(bool chat)
{
	static const char *const plain[] = {"tokens", "token_logprobs", "top_logprobs",
					    "text_offset"};
	json_t *logprobs = json_object_new();

	if (chat) {
		json_put(logprobs, "content", json_array_new());
		json_put(logprobs, "refusal", json_null());
	}
	for (size_t i = 0; !chat && i < sizeof plain / sizeof plain[0]; i++)
		json_put(logprobs, plain[i], json_array_new());
	return logprobs;
}

/* Bytes of a token that are no whole character are shown as U+FFFD; `bytes` has them exactly. */
static json_t *text_or_replacement(struct slice bytes)
{
	if (slice_is_utf8(bytes))
		return json_stringn((const char *)bytes.data, bytes.size);
	return json_string("\xef\xbf\xbd");
}

static json_t *bytes_of(struct slice bytes)
{
	json_t *list = json_array_new();

	for (size_t i = 0; i < bytes.size; i++)
		json_push(list, json_integer(bytes.data[i]));
	return list;
}

static json_t *chat_token(struct slice piece, float logprob)
{
	json_t *one = json_object_new();

	json_put(one, "token", text_or_replacement(piece));
	json_put(one, "logprob", json_real((double)logprob));
	json_put(one, "bytes", bytes_of(piece));
	return one;
}

void openai_logprobs_add_chat(json_t *logprobs, const struct wire_engine_delta *delta)
{
	json_t *content = json_object_get(logprobs, "content");

	for (size_t i = 0; i < delta->token_count; i++) {
		const struct wire_token *token = &delta->tokens[i];
		json_t *one = chat_token(token->piece, token->logprob);
		json_t *tops = json_array_new();

		for (size_t k = 0; k < token->top_count; k++)
			json_push(tops, chat_token(token->tops[k].piece, token->tops[k].logprob));
		json_put(one, "top_logprobs", tops);
		json_push(content, one);
	}
}

/* Plain completions have no `bytes`: OpenAI writes such a token as "bytes:\xe2\x80". */
static json_t *text_or_escape(struct slice bytes)
{
	AUTO(buf_free) struct buf text = buf_new(8 + 4 * WIRE_MAX_PIECE);

	if (slice_is_utf8(bytes))
		return json_stringn((const char *)bytes.data, bytes.size);
	buf_write(&text, S("bytes:"));
	for (size_t i = 0; i < bytes.size; i++)
		buf_printf(&text, "\\x%02x", bytes.data[i]);
	return json_stringn((const char *)text.data, text.size);
}

/* Two tokens may read the same: the likelier one comes first, and stays. */
static void put_top(json_t *tops, struct slice piece, float logprob)
{
	json_t *text = text_or_escape(piece);

	if (!json_object_get(tops, json_string_value(text)))
		json_put(tops, json_string_value(text), json_real((double)logprob));
	json_free(text);
}

static json_t *tops_of(const struct wire_token *token)
{
	json_t *tops = json_object_new();

	for (size_t k = 0; k < token->top_count; k++)
		put_top(tops, token->tops[k].piece, token->tops[k].logprob);
	put_top(tops, token->piece, token->logprob); /* the one that stands there is always in */
	return tops;
}

void openai_logprobs_add_plain(json_t *logprobs, const struct wire_engine_delta *delta,
			       size_t *offset)
{
	for (size_t i = 0; i < delta->token_count; i++) {
		const struct wire_token *token = &delta->tokens[i];

		json_push(json_object_get(logprobs, "tokens"), text_or_escape(token->piece));
		json_push(json_object_get(logprobs, "token_logprobs"),
			  token->is_first ? json_null() : json_real((double)token->logprob));
		json_push(json_object_get(logprobs, "top_logprobs"),
			  token->is_first ? json_null() : tops_of(token));
		json_push(json_object_get(logprobs, "text_offset"),
			  json_integer((json_int_t)*offset));
		*offset += token->characters;
	}
}
