/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api/facts.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "crypto/digest.h"
#include "gateway/api/proof/proofs.h"

struct facts {
	struct facts_options options;
	struct keep *keep;
	atomic_uint_fast64_t acts;
};

struct facts *facts_new(const struct facts_options *options)
{
	struct facts *f = calloc(1, sizeof *f);

	assert(f);
	f->options = *options;
	f->keep = keep_new(&options->limits);
	return f;
}

void facts_free(struct facts *f)
{
	if (!f)
		return;
	keep_free(f->keep);
	free(f);
}

struct facts_mark facts_mark(const struct facts *f)
{
	struct facts_mark mark = {.acts = atomic_load(&f->acts)};

	mark.epoch = f->options.epoch(f->options.context);
	return mark;
}

void facts_touch(struct facts *f)
{
	atomic_fetch_add(&f->acts, 1);
}

/* --- what is kept, and how it is copied --------------------------------------------------- */

static void copy_token(struct arena *arena, void *to, const void *from)
{
	(void)arena;
	memcpy(to, from, sizeof(struct token));
}

static void copy_holder(struct arena *arena, void *to, const void *from)
{
	store_holder_copy(arena, to, from);
}

static void copy_access(struct arena *arena, void *to, const void *from)
{
	store_access_copy(arena, to, from);
}

static void copy_answer(struct arena *arena, void *to, const void *from)
{
	struct facts_answer *answer = to;

	*answer = *(const struct facts_answer *)from;
	answer->revision = arena_copy(arena, answer->revision);
	answer->body = arena_copy(arena, answer->body);
}

static void copy_proofs(struct arena *arena, void *to, const void *from)
{
	proofs_copy(arena, to, from);
}

static const struct keep_kind token_kind = {"token", sizeof(struct token), copy_token};
static const struct keep_kind holder_kind = {"holder", sizeof(struct store_holder), copy_holder};
static const struct keep_kind access_kind = {"access", sizeof(struct store_access), copy_access};
static const struct keep_kind answer_kind = {"answer", sizeof(struct facts_answer), copy_answer};
static const struct keep_kind proofs_kind = {"proofs", sizeof(struct proofs), copy_proofs};

/* --- keys --------------------------------------------------------------------------------- */

/* Sizes stand before texts, so no two questions have the same key. What does not fit makes the key
 * too long to be kept. */
struct key {
	uint8_t bytes[KEEP_MAX_KEY + 1];
	size_t size;
};

static void add(struct key *key, struct slice bytes)
{
	if (bytes.size + 2 > sizeof key->bytes - key->size) {
		key->size = sizeof key->bytes;
		return;
	}
	key->bytes[key->size++] = (uint8_t)(bytes.size >> 8);
	key->bytes[key->size++] = (uint8_t)bytes.size;
	if (bytes.size)
		memcpy(key->bytes + key->size, bytes.data, bytes.size);
	key->size += bytes.size;
}

static void access_key(struct key *key, const struct store_access_question *q)
{
	key->size = 0;
	add(key, slice_of(q->person, STORE_ID));
	add(key, q->model);
	add(key, q->revision);
	add(key, q->path);
}

static void answer_key(struct key *key, const struct facts_topic *topic)
{
	key->size = 0;
	add(key, topic->route);
	add(key, slice_of(topic->person, STORE_ID));
	add(key, topic->model);
	add(key, topic->revision);
}

static struct keep_stamp stamp_of(struct facts_mark mark)
{
	return (struct keep_stamp){mark.epoch, mark.acts};
}

/* Is it one, and still the newest? Under an old one nothing is believed, and nothing worth its
 * room. */
static bool holds(const struct facts *f, struct facts_mark mark)
{
	struct facts_mark now = facts_mark(f);

	return mark.epoch && mark.epoch == now.epoch && mark.acts == now.acts;
}

static bool find(struct facts *f, struct arena *arena, void *out, const struct keep_kind *kind,
		 struct slice key, struct facts_mark mark)
{
	return holds(f, mark) && keep_get(f->keep, arena, out, kind, key, stamp_of(mark));
}

static void keep(struct facts *f, const void *thing, const struct keep_kind *kind, struct slice key,
		 struct facts_mark mark)
{
	if (holds(f, mark))
		keep_put(f->keep, kind, key, stamp_of(mark), thing);
}

/* --- kinds -------------------------------------------------------------------------------- */

bool facts_find_token(struct facts *f, struct token *out, uint32_t generation, struct slice text)
{
	struct digest hash = digest_of(text);
	struct arena none = {0};

	return generation && keep_get(f->keep, &none, out, &token_kind, digest_slice(&hash),
				      (struct keep_stamp){generation, 0});
}

void facts_keep_token(struct facts *f, const struct token *token, uint32_t generation,
		      struct slice text)
{
	struct digest hash = digest_of(text);

	if (generation)
		keep_put(f->keep, &token_kind, digest_slice(&hash),
			 (struct keep_stamp){generation, 0}, token);
}

bool facts_find_holder(struct facts *f, struct arena *arena, struct store_holder *out,
		       struct facts_mark mark, const uint8_t credential[STORE_ID])
{
	return find(f, arena, out, &holder_kind, slice_of(credential, STORE_ID), mark);
}

void facts_keep_holder(struct facts *f, const struct store_holder *holder, struct facts_mark mark)
{
	keep(f, holder, &holder_kind, slice_of(holder->credential.id, STORE_ID), mark);
}

bool facts_find_access(struct facts *f, struct arena *arena, struct store_access *out,
		       struct facts_mark mark, const struct store_access_question *question)
{
	struct key key;

	access_key(&key, question);
	return find(f, arena, out, &access_kind, slice_of(key.bytes, key.size), mark);
}

void facts_keep_access(struct facts *f, const struct store_access *access, struct facts_mark mark,
		       const struct store_access_question *question)
{
	struct key key;

	access_key(&key, question);
	keep(f, access, &access_kind, slice_of(key.bytes, key.size), mark);
}

bool facts_find_answer(struct facts *f, struct arena *arena, struct facts_answer *out,
		       struct facts_mark mark, const struct facts_topic *topic)
{
	struct key key;

	answer_key(&key, topic);
	return find(f, arena, out, &answer_kind, slice_of(key.bytes, key.size), mark);
}

void facts_keep_answer(struct facts *f, const struct facts_answer *answer, struct facts_mark mark,
		       const struct facts_topic *topic)
{
	struct key key;

	answer_key(&key, topic);
	keep(f, answer, &answer_kind, slice_of(key.bytes, key.size), mark);
}

bool facts_find_proofs(struct facts *f, struct arena *arena, struct proofs *out,
		       struct facts_mark mark, const uint8_t person[STORE_ID])
{
	return find(f, arena, out, &proofs_kind, slice_of(person, STORE_ID), mark);
}

void facts_keep_proofs(struct facts *f, const struct proofs *proofs, struct facts_mark mark,
		       const uint8_t person[STORE_ID])
{
	keep(f, proofs, &proofs_kind, slice_of(person, STORE_ID), mark);
}

struct keep_usage facts_usage(struct facts *f)
{
	return keep_usage_of(f->keep);
}
