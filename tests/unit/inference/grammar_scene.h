/* SPDX-License-Identifier: Apache-2.0 */
/* grammar_scene.h - does a grammar take a text, and what may come next: for tests of grammars. */
#ifndef TESTS_UNIT_INFERENCE_GRAMMAR_SCENE_H
#define TESTS_UNIT_INFERENCE_GRAMMAR_SCENE_H

#include <stdlib.h>

#include "inference/grammar/vocabulary.h"
#include "tests/unit/test.h"

/* The whole text, and nothing is missing behind it. */
static inline bool takes(struct grammar *g, struct slice text)
{
	AUTO(grammar_run_auto) struct grammar_run *r = grammar_run_new(g);

	for (size_t i = 0; i < text.size; i++)
		if (!grammar_run_take(r, slice_part(text, i, 1)))
			return false;
	return grammar_run_may_end(r);
}

static inline bool kind_takes(enum grammar_kind kind, const char *source, const char *text)
{
	AUTO(grammar_auto) struct grammar *g = NULL;

	assert_ok(grammar_new(&g, kind, slice_of_string(source), NULL));
	return takes(g, slice_of_string(text));
}

/* Tokens given as texts; an empty one must never come. With `drops_space` the space that a text
 * begins with goes from its first token. */
struct words {
	const char *const *list;
	size_t count;
	bool drops_space;
};

static inline void words_write(void *context, uint32_t id, bool is_first, struct buf *out)
{
	const struct words *w = context;
	const char *text = w->list[id];

	if (is_first && w->drops_space && text[0] == ' ')
		text++;
	buf_write_string(out, text);
}

static inline struct grammar_vocabulary *words_vocabulary(struct words *w, const uint32_t *ends,
							  size_t end_count)
{
	struct grammar_vocabulary *v = NULL;
	const struct grammar_tokens tokens = {.context = w,
					      .count = w->count,
					      .write = words_write,
					      .ends = ends,
					      .end_count = end_count};

	assert_ok(grammar_vocabulary_new(&v, &tokens));
	return v;
}

static inline bool may_come(struct grammar_run *r, bool is_first, uint32_t token)
{
	return grammar_run_mask(r, is_first)[token / 64] >> token % 64 & 1;
}

#endif
