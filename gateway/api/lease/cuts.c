/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/lease/cuts.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/base/buf.h"
#include "crypto/base/clock.h"
#include "crypto/digest.h"

struct past_cut {
	struct store_cut cut;
	uint64_t epoch;
};

struct cuts {
	pthread_mutex_t lock;
	struct cut_entry *first;
	size_t count;
	uint64_t known_since; /* decisions under an older epoch may have missed a cut */
	size_t made;          /* the next goes to past[made % CUTS_REMEMBERED] */
	struct past_cut past[CUTS_REMEMBERED];
};

void cuts_revision(uint8_t out[STORE_ID], const uint8_t model[STORE_ID], struct slice revision)
{
	AUTO(buf_free) struct buf text = buf_new(STORE_ID + 256);
	struct digest digest;

	buf_write(&text, slice_of(model, STORE_ID));
	buf_write(&text, revision);
	digest = digest_of(buf_slice(&text));
	memcpy(out, digest.bytes, STORE_ID);
}

struct cuts *cuts_new(void)
{
	struct cuts *c = calloc(1, sizeof *c);

	assert(c);
	pthread_mutex_init(&c->lock, NULL);
	return c;
}

void cuts_free(struct cuts *c)
{
	if (!c)
		return;
	assert(!c->first);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

static bool is_same(const uint8_t a[STORE_ID], const uint8_t b[STORE_ID])
{
	return memcmp(a, b, STORE_ID) == 0;
}

static bool is_none(const uint8_t id[STORE_ID])
{
	static const uint8_t none[STORE_ID];

	return is_same(id, none);
}

static bool hits(const struct store_cut *cut, const struct cut_basis *basis)
{
	switch (cut->kind) {
	case STORE_CUT_LICENSE:
		return is_same(cut->subject, basis->license);
	case STORE_CUT_MODEL:
		return is_same(cut->subject, basis->model);
	case STORE_CUT_GATE:
		return is_same(cut->subject, basis->model) && is_none(basis->license);
	case STORE_CUT_PERSON:
		return is_same(cut->subject, basis->person);
	case STORE_CUT_TOKEN:
		return is_same(cut->subject, basis->token) || is_same(cut->subject, basis->maker);
	case STORE_CUT_REVISION:
		return is_same(cut->subject, basis->revision);
	case STORE_CUT_ADAPTER:
		return is_same(cut->subject, basis->adapter);
	case STORE_CUT_COUNT:
		break;
	}
	return true; /* what we do not know may mean it */
}

/* Under the lock. */
static enum err check(const struct cuts *c, const struct cut_basis *basis, uint64_t epoch)
{
	size_t remembered = c->made < CUTS_REMEMBERED ? c->made : CUTS_REMEMBERED;

	if (epoch == 0 || epoch < c->known_since)
		return failure(ERR_UNAVAILABLE,
			       "much has changed while this was decided; try again");
	for (size_t i = 0; i < remembered; i++)
		if (c->past[i].epoch > epoch && hits(&c->past[i].cut, basis))
			return failure(
				ERR_UNAVAILABLE,
				"what this rests on changed while it was decided; try again");
	return OK;
}

enum err cuts_enter(struct cuts *c, struct cut_entry *entry, uint64_t epoch)
{
	int64_t now_ms = clock_now_ms();
	enum err result;

	pthread_mutex_lock(&c->lock);
	result = entry->until_ms && now_ms >= entry->until_ms
			 ? failure(ERR_EXPIRED, "the license has expired")
			 : check(c, &entry->basis, epoch);
	if (result == OK) {
		atomic_store(&entry->is_cut, false);
		entry->left_ms = entry->until_ms - now_ms;
		entry->entered_ms = clock_monotonic_ms();
		entry->is_entered = true;
		entry->previous = NULL;
		entry->next = c->first;
		if (c->first)
			c->first->previous = entry;
		c->first = entry;
		c->count++;
	}
	pthread_mutex_unlock(&c->lock);
	return result;
}

void cuts_leave(struct cuts *c, struct cut_entry *entry)
{
	if (!entry->is_entered)
		return;
	pthread_mutex_lock(&c->lock);
	entry->is_entered = false;
	if (entry->next)
		entry->next->previous = entry->previous;
	if (entry->previous)
		entry->previous->next = entry->next;
	else
		c->first = entry->next;
	c->count--;
	pthread_mutex_unlock(&c->lock);
}

static void cut_one(struct cut_entry *entry)
{
	if (!atomic_exchange(&entry->is_cut, true) && entry->on_cut)
		entry->on_cut(entry->context);
}

void cuts_apply(struct cuts *c, const struct store_cut *cut, uint64_t epoch)
{
	struct past_cut *past;

	pthread_mutex_lock(&c->lock);
	past = &c->past[c->made++ % CUTS_REMEMBERED];
	if (past->epoch > c->known_since)
		c->known_since = past->epoch; /* forgotten now */
	*past = (struct past_cut){.cut = *cut, .epoch = epoch};
	for (struct cut_entry *e = c->first; e; e = e->next)
		if (hits(cut, &e->basis))
			cut_one(e);
	pthread_mutex_unlock(&c->lock);
}

void cuts_apply_all(struct cuts *c, uint64_t epoch)
{
	pthread_mutex_lock(&c->lock);
	if (epoch > c->known_since)
		c->known_since = epoch;
	for (struct cut_entry *e = c->first; e; e = e->next)
		cut_one(e);
	pthread_mutex_unlock(&c->lock);
}

void cuts_expire(struct cuts *c, int64_t now_ms, int64_t monotonic_ms)
{
	pthread_mutex_lock(&c->lock);
	for (struct cut_entry *e = c->first; e; e = e->next)
		if (e->until_ms &&
		    (now_ms >= e->until_ms || monotonic_ms - e->entered_ms >= e->left_ms))
			cut_one(e);
	pthread_mutex_unlock(&c->lock);
}

size_t cuts_look(struct cuts *c, struct cut_view *out, size_t max)
{
	size_t count = 0;

	pthread_mutex_lock(&c->lock);
	for (const struct cut_entry *e = c->first; e; e = e->next, count++)
		if (count < max)
			out[count] = (struct cut_view){e->what, e->basis};
	pthread_mutex_unlock(&c->lock);
	return count;
}

size_t cuts_count(struct cuts *c)
{
	size_t count;

	pthread_mutex_lock(&c->lock);
	count = c->count;
	pthread_mutex_unlock(&c->lock);
	return count;
}
