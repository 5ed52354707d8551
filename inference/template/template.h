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

/* Reads a template; the text is copied. ERR_FORMAT with line and column; ERR_UNSUPPORTED naming
 * the statement, filter or test that is not understood; ERR_LIMIT. The caller owns *out. */
RESULT template_parse(struct template **out, struct slice text);
void template_free(struct template *t); /* NULL is fine */

/*
 * Appends the rendered text to `out`, whose own limit is the ceiling of the output. The keys of
 * `context` (an object) are the template's variables; `now_seconds` among them (UTC, since 1970)
 * is what strftime_now tells. ERR_FORMAT where the template refuses (raise_exception, with its
 * text) or does what cannot be done, with line and column; ERR_UNSUPPORTED; ERR_LIMIT. After a
 * failure what was appended is of no use. A text that the template raises may quote the
 * conversation: it is for who sent that, not for the log. One template may be rendered by
 * several threads at once.
 */
RESULT template_render(struct buf *out, const struct template *t, const json_t *context);

static inline void template_auto(struct template **t)
{
	template_free(*t);
}

#endif
