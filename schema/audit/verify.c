/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/audit/verify.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/base/text.h"
#include "crypto/note.h"
#include "schema/audit/verify_file.h"

/* Bundles between two meetings of the threads: a million entries. */
enum { VERIFY_WINDOW = 4096, VERIFY_MAX_THREADS = 64 };

/* Far above what one gateway writes; their names fit. */
#define VERIFY_MAX_SIZE (UINT64_C(1) << 40)

/* The last, still incomplete row of a level: the roots of what stands below. */
struct level {
	size_t width;
	uint64_t full; /* rows that went up */
	struct digest row[VERIFY_WIDTH];
};

/* The first failure, counted by bundles: the same whichever thread was faster. */
struct first_failure {
	enum err result;
	uint64_t bundle;
	char text[FAILURE_MAX_TEXT];
};

struct walk {
	const struct audit_source *source;
	const struct audit_remembered *remembered; /* NULL: nothing */
	struct audit_verified *out;
	struct level levels[VERIFY_LEVELS]; /* [0]: the last bundle's leaves, if it is partial */
	struct digest then[VERIFY_WIDTH];   /* the leaves of its last bundle when remembered */
	struct digest root_then;

	/* A window: threads take a bundle each, leave its root, and meet at the end. */
	atomic_uint_fast64_t next;
	uint64_t first, behind;
	struct digest roots[VERIFY_WINDOW];
	pthread_mutex_t lock; /* for what follows, while threads run */
	struct first_failure failed;
	struct verify_mismatch mismatch; /* the lowest level's first */
};

static uint64_t bundle_of(uint64_t size)
{
	return (size + VERIFY_WIDTH - 1) / VERIFY_WIDTH;
}

static void note_mismatch(struct walk *w, const struct verify_mismatch *one)
{
	const struct verify_mismatch *had = &w->mismatch;

	if (!one->is_there)
		return;
	pthread_mutex_lock(&w->lock);
	if (!had->is_there || one->level < had->level ||
	    (one->level == had->level && one->hash < had->hash))
		w->mismatch = *one;
	pthread_mutex_unlock(&w->lock);
}

static void note_failure(struct walk *w, enum err result, uint64_t bundle)
{
	pthread_mutex_lock(&w->lock);
	if (w->failed.result == OK || bundle < w->failed.bundle) {
		w->failed.result = result;
		w->failed.bundle = bundle;
		snprintf(w->failed.text, sizeof w->failed.text, "%s", failure_text());
	}
	pthread_mutex_unlock(&w->lock);
	atomic_store(&w->next, w->behind); /* those before it were all taken already */
}

static enum err check_bundle(struct walk *w, struct verify_reader *r, uint64_t index)
{
	uint64_t left = w->out->size - index * VERIFY_WIDTH;
	size_t width = left < VERIFY_WIDTH ? (size_t)left : VERIFY_WIDTH;
	struct verify_mismatch mismatch;
	struct digest row[VERIFY_WIDTH];

	TRY(verify_read_bundle(r, row, index, width));
	TRY(verify_compare_tile(r, &mismatch, 0, index, row, width));
	note_mismatch(w, &mismatch);
	if (w->remembered && index == w->remembered->size / VERIFY_WIDTH)
		memcpy(w->then, row, sizeof row);
	if (width == VERIFY_WIDTH) {
		w->roots[index - w->first] = verify_row_root(row, width);
		return OK;
	}
	memcpy(w->levels[0].row, row, sizeof row);
	w->levels[0].width = width;
	return OK;
}

static void *work(void *context)
{
	struct walk *w = context;
	struct verify_reader reader;
	uint64_t index;

	verify_reader_begin(&reader, w->source);
	while ((index = atomic_fetch_add(&w->next, 1)) < w->behind) {
		enum err result = check_bundle(w, &reader, index);

		if (result != OK)
			note_failure(w, result, index);
	}
	verify_reader_clear(&reader);
	return NULL;
}

/* A thread that cannot be had is done without. */
static enum err check_window(struct walk *w)
{
	unsigned wanted = w->source->threads, count = 0;
	pthread_t threads[VERIFY_MAX_THREADS];

	if (wanted > VERIFY_MAX_THREADS)
		wanted = VERIFY_MAX_THREADS;
	if (wanted > w->behind - w->first)
		wanted = (unsigned)(w->behind - w->first);
	atomic_store(&w->next, w->first);
	while (count + 1 < wanted && pthread_create(&threads[count], NULL, work, w) == 0)
		count++;
	work(w);
	while (count)
		pthread_join(threads[--count], NULL);
	if (w->failed.result != OK)
		return failure(w->failed.result, "%s", w->failed.text);
	w->out->bundles += w->behind - w->first;
	w->out->tiles += w->behind - w->first;
	return OK;
}

static enum err check_row(struct walk *w, struct verify_reader *r, unsigned level)
{
	const struct level *l = &w->levels[level];
	struct verify_mismatch mismatch;

	TRY(verify_compare_tile(r, &mismatch, level, l->full, l->row, l->width));
	note_mismatch(w, &mismatch);
	w->out->tiles++;
	return OK;
}

/* The root of a full row goes one level up, and perhaps fills the row there. */
static enum err push_up(struct walk *w, struct verify_reader *r, struct digest root)
{
	for (unsigned level = 1; level < VERIFY_LEVELS; level++) {
		struct level *l = &w->levels[level];

		l->row[l->width++] = root;
		if (l->width < VERIFY_WIDTH)
			return OK;
		TRY(check_row(w, r, level));
		root = verify_row_root(l->row, l->width);
		l->full++;
		l->width = 0;
	}
	return failure(ERR_LIMIT, "the log is larger than its tiles can be");
}

/* Of all levels, with these leaves in the place of level 0. */
static struct digest root_of(const struct walk *w, const struct digest *leaves, size_t width)
{
	struct digest root = digest_of(S(""));
	bool is_empty = true;

	for (unsigned level = 0; level < VERIFY_LEVELS; level++) {
		const struct digest *row = level ? w->levels[level].row : leaves;
		size_t count = level ? w->levels[level].width : width;

		if (count == 0)
			continue;
		root = verify_join(row, count, is_empty ? NULL : &root);
		is_empty = false;
	}
	return root;
}

/* Before the bundle goes up in which the remembered log ended. */
static void look_back(struct walk *w, uint64_t bundle)
{
	if (w->remembered && bundle == w->remembered->size / VERIFY_WIDTH)
		w->root_then = root_of(w, w->then, w->remembered->size % VERIFY_WIDTH);
}

static enum err take_window(struct walk *w, struct verify_reader *r)
{
	for (uint64_t i = w->first; i < w->behind; i++) {
		look_back(w, i);
		if ((i + 1) * VERIFY_WIDTH <= w->out->size)
			TRY(push_up(w, r, w->roots[i - w->first]));
	}
	return OK;
}

/* Who is at fault where entries and tiles differ? The signed root decides. */
static enum err judge(const struct walk *w)
{
	struct digest root = root_of(w, w->levels[0].row, w->levels[0].width);
	bool is_signed = memcmp(root.bytes, w->out->root, DIGEST_SIZE) == 0;
	const struct verify_mismatch *m = &w->mismatch;

	if (is_signed && m->is_there)
		return failure(ERR_FORGED,
			       "tile %s was changed: hash %u is not that of the entries", m->tile,
			       (unsigned)(m->hash % VERIFY_WIDTH));
	if (is_signed)
		return OK;
	if (m->is_there && m->level == 0)
		return failure(ERR_FORGED,
			       "entry %" PRIu64 " was changed: %s has another hash for it", m->hash,
			       m->tile);
	return failure(ERR_FORGED, "the entries do not give the root that the checkpoint signs");
}

static enum err check_remembered(const struct walk *w)
{
	if (!w->remembered)
		return OK;
	if (memcmp(w->root_then.bytes, w->remembered->root, DIGEST_SIZE) != 0)
		return failure(ERR_CONFLICT,
			       "the log is another one than before: its first %" PRIu64
			       " entries were different",
			       w->remembered->size);
	return OK;
}

static enum err check_entries(struct walk *w, struct verify_reader *r)
{
	uint64_t count = bundle_of(w->out->size);

	for (uint64_t at = 0; at < count; at += VERIFY_WINDOW) {
		w->first = at;
		w->behind = count - at < VERIFY_WINDOW ? count : at + VERIFY_WINDOW;
		TRY(check_window(w));
		TRY(take_window(w, r));
	}
	look_back(w, w->out->size % VERIFY_WIDTH ? UINT64_MAX : count);
	return OK;
}

static enum err walk_all(struct walk *w)
{
	struct verify_reader reader;
	enum err result;

	verify_reader_begin(&reader, w->source);
	result = check_entries(w, &reader);
	for (unsigned level = 1; level < VERIFY_LEVELS && result == OK; level++)
		if (w->levels[level].width)
			result = check_row(w, &reader, level);
	verify_reader_clear(&reader);
	TRY(result);
	TRY(judge(w));
	return check_remembered(w);
}

/* origin, size, root: three lines, and (we sign no extensions) nothing behind them. */
static enum err parse_checkpoint(struct audit_verified *out, struct slice text, const char *name)
{
	AUTO(buf_free) struct buf root = buf_new(DIGEST_SIZE + 1);
	struct slice origin, size, encoded, rest;

	if (!slice_cut(text, '\n', &origin, &rest) || !slice_cut(rest, '\n', &size, &rest) ||
	    !slice_cut(rest, '\n', &encoded, &rest))
		return failure(ERR_FORGED, "checkpoint: it has not the three lines it must have");
	if (!slice_equal(origin, slice_of_string(name)))
		return failure(ERR_FORGED, "checkpoint: it is of the log \"%.*s\", not of \"%s\"",
			       SLICE_PRINT(origin), name);
	if (!slice_to_u64(size, VERIFY_MAX_SIZE, &out->size) ||
	    text_read_base64(&root, encoded, TEXT_BASE64) != OK || root.size != DIGEST_SIZE)
		return failure(ERR_FORGED, "checkpoint: its size or root is not well formed");
	memcpy(out->root, root.data, DIGEST_SIZE);
	return OK;
}

static enum err read_checkpoint(struct audit_verified *out, const struct audit_source *source)
{
	AUTO(buf_free) struct buf note = buf_new(NOTE_MAX);
	struct note_key key;
	struct slice text;

	TRY(note_key_parse(&key, source->vkey));
	TRY(source->fetch(source->context, &note, "checkpoint"));
	if (note_verify(&text, buf_slice(&note), &key, 1) != OK)
		return failure(ERR_FORGED, "checkpoint: it bears no good signature of %s",
			       key.name);
	return parse_checkpoint(out, text, key.name);
}

enum err audit_verify(struct audit_verified *out, const struct audit_source *source,
		      const struct audit_remembered *remembered)
{
	struct walk *w;
	enum err result;

	*out = (struct audit_verified){0};
	TRY(read_checkpoint(out, source));
	if (remembered && out->size < remembered->size)
		return failure(ERR_CONFLICT,
			       "the log is shorter than before: %" PRIu64 " entries, not %" PRIu64,
			       out->size, remembered->size);
	w = calloc(1, sizeof *w);
	assert(w);
	w->source = source;
	w->remembered = remembered && remembered->size ? remembered : NULL;
	w->out = out;
	pthread_mutex_init(&w->lock, NULL);
	result = walk_all(w);
	pthread_mutex_destroy(&w->lock);
	free(w);
	return result;
}
