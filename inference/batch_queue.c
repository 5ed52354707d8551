/* SPDX-License-Identifier: Apache-2.0 */
/* batch_queue.c - who runs, who waits, and who has to wait again. */
#include <assert.h>
#include <string.h>

#include "inference/batch_parts.h"

static void move(struct batch *b, size_t from, size_t to)
{
	struct sequence *s = b->sequences[from];

	if (from > to)
		memmove(&b->sequences[to + 1], &b->sequences[to],
			(from - to) * sizeof *b->sequences);
	else
		memmove(&b->sequences[from], &b->sequences[from + 1],
			(to - from) * sizeof *b->sequences);
	b->sequences[to] = s;
}

/* It goes to the head of those that wait: of its payer's it is the next. */
static void preempt(struct batch *b, size_t i)
{
	struct sequence *s = b->sequences[i];

	assert(i < b->running && !batch_has_source(s));
	kvcache_release(b->cache, &s->table);
	b->counts.redone += s->done;
	b->counts.preempted++;
	s->done = s->kept = s->take = s->guesses = 0;
	s->branch = PREFIXES_NONE;
	s->payer->running--;
	move(b, i, --b->running);
}

/* Does a come after b in giving way? The lowest priority gives way first, of those the latest. */
static size_t find_victim(const struct batch *b)
{
	size_t victim = b->running;

	for (size_t i = 0; i < b->running; i++) {
		const struct sequence *s = b->sequences[i];

		if (batch_has_source(s))
			continue;
		if (victim == b->running || s->priority <= b->sequences[victim]->priority)
			victim = i;
	}
	return victim;
}

bool batch_make_room(struct batch *b, struct sequence *s, size_t positions)
{
	while (!kvcache_grow(b->cache, &s->table, positions)) {
		size_t i = find_victim(b);
		bool is_own = b->sequences[i] == s;

		assert(i < b->running);
		preempt(b, i);
		if (is_own)
			return false;
	}
	return true;
}

/* Of those that wait, the first of the payer who is furthest behind. */
static size_t find_next(const struct batch *b)
{
	size_t next = b->running;

	for (size_t i = b->running + 1; i < b->count; i++)
		if (b->sequences[i]->payer->time < b->sequences[next]->payer->time)
			next = i;
	return next;
}

static bool reserve_whole(struct batch *b, struct sequence *s)
{
	if (!kvcache_grow(b->cache, &s->table, s->end))
		return false;
	if (kvcache_grow(b->cache, &s->source_table, s->source_count))
		return true;
	kvcache_release(b->cache, &s->table);
	return false;
}

/* Each that runs may want a page more before long. */
static bool has_spare(const struct batch *b, size_t pages)
{
	size_t left = kvcache_pages_free(b->cache);

	if (b->running == 0 || pages + b->running <= left)
		return true;
	return pages + b->running <= left + prefixes_spare(b->prefixes);
}

/* What is known of its text, and room for the rest of what it has. At least one token is computed:
 * somebody has to say what comes next. */
static bool reserve(struct batch *b, struct sequence *s)
{
	size_t most = s->is_kept && !s->echo ? (s->count - 1) / KVCACHE_PAGE : 0;
	size_t wanted = kvcache_pages_for(s->count + 1 < s->end ? s->count + 1 : s->end);

	if (batch_has_source(s))
		return reserve_whole(b, s);
	s->kept = prefixes_find(b->prefixes, &s->table, &s->branch, &s->scope, s->tokens, most);
	if (!has_spare(b, wanted - s->kept) ||
	    !kvcache_grow(b->cache, &s->table, wanted * KVCACHE_PAGE)) {
		kvcache_release(b->cache, &s->table);
		s->kept = 0;
		s->branch = PREFIXES_NONE;
		return false;
	}
	s->done = s->kept * KVCACHE_PAGE;
	return true;
}

static void join(struct batch *b, struct sequence *s)
{
	s->payer->running++;
	b->running++;
	b->counts.cached += s->done;
	if (s->was_admitted)
		return;
	s->was_admitted = true;
	s->cached = s->done < s->prompt ? s->done : s->prompt;
	s->charged = s->done;
}

/* Who has nothing running need not wait for the ends of another's answers: of who has most, the
 * latest gives way. False: nobody has to. */
static bool make_way(struct batch *b, const struct sequence *next)
{
	const struct fair_payer *most = NULL;
	size_t victim = b->running;

	if (next->payer->running > 0)
		return false;
	for (size_t i = 0; i < b->running; i++) {
		const struct sequence *s = b->sequences[i];

		if (batch_has_source(s) || s->payer->running < 2 || s->priority > next->priority ||
		    s->payer->time <= next->payer->time)
			continue; /* it would be the next itself */
		if (most && s->payer->running < most->running)
			continue;
		most = s->payer;
		victim = i;
	}
	if (!most)
		return false;
	preempt(b, victim);
	return true;
}

/* One that waits for room is not overtaken: it would wait for ever. */
void batch_admit(struct batch *b)
{
	while (!b->is_held && b->running < b->count) {
		size_t i = find_next(b);
		struct sequence *next = b->sequences[i];

		if (b->running < b->options.sequences && reserve(b, next)) {
			move(b, i, b->running);
			join(b, next);
		} else if (!make_way(b, next)) {
			return;
		}
	}
}
