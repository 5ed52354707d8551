/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/openai/texts.h"

#include "crypto/json.h"
#include "gateway/api/infer/able.h"
#include "gateway/api/infer/call_body.h"
#include "gateway/api/openai/conversation.h"
#include "gateway/api/openai/generation_reading.h"
#include "gateway/api/reply.h"
#include "gateway/api/routes.h"

/* What one of the two routes was asked for. Lives in the exchange's arena. */
struct wish {
	struct generation_prompt prompt;
	struct slice tokens; /* /detokenize */
	bool is_bare, wants_names;
	struct wire_engine_tokens frame;
};

static const char *const tokenize_members[] = {"model", "prompt", "add_special_tokens",
					       "return_token_strs", NULL};
static const char *const tokenize_chat_members[] = {"model",
						    "messages",
						    "tools",
						    "documents",
						    "tool_choice",
						    "chat_template_kwargs",
						    "add_generation_prompt",
						    "return_token_strs",
						    NULL};
static const char *const detokenize_members[] = {"model", "tokens", NULL};

static enum err ask_engine(struct call *c, enum wire_type type, struct slice body,
			   struct rpc_reply *reply)
{
	AUTO(rpc_stream_auto) struct rpc_stream *stream = NULL;

	TRY(call_open(c, &stream, type, body));
	return call_next(c, stream, reply);
}

/* The tokens from `first` on that fit into a frame; borrowed from *reply. */
static enum err ask_tokens(struct call *c, struct wire_engine_tokens *out, struct rpc_reply *reply,
			   struct wire_engine_tokenize *ask)
{
	AUTO(buf_free) struct buf body = buf_new(WIRE_MAX_BODY);

	rpc_reply_clear(reply);
	TRY(call_pass(c, &ask->pass));
	wire_write_engine_tokenize(&body, ask);
	TRY(buf_done(&body));
	TRY(ask_engine(c, WIRE_ENGINE_TOKENIZE, buf_slice(&body), reply));
	return wire_read_engine_tokens(out, buf_slice(&reply->body));
}

enum err texts_check_length(struct call *c, const struct generation_prompt *prompt, bool is_bare,
			    uint32_t max_tokens)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	struct wire_engine_tokens *tokens = arena_alloc(exchange_arena(c->x), sizeof *tokens);
	struct wire_engine_tokenize ask = {.kind = prompt->kind,
					   .is_bare = is_bare,
					   .first = UINT32_MAX, /* the counts alone */
					   .prompt = prompt->text};

	TRY(ask_tokens(c, tokens, &reply, &ask));
	if ((uint64_t)tokens->total + max_tokens <= tokens->context)
		return OK;
	return failure(ERR_LIMIT,
		       "This model's maximum context length is %u tokens. However, you requested "
		       "%llu tokens (%u in the prompt, %u in the completion). Please reduce the "
		       "length of the prompt or of the completion.",
		       tokens->context, (unsigned long long)tokens->total + max_tokens,
		       tokens->total, max_tokens);
}

/* A call that reads no token into the model, and writes none. */
static void count_nothing(struct call *c)
{
	c->is_begun = true;
	c->is_counted = true;
	c->finish = "stop";
}

static void list_tokens(json_t *ids, json_t *names, const struct wire_engine_tokens *frame)
{
	for (size_t i = 0; i < frame->count; i++) {
		struct slice name = frame->tokens[i].name;

		json_push(ids, json_integer(frame->tokens[i].token));
		if (names)
			json_push_text(names, slice_is_utf8(name) ? name : S("\xef\xbf\xbd"));
	}
}

static enum err collect_tokens(struct call *c, json_t *ids, json_t *names)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	struct wish *wish = c->ask;
	struct wire_engine_tokenize ask = {.kind = wish->prompt.kind,
					   .is_bare = wish->is_bare,
					   .wants_pieces = wish->wants_names,
					   .prompt = wish->prompt.text};

	do {
		TRY(ask_tokens(c, &wish->frame, &reply, &ask));
		list_tokens(ids, names, &wish->frame);
		ask.first += wish->frame.count;
	} while (wish->frame.count > 0 && ask.first < wish->frame.total);
	return OK;
}

static enum err tokenize(struct call *c)
{
	AUTO(json_auto) json_t *ids = json_array_new();
	struct wish *wish = c->ask;
	AUTO(json_auto) json_t *names = wish->wants_names ? json_array_new() : json_null();
	json_t *body;

	count_nothing(c);
	TRY(collect_tokens(c, ids, wish->wants_names ? names : NULL));
	body = json_object_new();
	json_put_int(body, "count", wish->frame.total);
	json_put_int(body, "max_model_len", wish->frame.context);
	json_put(body, "tokens", json_incref(ids));
	json_put(body, "token_strs", json_incref(names));
	reply_json(c->x, 200, body);
	return OK;
}

static enum err detokenize(struct call *c)
{
	AUTO(rpc_reply_clear) struct rpc_reply reply = {0};
	AUTO(buf_free) struct buf out = buf_new(WIRE_MAX_BODY);
	const struct wish *wish = c->ask;
	struct wire_engine_detokenize ask = {.tokens = wish->tokens};
	struct wire_engine_text text;
	json_t *body;

	count_nothing(c);
	TRY(call_pass(c, &ask.pass));
	wire_write_engine_detokenize(&out, &ask);
	TRY(buf_done(&out));
	TRY(ask_engine(c, WIRE_ENGINE_DETOKENIZE, buf_slice(&out), &reply));
	TRY(wire_read_engine_text(&text, buf_slice(&reply.body)));
	body = json_object_new();
	json_put_text(body, "prompt", text.text);
	reply_json(c->x, 200, body);
	return OK;
}

/* By either right; the first is what is missing where there is neither. */
enum { BY_RIGHTS = 2 };
static const struct call_kind tokenize_kinds[BY_RIGHTS] = {
	{.right = RIGHT_INFER_GENERATE, .route = "tokenize", .work = tokenize},
	{.right = RIGHT_INFER_EMBED, .route = "tokenize", .work = tokenize},
};
static const struct call_kind detokenize_kinds[BY_RIGHTS] = {
	{.right = RIGHT_INFER_GENERATE, .route = "detokenize", .work = detokenize},
	{.right = RIGHT_INFER_EMBED, .route = "detokenize", .work = detokenize},
};

static bool may(const struct call *c, enum right right)
{
	struct grant grant;

	return authorize_weigh(&grant, c->x, c->context, right, c->model, S(""), S("")) == OK &&
	       grant.decision.allow && able_to(grant.access.revision.tasks, right);
}

/* Who may have vectors of a text may know its tokens. The kind only says which right is asked for:
 * call_run decides. */
static const struct call_kind *choose(const struct call *c, const struct call_kind *kinds)
{
	bool is_second = !may(c, kinds[0].right) && may(c, kinds[1].right);

	return &kinds[is_second];
}

static enum err check_members(struct reading *r, const char *const *members)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)r->body, name, value)
	{
		size_t i = 0;

		while (members[i] && strcmp(members[i], name) != 0)
			i++;
		if (!members[i])
			return reading_refuse(
				r, ERR_FORMAT, arena_string(r->arena, slice_of_string(name)),
				arena_printf(r->arena, "Unknown parameter: '%.64s'.", name));
	}
	return OK;
}

static enum err read_tokenize_chat(struct reading *r, struct wish *out)
{
	TRY(check_members(r, tokenize_chat_members));
	TRY(reading_flag(r, "return_token_strs", &out->wants_names));
	out->prompt.kind = WIRE_PROMPT_CHAT;
	return conversation_read(&out->prompt.text, r->flaw, r->arena, r->body);
}

static enum err read_tokenize(struct reading *r, struct wish *out)
{
	const json_t *prompt = reading_member(r, "prompt");
	bool adds_special = true;

	if (!prompt && reading_member(r, "messages"))
		return read_tokenize_chat(r, out);
	TRY(check_members(r, tokenize_members));
	TRY(reading_flag(r, "add_special_tokens", &adds_special));
	TRY(reading_flag(r, "return_token_strs", &out->wants_names));
	out->is_bare = !adds_special;
	if (!json_is_string(prompt))
		return reading_refuse(r, ERR_FORMAT, "prompt", "'prompt' must be a string");
	if (json_string_length(prompt) > GENERATION_MAX_PROMPT)
		return reading_refuse(r, ERR_LIMIT, "prompt", "the prompt is larger than 96 KiB");
	out->prompt = (struct generation_prompt){WIRE_PROMPT_TEXT, reading_text(prompt)};
	return OK;
}

static enum err read_detokenize(struct reading *r, struct wish *out)
{
	const json_t *tokens = reading_member(r, "tokens");

	TRY(check_members(r, detokenize_members));
	if (!json_is_array(tokens))
		return reading_refuse(r, ERR_FORMAT, "tokens",
				      "'tokens' must be an array of token ids");
	return reading_tokens(r, "tokens", tokens, &out->tokens);
}

static void answer(struct exchange *x, struct route_context *context, const struct call_kind *kinds,
		   enum err (*read)(struct reading *r, struct wish *out))
{
	AUTO(json_auto) json_t *body = api_body(x);
	struct call *c = arena_alloc(exchange_arena(x), sizeof *c);
	struct wish *wish = arena_alloc(exchange_arena(x), sizeof *wish);
	struct generation_flaw flaw = {0};
	struct reading r = {NULL, &flaw, exchange_arena(x), body};
	enum err result;

	if (!body)
		return;
	*c = (struct call){.x = x, .context = context, .kind = kinds, .ask = wish};
	result = reading_model(&r, &c->model);
	if (result == OK)
		result = read(&r, wish);
	if (result != OK) {
		call_reply_flaw(x, result, &flaw);
		return;
	}
	c->kind = choose(c, kinds);
	call_run(c);
}

void texts_tokenize(struct exchange *x, struct route_context *context)
{
	answer(x, context, tokenize_kinds, read_tokenize);
}

void texts_detokenize(struct exchange *x, struct route_context *context)
{
	answer(x, context, detokenize_kinds, read_detokenize);
}
