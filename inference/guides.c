/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/guides.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A grammar, and who uses it. */
struct shared {
	struct grammar *grammar;
	enum grammar_kind kind;
	struct slice text; /* owned */
	size_t users;
	struct shared *next; /* more recently used ones stand in front */
};

struct guides {
	struct grammar_tokens tokens;
	struct grammar_vocabulary *vocabulary; /* NULL until the first grammar */
	struct shared *list;
};

struct guide {
	struct guides *guides;
	struct shared *shared;
	struct grammar_run *run;
	const bool *is_first;
};

struct guides *guides_new(const struct grammar_tokens *tokens)
{
	struct guides *g = calloc(1, sizeof *g);

	assert(g);
	g->tokens = *tokens;
	return g;
}

static void shared_free(struct shared *s)
{
	grammar_free(s->grammar);
	free((void *)(uintptr_t)s->text.data);
	free(s);
}

void guides_free(struct guides *g)
{
	if (!g)
		return;
	while (g->list) {
		struct shared *s = g->list;

		assert(s->users == 0);
		g->list = s->next;
		shared_free(s);
	}
	grammar_vocabulary_free(g->vocabulary);
	free(g);
}

/* Out of the list, if it is there. */
static struct shared *unlink_same(struct guides *g, const struct guide_request *r)
{
	for (struct shared **link = &g->list; *link; link = &(*link)->next) {
		struct shared *s = *link;

		if (s->kind == r->kind && slice_equal(s->text, r->text)) {
			*link = s->next;
			return s;
		}
	}
	return NULL;
}

static enum err make_shared(struct shared **out, struct guides *g, const struct guide_request *r)
{
	struct grammar *grammar;
	uint8_t *copy;

	if (!g->vocabulary)
		TRY(grammar_vocabulary_new(&g->vocabulary, &g->tokens));
	TRY(grammar_new(&grammar, r->kind, r->text, g->vocabulary));
	*out = calloc(1, sizeof **out);
	copy = malloc(r->text.size + 1);
	assert(*out && copy);
	if (r->text.size > 0)
		memcpy(copy, r->text.data, r->text.size);
	**out = (struct shared){
		.grammar = grammar, .kind = r->kind, .text = slice_of(copy, r->text.size)};
	return OK;
}

/* Those that nobody uses, from the most recently used on, as long as there is room. */
static void drop_idle(struct guides *g)
{
	size_t count = 0, bytes = 0;

	for (struct shared **link = &g->list; *link;) {
		struct shared *s = *link;

		if (s->users == 0) {
			count++;
			bytes += grammar_memory_bytes(s->grammar);
		}
		if (s->users > 0 || (count <= GUIDES_MAX_IDLE && bytes <= GUIDES_MAX_IDLE_BYTES)) {
			link = &s->next;
			continue;
		}
		*link = s->next;
		shared_free(s);
	}
}

static bool admits_something(const struct guide *g, bool is_first)
{
	const uint64_t *mask = grammar_run_mask(g->run, is_first);
	size_t words = grammar_vocabulary_words(g->guides->vocabulary);

	for (size_t i = 0; i < words; i++)
		if (mask[i] != 0)
			return true;
	return false;
}

enum err guide_new(struct guide **out, struct guides *g, const struct guide_request *request,
		   bool is_first)
{
	struct shared *shared;
	struct guide *guide;

	*out = NULL;
	if (request->kind == GRAMMAR_NONE)
		return OK;
	shared = unlink_same(g, request);
	if (!shared)
		TRY(make_shared(&shared, g, request));
	shared->next = g->list;
	g->list = shared;
	shared->users++;
	guide = calloc(1, sizeof *guide);
	assert(guide);
	*guide = (struct guide){
		.guides = g, .shared = shared, .run = grammar_run_new(shared->grammar)};
	if (admits_something(guide, is_first)) {
		*out = guide;
		return OK;
	}
	guide_free(guide);
	return failure(ERR_UNSUPPORTED,
		       "schema: no token of this model could begin such an answer");
}

void guide_free(struct guide *g)
{
	if (!g)
		return;
	grammar_run_free(g->run);
	g->shared->users--;
	drop_idle(g->guides);
	free(g);
}

static const uint64_t *mask_of(void *context)
{
	const struct guide *g = context;

	return grammar_run_mask(g->run, *g->is_first);
}

struct sampler_guide guide_sampler(struct guide *g, const bool *is_first)
{
	if (!g)
		return (struct sampler_guide){NULL, NULL};
	g->is_first = is_first;
	return (struct sampler_guide){mask_of, g};
}

bool guide_take(struct guide *g, struct slice bytes)
{
	return bytes.size > 0 && grammar_run_take(g->run, bytes);
}

bool guide_is_over(const struct guide *g)
{
	return grammar_run_is_over(g->run);
}
