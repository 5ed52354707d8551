/* SPDX-License-Identifier: Apache-2.0 */
/* What a prompt says, as token ids, and ids as text. */
#include "crypto/base/reader.h"
#include "inference/engine_parts.h"

static enum err check_ids(const struct engine *e, const uint32_t *ids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (ids[i] >= e->config.vocabulary)
			return failure(ERR_FORMAT, "prompt: token %u is not one of the model's %u",
				       ids[i], e->config.vocabulary);
	return OK;
}

static enum err read_ids(const struct engine *e, struct token_list *out, struct slice prompt)
{
	struct reader r = reader_of(prompt);

	if (prompt.size % sizeof(uint32_t) != 0)
		return failure(ERR_FORMAT, "prompt: ids of four bytes, and a rest");
	while (r.rest.size > 0)
		token_list_push(out, read_u32(&r));
	return check_ids(e, out->ids, out->count);
}

static enum err encode_chat(const struct engine *e, struct token_list *out, struct slice prompt)
{
	AUTO(chat_prompt_free) struct chat_prompt whole = {0};
	enum err result = chat_encode(e->chat, e->tokenizer, &whole, prompt);

	*out = whole.tokens;
	whole.tokens = (struct token_list){0}; /* given away */
	return result;
}

enum err engine_tokenize(const struct engine *e, struct token_list *out, enum engine_prompt kind,
			 struct slice prompt, bool is_bare)
{
	switch (kind) {
	case ENGINE_PROMPT_TEXT:
		return is_bare ? tokenizer_encode_plain_bare(e->tokenizer, out, prompt)
			       : tokenizer_encode_plain(e->tokenizer, out, prompt);
	case ENGINE_PROMPT_TOKENS:
		return read_ids(e, out, prompt);
	case ENGINE_PROMPT_CHAT:
		return encode_chat(e, out, prompt);
	}
	return failure(ERR_INTERNAL, "prompt: of no kind");
}

struct slice engine_token_name(const struct engine *e, uint32_t token)
{
	return tokenizer_token(e->tokenizer, token);
}

enum err engine_detokenize(const struct engine *e, struct buf *out, const uint32_t *ids,
			   size_t count)
{
	TRY(check_ids(e, ids, count));
	return tokenizer_decode_all(e->tokenizer, out, ids, count);
}

enum err engine_count_tokens(const struct engine *e, size_t *out, struct slice prompt)
{
	AUTO(token_list_free) struct token_list list = {0};

	TRY(engine_tokenize(e, &list, ENGINE_PROMPT_TEXT, prompt, false));
	*out = list.count;
	return OK;
}
