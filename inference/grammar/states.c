/* SPDX-License-Identifier: Apache-2.0 */
#include "inference/grammar/states.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "inference/grammar/grammar.h"
#include "inference/grammar/sets.h"

#define NODE_ENDS UINT32_MAX /* instead of a node, in a state: the answer may end here */

enum { ROOT_FRAME = 0, SEEN_SIZE = 4 * STATES_MAX_PLACES };

/* A rule called at this byte, and where to go on afterwards. */
struct pending {
	uint64_t order; /* the rule's rank, then the rule */
	struct item back;
};

struct states {
	const struct automaton *a;
	struct states_table steps;
	struct sets frames, states;
	uint16_t depths[STATES_MAX]; /* of frames */
	uint32_t row_room;           /* states there are rows for */
	uint32_t work;
	bool is_short;
	/* Of the step being made. */
	struct item work_list[STATES_MAX_PLACES];
	uint32_t work_count;
	struct pending calls[STATES_MAX_PLACES]; /* a heap, the first in order on top */
	uint32_t call_count;
	struct item found[STATES_MAX_PLACES + 1];
	uint32_t found_count;
	uint32_t seen[SEEN_SIZE]; /* index in work_list + 1 */
	uint32_t seen_stamp[SEEN_SIZE];
	uint32_t stamp;
};

static void make_row(struct states *s, uint32_t state)
{
	uint32_t classes = s->steps.class_count;

	if (state >= s->row_room) {
		s->row_room = s->row_room ? 2 * s->row_room : 64;
		s->steps.rows = realloc(s->steps.rows,
					(size_t)s->row_room * classes * sizeof *s->steps.rows);
		assert(s->steps.rows);
	}
	for (uint32_t c = 0; c < classes; c++)
		s->steps.rows[(size_t)state * classes + c] = state == STATE_DEAD ? STATE_DEAD
										 : STATES_UNKNOWN;
}

/* Frame 0 is that of the root, state 0 the dead one: both are empty sets. */
static void clear(struct states *s)
{
	sets_clear(&s->frames);
	sets_clear(&s->states);
	(void)sets_intern(&s->frames, NULL, 0);
	(void)sets_intern(&s->states, NULL, 0);
	s->depths[ROOT_FRAME] = 0;
	make_row(s, STATE_DEAD);
}

struct states *states_new(const struct automaton *a)
{
	struct states *s = calloc(1, sizeof *s);

	assert(s);
	s->a = a;
	s->steps.class_of = a->class_of;
	s->steps.class_count = a->class_count;
	clear(s);
	return s;
}

void states_free(struct states *s)
{
	if (!s)
		return;
	free(s->frames.items);
	free(s->states.items);
	free(s->steps.rows);
	free(s);
}

void states_rest(struct states *s)
{
	s->work = 0;
	s->is_short = false;
}

bool states_are_short(const struct states *s)
{
	return s->is_short;
}

/* The place must be able to come to an end within the depth that is allowed. */
static bool is_alive(const struct states *s, uint32_t node, uint32_t frame)
{
	return s->depths[frame] + s->a->nodes[node].height <= GRAMMAR_MAX_DEPTH;
}

static void push(struct states *s, uint32_t node, uint32_t count, uint32_t frame)
{
	struct item item = {node, count, frame};

	if (!is_alive(s, node, frame))
		return;
	for (uint32_t at = sets_hash(1, &item);; at++) {
		uint32_t cell = at % SEEN_SIZE;

		if (s->seen_stamp[cell] == s->stamp) {
			if (sets_compare(&s->work_list[s->seen[cell]], &item) == 0)
				return;
			continue;
		}
		if (s->work_count == STATES_MAX_PLACES) {
			s->is_short = true;
			return;
		}
		s->seen_stamp[cell] = s->stamp;
		s->seen[cell] = s->work_count;
		s->work_list[s->work_count++] = item;
		return;
	}
}

static void push_call(struct states *s, uint32_t rule, struct item back)
{
	const struct node *start = &s->a->nodes[rule_start(s->a, rule)];
	struct pending call = {(uint64_t)start->rank << 32 | rule, back};
	uint32_t i = s->call_count;

	if (s->depths[back.frame] + 1 + start->height > GRAMMAR_MAX_DEPTH ||
	    !is_alive(s, back.node, back.frame))
		return;
	if (s->call_count == STATES_MAX_PLACES) {
		s->is_short = true;
		return;
	}
	s->call_count++;
	for (; i > 0 && s->calls[(i - 1) / 2].order > call.order; i = (i - 1) / 2)
		s->calls[i] = s->calls[(i - 1) / 2];
	s->calls[i] = call;
}

static void pop_call(struct states *s)
{
	struct pending last = s->calls[--s->call_count];
	uint32_t n = s->call_count;
	uint32_t i = 0;

	for (;;) {
		uint32_t child = 2 * i + 1;

		if (child + 1 < n && s->calls[child + 1].order < s->calls[child].order)
			child++;
		if (child >= n || s->calls[child].order >= last.order)
			break;
		s->calls[i] = s->calls[child];
		i = child;
	}
	s->calls[i] = last;
}

static void look_at_repetition(struct states *s, const struct item *item)
{
	const struct repetition *r = &s->a->repetitions[s->a->nodes[item->node].repetition];
	uint32_t next = item->count + 1;

	if (item->count >= r->least || rule_is_nullable(s->a, r->rule))
		push(s, r->to, 0, item->frame);
	if (item->count >= r->most)
		return;
	/* Without an upper end it makes no difference how often after the least. */
	if (r->most == AUTOMATON_UNBOUNDED && next > r->least)
		next = r->least;
	push_call(s, r->rule, (struct item){item->node, next, item->frame});
}

static void look_at_edges(struct states *s, const struct item *item)
{
	const struct automaton *a = s->a;
	bool reads = false;

	for (uint32_t e = a->nodes[item->node].edges; e != AUTOMATON_NONE; e = a->edges[e].next) {
		const struct edge *edge = &a->edges[e];

		reads |= edge->kind == EDGE_BYTE;
		if (edge->kind == EDGE_SKIP ||
		    (edge->kind == EDGE_CALL && rule_is_nullable(a, edge->rule)))
			push(s, edge->to, 0, item->frame);
		if (edge->kind == EDGE_CALL)
			push_call(s, edge->rule, (struct item){edge->to, 0, item->frame});
	}
	if (reads)
		s->found[s->found_count++] = *item;
}

/* A rule ends: on at all the places that it was called from. */
static void look_at_end(struct states *s, const struct item *item)
{
	const struct sets *f = &s->frames;

	if (item->frame == ROOT_FRAME) {
		s->found[s->found_count++] = (struct item){.node = NODE_ENDS};
		return;
	}
	for (uint32_t i = f->starts[item->frame]; i < f->starts[item->frame + 1]; i++)
		push(s, f->items[i].node, f->items[i].count, f->items[i].frame);
}

static void look_at(struct states *s, uint32_t index)
{
	struct item item = s->work_list[index];

	s->work++;
	if (s->a->nodes[item.node].repetition != AUTOMATON_NONE)
		look_at_repetition(s, &item);
	look_at_edges(s, &item);
}

/* The frame of the first rule in order: all its callers are known by now. */
static bool open_frame(struct states *s)
{
	uint64_t order = s->calls[0].order;
	struct item *backs = &s->work_list[s->work_count]; /* room that is not used yet */
	uint32_t room = STATES_MAX_PLACES - s->work_count;
	uint16_t depth = 0;
	uint32_t count = 0;
	uint32_t frame;

	while (s->call_count > 0 && s->calls[0].order == order && count < room) {
		uint16_t outer = s->depths[s->calls[0].back.frame];

		depth = outer > depth ? outer : depth;
		backs[count++] = s->calls[0].back;
		pop_call(s);
	}
	frame = count < room ? sets_intern(&s->frames, backs, count) : SETS_NO_ROOM;
	s->work += count;
	if (frame == SETS_NO_ROOM) {
		s->is_short = true;
		return false;
	}
	s->depths[frame] = (uint16_t)(depth + 1);
	push(s, rule_start(s->a, (uint32_t)order), 0, frame);
	return true;
}

static void begin_step(struct states *s)
{
	s->stamp++;
	s->work_count = 0;
	s->call_count = 0;
	s->found_count = 0;
}

/* All places that can be had from those in the work list without a byte. First those in frames
 * that stood before; then, frame by frame, the rules that begin here, whose own end does not count
 * until a byte was read: who calls a rule that may be empty goes on behind it anyway. */
static void follow(struct states *s)
{
	uint32_t i = 0;

	for (; i < s->work_count; i++) {
		look_at(s, i);
		if (s->a->nodes[s->work_list[i].node].is_end) {
			struct item item = s->work_list[i];

			look_at_end(s, &item);
		}
	}
	while (s->call_count > 0 && open_frame(s))
		for (; i < s->work_count; i++)
			look_at(s, i);
}

/* The state of what was found, or STATES_UNKNOWN where a ceiling was in the way. */
static uint32_t end_step(struct states *s)
{
	uint32_t before = s->states.count;
	uint32_t state;

	if (s->is_short)
		return STATES_UNKNOWN;
	state = sets_intern(&s->states, s->found, s->found_count);
	if (state == SETS_NO_ROOM) {
		s->is_short = true;
		return STATES_UNKNOWN;
	}
	if (state == before)
		make_row(s, state);
	return state;
}

uint32_t states_start(struct states *s)
{
	uint32_t state;

	begin_step(s);
	push(s, rule_start(s->a, s->a->root), 0, ROOT_FRAME);
	/* The root's own end counts at once: the whole may be empty. */
	follow(s);
	state = end_step(s);
	return state == STATES_UNKNOWN ? STATE_DEAD : state;
}

uint32_t states_make(struct states *s, uint32_t state, uint8_t byte)
{
	size_t cell = (size_t)state * s->steps.class_count + s->steps.class_of[byte];
	const struct sets *sets = &s->states;
	uint32_t next;

	if (s->is_short || s->work > STATES_MAX_WORK) {
		s->is_short = true;
		return STATE_DEAD;
	}
	begin_step(s);
	for (uint32_t i = sets->starts[state]; i < sets->starts[state + 1]; i++) {
		struct item item = sets->items[i];

		if (item.node == NODE_ENDS)
			continue;
		for (uint32_t e = s->a->nodes[item.node].edges; e != AUTOMATON_NONE;
		     e = s->a->edges[e].next) {
			const struct edge *edge = &s->a->edges[e];

			if (edge->kind == EDGE_BYTE && edge->low <= byte && byte <= edge->high)
				push(s, edge->to, 0, item.frame);
		}
	}
	s->work += sets->starts[state + 1] - sets->starts[state];
	follow(s);
	next = end_step(s);
	if (next == STATES_UNKNOWN)
		return STATE_DEAD;
	s->steps.rows[cell] = next;
	return next;
}

const struct states_table *states_table(const struct states *s)
{
	return &s->steps;
}

bool states_may_end(const struct states *s, uint32_t state)
{
	uint32_t end = s->states.starts[state + 1];

	return end > s->states.starts[state] && s->states.items[end - 1].node == NODE_ENDS;
}

bool states_can_go_on(const struct states *s, uint32_t state)
{
	return s->states.starts[state + 1] - s->states.starts[state] >
	       (states_may_end(s, state) ? 1u : 0u);
}

/* The frame as it is numbered among those that stay. */
static uint32_t keep_frame(struct sets *frames, const struct sets *old, uint32_t *moved,
			   uint32_t frame)
{
	struct item *copy;
	uint32_t n = old->starts[frame + 1] - old->starts[frame];

	if (frame == ROOT_FRAME || moved[frame] != 0)
		return moved[frame];
	copy = calloc(n, sizeof *copy);
	assert(copy);
	memcpy(copy, old->items + old->starts[frame], n * sizeof *copy);
	for (uint32_t i = 0; i < n; i++)
		copy[i].frame = keep_frame(frames, old, moved, copy[i].frame);
	moved[frame] = sets_intern(frames, copy, n);
	free(copy);
	return moved[frame];
}

/* What is kept was there before, so there is room for it. */
static void keep_states(struct states *s, const struct states *old, uint32_t *const *kept,
			size_t count)
{
	uint32_t *moved = calloc(STATES_MAX, sizeof *moved);

	assert(moved);
	for (size_t k = 0; k < count; k++) {
		const struct sets *from = &old->states;
		uint32_t n = from->starts[*kept[k] + 1] - from->starts[*kept[k]];
		uint32_t before = s->states.count;

		if (n > 0)
			memcpy(s->found, from->items + from->starts[*kept[k]],
			       n * sizeof *s->found);
		for (uint32_t i = 0; i < n; i++)
			if (s->found[i].node != NODE_ENDS)
				s->found[i].frame = keep_frame(&s->frames, &old->frames, moved,
							       s->found[i].frame);
		*kept[k] = sets_intern(&s->states, s->found, n);
		if (*kept[k] == before)
			make_row(s, before);
	}
	for (uint32_t i = 1; i < STATES_MAX; i++)
		if (moved[i] != 0)
			s->depths[moved[i]] = old->depths[i];
	free(moved);
}

bool states_clean(struct states *s, uint32_t *const *kept, size_t count)
{
	struct states *old;

	if (s->states.count < STATES_MAX / 2 && s->frames.count < STATES_MAX / 2 &&
	    s->states.item_count < STATES_MAX_ITEMS / 2 &&
	    s->frames.item_count < STATES_MAX_ITEMS / 2)
		return false;
	old = malloc(sizeof *old);
	assert(old);
	*old = *s;
	s->frames.items = NULL;
	s->states.items = NULL;
	s->frames.item_room = 0;
	s->states.item_room = 0;
	clear(s);
	keep_states(s, old, kept, count);
	free(old->frames.items);
	free(old->states.items);
	free(old);
	return true;
}

size_t states_bytes(const struct states *s)
{
	return sizeof *s + (s->frames.item_room + s->states.item_room) * sizeof(struct item) +
	       (size_t)s->row_room * s->steps.class_count * sizeof *s->steps.rows;
}
