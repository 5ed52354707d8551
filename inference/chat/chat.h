/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chat.h - how a model writes conversations: its chat template and special tokens, as its files
 * say. A conversation (JSON, as the gateway checked it) becomes token ids; special tokens come
 * from the template's text only, never from what strangers wrote.
 *
 * The conversation: {"messages":[...]} with, if wanted, "tools", "documents",
 * "chat_template_kwargs" (an object: further variables), "add_generation_prompt" (true),
 * "now_seconds", "tool_choice"
 * ("auto", "none", "required", {"function":{"name":...}}), "parallel_tool_calls" (true).
 */
#ifndef INFERENCE_CHAT_CHAT_H
#define INFERENCE_CHAT_CHAT_H

#include "inference/chat/toolcall.h"
#include "inference/format/source.h"
#include "inference/tokenizer/tokenizer.h"

enum { CHAT_MAX_CONVERSATION = 1 << 20, CHAT_MAX_RENDERED = 1 << 20 /* bytes */ };

struct chat;

/* A template that cannot be read is no failure: chat_encode says why then. The caller owns *out. */
RESULT chat_open(struct chat **out, struct model_files *files);
void chat_free(struct chat *c); /* NULL is fine */
AUTO_POINTER(chat)

/* Why chats are refused, or NULL: for the log, when a model is opened. */
const char *chat_refusal(const struct chat *c);
bool chat_has_template(const struct chat *c);

/* The form in which this model writes calls of tools; NULL, and *why, if there is none. */
const struct toolcall_format *chat_calls(const struct chat *c, const char **why);

struct chat_prompt {
	struct token_list tokens;
	/* The eos_token that the template is given: some models name it nowhere else. */
	bool has_end;
	uint32_t end;
	const struct toolcall_format *calls; /* NULL: no tools are offered */
	json_t *tools;                       /* as offered, or NULL */
	bool is_one_call;                    /* at most one call is wanted */
	bool is_open;       /* one has to come: its marker stands at the end of the tokens */
	struct buf grammar; /* and the text of a GRAMMAR_CALLS for what follows it; else empty */
};
void chat_prompt_free(struct chat_prompt *p); /* fit for AUTO */

/* ERR_FORMAT: the template refuses the conversation (its text may quote it), or it is no
 * conversation; ERR_UNSUPPORTED: the template cannot be used, or knows nothing of tools. */
RESULT chat_encode(const struct chat *c, const struct tokenizer *t, struct chat_prompt *out,
		   struct slice conversation);

#endif
