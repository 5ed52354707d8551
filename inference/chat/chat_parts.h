/* SPDX-License-Identifier: Apache-2.0 */
/* chat_parts.h - the inside of a chat, for the files of chat.h only. */
#ifndef INFERENCE_CHAT_CHAT_PARTS_H
#define INFERENCE_CHAT_CHAT_PARTS_H

#include "inference/chat/chat.h"
#include "inference/template/template.h"

struct chat {
	struct template *usual;              /* NULL: the model has none */
	struct template *with_tools;         /* another one, if tools are offered; or NULL */
	json_t *own;                         /* special tokens by name: "bos_token" */
	char *refusal;                       /* why the template cannot be used, or NULL */
	char *tools_refusal;                 /* why tools cannot be offered, or NULL */
	const struct toolcall_format *calls; /* as the template writes them; else tools_refusal */
};

/* The texts of a model's templates, as found. */
struct chat_found {
	struct buf usual, with_tools; /* empty: there is none */
};

/* What a GGUF file has and nothing else said; nothing if the weights are no GGUF file. */
RESULT chat_find_in_gguf(struct chat_found *out, json_t *own, struct model_files *files);

RESULT chat_render(const struct chat *c, struct template_text *out, const json_t *conversation,
		   bool with_tools);

/* A call has to come: the marker behind the text, and the grammar. */
bool chat_is_forced(const json_t *conversation);
RESULT chat_force(const struct chat *c, struct chat_prompt *out, struct template_text *text,
		  const json_t *conversation);

/* Finds out by rendering whether and how the template writes tools: fills `calls` or
 * `tools_refusal`. */
void chat_probe_tools(struct chat *c);

#endif
