/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template.h - chat templates as models ship them: the part of Jinja that they use, rendered the
 * way transformers renders it (trim_blocks, lstrip_blocks, tojson, raise_exception,
 * strftime_now). A template is foreign input: text, depth, steps, memory and output have
 * ceilings, and there is nothing in the language that reaches a file, a clock or a network.
 */
#ifndef INFERENCE_TEMPLATE_TEMPLATE_H
#define INFERENCE_TEMPLATE_TEMPLATE_H

#include <jansson.h>

#include "crypto/base/buf.h"

enum {
	TEMPLATE_MAX_BYTES = 1 << 18,  /* of one template */
	TEMPLATE_MAX_NESTING = 100,    /* of brackets and blocks in its text */
	TEMPLATE_MAX_DEPTH = 400,      /* of evaluation, calls of macros included */
	TEMPLATE_MAX_STEPS = 4000000,  /* nodes evaluated, and one for each 64 bytes moved */
	TEMPLATE_MAX_MEMORY = 32 << 20 /* bytes of values that one rendering makes */
};

struct template;

/* Rendered text. `own` has one byte for each of its bytes: 1 where it is the template's (its text,
 * its string constants, what `own` of the context gives), 0 where it came from the conversation.
 * What is put together from both keeps the difference; in doubt a byte is the conversation's. */
struct template_text {
	struct buf text, own;
};
struct template_text template_text_new(size_t limit);
void template_text_free(struct template_text *t); /* fit for AUTO */

/* What a template's variables are. A message's role, if it is one that every template knows
 * (system, developer, user, assistant, tool), is the template's: they write "<|" ~ role ~ "|>". */
struct template_context {
	const json_t *client; /* an object, of strangers: messages, tools, now_seconds */
	const json_t *own;    /* NULL, or an object of strings and lists of them: bos_token */
};

/* Reads a template; the text is copied. ERR_FORMAT with line and column; ERR_UNSUPPORTED naming
 * the statement, filter or test that is not understood; ERR_LIMIT. The caller owns *out. */
RESULT template_parse(struct template **out, struct slice text);
void template_free(struct template *t); /* NULL is fine */

/*
 * Appends the rendered text to `out`, whose own limit is the ceiling of the output. `now_seconds`
 * of the context (UTC, since 1970) is what strftime_now tells. ERR_FORMAT where the template
 * refuses (raise_exception, with its text) or does what cannot be done, with line and column;
 * ERR_UNSUPPORTED; ERR_LIMIT. After a failure what was appended is of no use. A text that the
 * template raises may quote the conversation: it is for who sent that, not for the log. One
 * template may be rendered by several threads at once.
 */
RESULT template_render(struct template_text *out, const struct template *t,
		       const struct template_context *context);

static inline void template_auto(struct template **t)
{
	template_free(*t);
}

#endif
