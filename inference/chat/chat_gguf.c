/* SPDX-License-Identifier: Apache-2.0 */
/* chat_gguf.c - the chat template and the special tokens that a GGUF file carries. */
#include "inference/chat/chat_parts.h"
#include "inference/format/gguf.h"
#include "inference/format/weights.h"

static void take_text(struct buf *out, const struct gguf *g, const char *key)
{
	struct slice text;

	if (out->size == 0 && gguf_get_text(g, key, &text) == OK)
		buf_write(out, text);
}

static void take_token(json_t *own, const char *name, const struct gguf *g, const char *key)
{
	struct gguf_array tokens;
	struct slice text = S("");
	uint32_t id;

	if (json_object_get(own, name) || gguf_get_u32(g, key, &id) != OK ||
	    gguf_get_texts(g, "tokenizer.ggml.tokens", &tokens) != OK || id >= tokens.count)
		return;
	for (uint64_t i = 0; i <= id && gguf_next_text(&tokens, &text); i++)
		;
	if (slice_is_utf8(text))
		json_object_set_new(own, name, json_stringn((const char *)text.data, text.size));
}

enum err chat_find_in_gguf(struct chat_found *out, json_t *own, struct model_files *files)
{
	AUTO(gguf_auto) struct gguf *g = NULL;
	bool is_gguf;

	TRY(weights_are_gguf(&is_gguf, files));
	if (!is_gguf)
		return OK;
	TRY(gguf_find(&g, NULL, files));
	take_text(&out->usual, g, "tokenizer.chat_template");
	take_text(&out->with_tools, g, "tokenizer.chat_template.tool_use");
	take_token(own, "bos_token", g, "tokenizer.ggml.bos_token_id");
	take_token(own, "eos_token", g, "tokenizer.ggml.eos_token_id");
	take_token(own, "unk_token", g, "tokenizer.ggml.unknown_token_id");
	take_token(own, "pad_token", g, "tokenizer.ggml.padding_token_id");
	return OK;
}
