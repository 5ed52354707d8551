/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/grammar/grammar.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "inference/grammar/mask.h"
#include "inference/grammar/source.h"

enum {
	MASKS_BYTES = 2 << 20, /* of those that are kept */
	MASKS_LEAST = 4,
	MASKS_MOST = 1024,
	MAX_RUNS = 1024,
	NO_SLOT = UINT16_MAX,
};

/* A mask that was made for a state, as a first token or not. */
struct slot {
	uint32_t state;
	bool is_first;
	bool is_used;
};

struct grammar {
	struct automaton automaton;
	struct states *states;
	const struct grammar_vocabulary *vocabulary; /* or NULL */
	uint32_t start;
	struct grammar_run *runs;
	size_t run_count;
	uint64_t *masks; /* the slots', one behind the other; the last is nobody's */
	struct slot *slots;
	uint16_t *slot_of[2]; /* by is_first, then by state */
	size_t words, slot_count, next_slot;
};

struct grammar_run {
	struct grammar *grammar;
	uint32_t state;
	struct grammar_run *next, **link;
};

static void forget_masks(struct grammar *g)
{
	memset(g->slots, 0, g->slot_count * sizeof *g->slots);
	for (int first = 0; first < 2; first++)
		memset(g->slot_of[first], 0xff, STATES_MAX * sizeof *g->slot_of[first]);
}

static void make_slots(struct grammar *g, const struct grammar_vocabulary *v)
{
	size_t size;

	g->vocabulary = v;
	g->words = grammar_vocabulary_words(v);
	size = (g->words + 1) * sizeof *g->masks;
	g->slot_count = MASKS_BYTES / size;
	if (g->slot_count < MASKS_LEAST)
		g->slot_count = MASKS_LEAST;
	if (g->slot_count > MASKS_MOST)
		g->slot_count = MASKS_MOST;
	g->masks = calloc(g->slot_count + 1, g->words * sizeof *g->masks);
	g->slots = calloc(g->slot_count, sizeof *g->slots);
	assert(g->masks && g->slots);
	for (int first = 0; first < 2; first++) {
		g->slot_of[first] = calloc(STATES_MAX, sizeof *g->slot_of[first]);
		assert(g->slot_of[first]);
	}
	forget_masks(g);
}

enum err grammar_check(enum grammar_kind kind, struct slice text)
{
	AUTO(automaton_clear) struct automaton a;

	automaton_init(&a);
	return source_compile(&a, kind, text);
}

enum err grammar_new(struct grammar **out, enum grammar_kind kind, struct slice text,
		     const struct grammar_vocabulary *vocabulary)
{
	AUTO(grammar_auto) struct grammar *g = calloc(1, sizeof *g);

	assert(g);
	automaton_init(&g->automaton);
	TRY(source_compile(&g->automaton, kind, text));
	g->states = states_new(&g->automaton);
	g->start = states_start(g->states);
	if (g->start == STATE_DEAD)
		return failure(ERR_LIMIT, "the grammar begins in too many ways at once");
	if (vocabulary)
		make_slots(g, vocabulary);
	*out = g;
	g = NULL; /* given away */
	return OK;
}

void grammar_free(struct grammar *g)
{
	if (!g)
		return;
	assert(!g->runs);
	states_free(g->states);
	automaton_clear(&g->automaton);
	free(g->masks);
	free(g->slots);
	free(g->slot_of[0]);
	free(g->slot_of[1]);
	free(g);
}

size_t grammar_memory_bytes(const struct grammar *g)
{
	return sizeof *g + automaton_bytes(&g->automaton) + states_bytes(g->states) +
	       (g->slot_count + 1) * g->words * sizeof *g->masks;
}

struct grammar_run *grammar_run_new(struct grammar *g)
{
	struct grammar_run *r = calloc(1, sizeof *r);

	assert(r && g->run_count < MAX_RUNS); /* a batch has fewer sequences */
	g->run_count++;
	*r = (struct grammar_run){
		.grammar = g, .state = g->start, .next = g->runs, .link = &g->runs};
	if (g->runs)
		g->runs->link = &r->next;
	g->runs = r;
	return r;
}

void grammar_run_free(struct grammar_run *r)
{
	if (!r)
		return;
	r->grammar->run_count--;
	*r->link = r->next;
	if (r->next)
		r->next->link = r->link;
	free(r);
}

/* When the states are many, all go but those in which a run is, or begins. */
static void make_room(struct grammar *g)
{
	uint32_t *kept[MAX_RUNS + 1];
	size_t count = 0;

	states_rest(g->states);
	kept[count++] = &g->start;
	for (struct grammar_run *r = g->runs; r; r = r->next)
		kept[count++] = &r->state;
	if (states_clean(g->states, kept, count) && g->vocabulary)
		forget_masks(g);
}

static uint64_t *take_slot(struct grammar *g, uint32_t state, bool is_first)
{
	size_t i = g->next_slot++ % g->slot_count;
	struct slot *slot = &g->slots[i];

	if (slot->is_used)
		g->slot_of[slot->is_first][slot->state] = NO_SLOT;
	*slot = (struct slot){state, is_first, true};
	g->slot_of[is_first][state] = (uint16_t)i;
	return g->masks + i * g->words;
}

const uint64_t *grammar_run_mask(struct grammar_run *r, bool is_first)
{
	struct grammar *g = r->grammar;
	uint64_t *mask = g->masks + g->slot_count * g->words;
	uint16_t slot;

	assert(g->vocabulary);
	slot = g->slot_of[is_first][r->state];
	if (slot != NO_SLOT)
		return g->masks + slot * g->words;
	make_room(g);
	memset(mask, 0, g->words * sizeof *mask);
	mask_fill(mask, g->states, &g->automaton, r->state, g->vocabulary, is_first);
	if (states_are_short(g->states))
		return mask; /* not all that may come: the next time more of it is known */
	return memcpy(take_slot(g, r->state, is_first), mask, g->words * sizeof *mask);
}

bool grammar_run_take(struct grammar_run *r, struct slice bytes)
{
	struct states *s = r->grammar->states;
	uint32_t state;

	make_room(r->grammar);
	state = r->state;
	for (size_t i = 0; i < bytes.size && state != STATE_DEAD; i++)
		state = states_next(s, states_table(s), state, bytes.data[i]);
	if (state == STATE_DEAD)
		return false;
	r->state = state;
	return true;
}

bool grammar_run_may_end(const struct grammar_run *r)
{
	return states_may_end(r->grammar->states, r->state);
}

bool grammar_run_is_over(const struct grammar_run *r)
{
	return grammar_run_may_end(r) && !states_can_go_on(r->grammar->states, r->state);
}
