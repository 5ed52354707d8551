/* SPDX-License-Identifier: Apache-2.0 */
/* batch_rows.c - what is computed in a step: a row for each that writes, a chunk of prompts. */
#include <assert.h>
#include <string.h>

#include "inference/batch_parts.h"

enum {
	GUESSING_ROWS = 8, /* a pass of so many costs little more than one: it waits for memory */
};

bool batch_wants_logits(const struct sequence *s, size_t position)
{
	if (position + 1 >= s->count)
		return s->end > s->count;
	return s->echo && position + 1 < s->prompt && position + 1 >= s->echoed;
}

/* Guesses behind the last token, into the room for what comes. */
static size_t guess(struct sequence *s, size_t most)
{
	size_t left = s->end - s->count;

	if (left < 2)
		return 0;
	return lookup_guess(&s->lookup, s->tokens + s->count, s->tokens, s->count,
			    most < left - 1 ? most : left - 1);
}

/* A page for each that writes. Who has to give its own back stands behind those that run. */
static void make_rooms(struct batch *b)
{
	for (size_t i = 0; i < b->running;) {
		struct sequence *s = b->sequences[i];
		size_t before = b->running;

		if (batch_is_ready(s) && batch_is_writing(s))
			(void)batch_make_room(b, s, s->count);
		i = b->running == before ? i + 1 : 0; /* all have moved */
	}
}

static size_t plan_writers(struct batch *b)
{
	size_t used = 0;

	make_rooms(b);
	for (size_t i = 0; i < b->running; i++) {
		struct sequence *s = b->sequences[i];

		s->first = s->done;
		s->guesses = 0;
		s->take = batch_is_ready(s) && batch_is_writing(s);
		used += s->take;
	}
	return used;
}

/* Whose prompt is read next: of who waits for rows, the payer's who is furthest behind. */
static struct sequence *next_reader(const struct batch *b)
{
	struct sequence *next = NULL;

	for (size_t i = 0; i < b->running; i++) {
		struct sequence *s = b->sequences[i];

		if (s->take > 0 || !batch_is_ready(s) || batch_is_writing(s))
			continue;
		if (!next || s->payer->time < next->payer->time)
			next = s;
	}
	return next;
}

/* Of prompts that are weighed each row wants logits: they have `*extras` more than one each. */
static size_t plan_readers(struct batch *b, size_t room, size_t *extras)
{
	size_t used = 0;

	for (struct sequence *s; used < room && (s = next_reader(b)) != NULL; used += s->take) {
		size_t left = s->count - s->done;

		s->take = left < room - used ? left : room - used;
		if (!s->echo)
			continue;
		if (s->take > *extras + 1)
			s->take = *extras + 1;
		*extras -= s->take - 1;
	}
	return used;
}

/* Rows that cost little more than none, while so few write that a pass waits for memory. */
static size_t plan_guesses(struct batch *b, size_t used)
{
	size_t room = used < GUESSING_ROWS ? GUESSING_ROWS - used : 0;
	size_t total = 0;

	for (size_t i = 0; i < b->running && total < room; i++) {
		struct sequence *s = b->sequences[i];

		if (s->take != 1 || !batch_is_writing(s))
			continue;
		s->guesses = guess(s, room - total);
		if (s->guesses && !kvcache_grow(b->cache, &s->table, s->count + s->guesses))
			s->guesses = 0;
		s->take += s->guesses;
		total += s->guesses;
	}
	return total;
}

static void fill_rows(struct batch *b, struct sequence *s, size_t used)
{
	for (size_t i = 0; i < s->take; i++)
		b->rows[used + i] = (struct forward_row){
			.table = &s->table,
			.position = (uint32_t)(s->first + i),
			.token = s->tokens[s->first + i],
			.wants_logits = batch_wants_logits(s, s->first + i),
			.adapter = s->adapter,
			.source = &s->source_table,
			.source_length = (uint32_t)s->source_count,
		};
}

size_t batch_plan_rows(struct batch *b)
{
	size_t extras = BATCH_EXTRA_ROWS, filled = 0;
	size_t writers = plan_writers(b);
	size_t room = FORWARD_MAX_ROWS - writers;
	size_t readers;

	if (writers > 0 && room > b->options.chunk)
		room = b->options.chunk;
	readers = plan_readers(b, room, &extras);
	if (b->options.is_guessing && readers == 0)
		(void)plan_guesses(b, writers);
	for (size_t i = 0; i < b->running; i++) {
		fill_rows(b, b->sequences[i], filled);
		filled += b->sequences[i]->take;
	}
	return filled;
}
