/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/engine/texts.h"

#include "crypto/base/reader.h"
#include "gateway/engine/sequences.h"
#include "schema/wire/engine.h"

enum { NAMES_MAX = WIRE_MAX_BODY - 64 - 8 * WIRE_MAX_PIECES /* bytes of names in one frame */ };

uint64_t texts_pass(const struct frame *frame)
{
	struct reader r = reader_of(frame->body);
	uint64_t pass = read_u64(&r);

	return r.failed ? 0 : pass;
}

/* As many tokens from `first` on as one frame holds. */
static void list_tokens(const struct engine *engine, struct wire_engine_tokens *out,
			const struct token_list *tokens, const struct wire_engine_tokenize *ask)
{
	size_t names = 0;

	out->total = (uint32_t)tokens->count;
	for (size_t i = ask->first; i < tokens->count && out->count < WIRE_MAX_PIECES; i++) {
		struct slice name = ask->wants_pieces ? engine_token_name(engine, tokens->ids[i])
						      : S("");

		name = slice_part(name, 0, name.size < WIRE_MAX_PIECE ? name.size : WIRE_MAX_PIECE);
		if (names + name.size > NAMES_MAX)
			return;
		names += name.size;
		out->tokens[out->count++] = (struct wire_piece){tokens->ids[i], name};
	}
}

static enum err tokenize(const struct engine *engine, struct buf *out, struct slice body)
{
	AUTO(token_list_free) struct token_list tokens = {0};
	struct wire_engine_tokenize ask;
	struct wire_engine_tokens answer = {0};
	struct engine_facts facts;

	TRY(wire_read_engine_tokenize(&ask, body));
	TRY(engine_tokenize(engine, &tokens, sequences_prompt(ask.kind), ask.prompt, ask.is_bare));
	engine_facts(engine, &facts);
	answer.context = (uint32_t)facts.context;
	list_tokens(engine, &answer, &tokens, &ask);
	wire_write_engine_tokens(out, &answer);
	return buf_done(out);
}

static enum err detokenize(const struct engine *engine, struct buf *out, struct slice body)
{
	AUTO(token_list_free) struct token_list tokens = {0};
	AUTO(buf_free) struct buf text = buf_new(WIRE_MAX_PROMPT);
	struct wire_engine_detokenize ask;

	TRY(wire_read_engine_detokenize(&ask, body));
	TRY(engine_tokenize(engine, &tokens, ENGINE_PROMPT_TOKENS, ask.tokens, true));
	TRY(engine_detokenize(engine, &text, tokens.ids, tokens.count));
	if (text.overflow)
		return failure(ERR_LIMIT, "tokens: they stand for more than %d bytes of text",
			       WIRE_MAX_PROMPT);
	wire_write_engine_text(out, &(struct wire_engine_text){buf_slice(&text)});
	return buf_done(out);
}

enum err texts_answer(const struct engine *engine, const struct channel *from,
		      const struct frame *frame)
{
	AUTO(buf_free) struct buf out = buf_new(WIRE_MAX_BODY);
	bool is_text = frame->type == WIRE_ENGINE_TOKENIZE;

	TRY(is_text ? tokenize(engine, &out, frame->body) : detokenize(engine, &out, frame->body));
	return channel_send(from, is_text ? WIRE_ENGINE_TOKENS : WIRE_ENGINE_TEXT, frame->call,
			    buf_slice(&out), -1);
}
