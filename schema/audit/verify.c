/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/audit/verify.h"

#include <inttypes.h>
#include <stdio.h>

#include "crypto/base/reader.h"
#include "crypto/base/text.h"
#include "crypto/merkle.h"
#include "crypto/note.h"

enum {
	VERIFY_WIDTH = 256,
	VERIFY_LEVELS = 8,
	VERIFY_PATH = 64,
	VERIFY_MAX_BUNDLE = VERIFY_WIDTH * (2 + 65535),
	VERIFY_MAX_TILE = VERIFY_WIDTH * DIGEST_SIZE,
};

/* 2^40 leaves; far above what one gateway writes, and bounds the memory for the levels above. */
#define VERIFY_MAX_SIZE (UINT64_C(1) << 40)

/* The roots of the full subtrees from left to right, largest first: one for each bit of size. */
struct peaks {
	uint64_t size;
	size_t count;
	struct digest nodes[64];
};

static void peaks_add(struct peaks *p, struct digest leaf)
{
	p->nodes[p->count++] = leaf;
	for (uint64_t bits = p->size++; bits & 1; bits >>= 1) {
		p->count--;
		p->nodes[p->count - 1] = merkle_node(&p->nodes[p->count - 1], &p->nodes[p->count]);
	}
}

static struct digest peaks_root(const struct peaks *p)
{
	struct digest root = p->count ? p->nodes[p->count - 1] : digest_of(S(""));

	for (size_t i = p->count; i-- > 1;)
		root = merkle_node(&p->nodes[i - 1], &root);
	return root;
}

struct walk {
	const struct audit_source *source;
	const struct audit_remembered *remembered;
	struct audit_verified *out;
	struct peaks peaks;
	struct digest root_then;         /* when it had as many leaves as remembered */
	struct buf above[VERIFY_LEVELS]; /* computed hashes of each level; [0] is not used */
	bool has_mismatch;               /* a tile says otherwise than the entries; the first: */
	char tile[VERIFY_PATH];
	unsigned level;
	uint64_t hash; /* counted through the level; at level 0 the entry */
};

/* kind 'e': entries, else the level's digit. 1234067 is x001/x234/067. */
static void write_path(char out[VERIFY_PATH], const char *kind, uint64_t index, size_t width)
{
	char partial[8] = "";

	if (width < VERIFY_WIDTH)
		snprintf(partial, sizeof partial, ".p/%zu", width);
	if (index < 1000)
		snprintf(out, VERIFY_PATH, "tile/%s/%03" PRIu64 "%s", kind, index, partial);
	else if (index < 1000000)
		snprintf(out, VERIFY_PATH, "tile/%s/x%03" PRIu64 "/%03" PRIu64 "%s", kind,
			 index / 1000, index % 1000, partial);
	else if (index < 1000000000)
		snprintf(out, VERIFY_PATH, "tile/%s/x%03" PRIu64 "/x%03" PRIu64 "/%03" PRIu64 "%s",
			 kind, index / 1000000, index / 1000 % 1000, index % 1000, partial);
	else
		snprintf(out, VERIFY_PATH,
			 "tile/%s/x%03" PRIu64 "/x%03" PRIu64 "/x%03" PRIu64 "/%03" PRIu64 "%s",
			 kind, index / 1000000000, index / 1000000 % 1000, index / 1000 % 1000,
			 index % 1000, partial);
}

/* The partial file, or (the log has grown meanwhile) the full one. *path names what was read. */
static enum err fetch(const struct walk *w, struct buf *out, char path[VERIFY_PATH],
		      const char *kind, uint64_t index, size_t width)
{
	enum err result;

	write_path(path, kind, index, width);
	result = w->source->fetch(w->source->context, out, path);
	if (result == ERR_NOT_FOUND && width < VERIFY_WIDTH) {
		char full[VERIFY_PATH];

		write_path(full, kind, index, VERIFY_WIDTH);
		buf_reset(out);
		if (w->source->fetch(w->source->context, out, full) == OK) {
			memcpy(path, full, sizeof full);
			return OK;
		}
	}
	if (result == ERR_NOT_FOUND)
		return failure(ERR_NOT_FOUND, "%s is missing", path);
	return result;
}

/* Compare a tile with the hashes computed for it; a difference is noted, and judged at the end. */
static enum err check_tile(struct walk *w, unsigned level, uint64_t index, const struct digest *row,
			   size_t width)
{
	AUTO(buf_free) struct buf bytes = buf_new(VERIFY_MAX_TILE);
	char kind[2] = {(char)('0' + level), '\0'};
	char path[VERIFY_PATH], own[VERIFY_PATH];
	size_t size = width * DIGEST_SIZE;

	TRY(fetch(w, &bytes, path, kind, index, width));
	write_path(own, kind, index, width);
	if (bytes.size < size || (strcmp(path, own) == 0 && bytes.size != size))
		return failure(ERR_FORGED, "%s has %zu bytes, not %zu", path, bytes.size, size);
	w->out->tiles++;
	if (w->has_mismatch)
		return OK;
	for (size_t i = 0; i < width; i++) {
		if (memcmp(bytes.data + i * DIGEST_SIZE, row[i].bytes, DIGEST_SIZE) == 0)
			continue;
		w->has_mismatch = true;
		memcpy(w->tile, path, sizeof path);
		w->level = level;
		w->hash = index * VERIFY_WIDTH + i;
		break;
	}
	return OK;
}

/* The root of a full row goes one level up. */
static enum err push_up(struct walk *w, unsigned level, const struct digest *row)
{
	struct peaks peaks = {.size = 0};
	struct digest root;

	for (size_t i = 0; i < VERIFY_WIDTH; i++)
		peaks_add(&peaks, row[i]);
	root = peaks_root(&peaks);
	buf_write(&w->above[level + 1], digest_slice(&root));
	return buf_done(&w->above[level + 1]);
}

static enum err take_entry(struct walk *w, struct digest *leaf, struct slice entry)
{
	uint64_t index = w->peaks.size;

	*leaf = merkle_leaf(entry);
	peaks_add(&w->peaks, *leaf);
	if (w->remembered && w->peaks.size == w->remembered->size)
		w->root_then = peaks_root(&w->peaks);
	return w->source->entry ? w->source->entry(w->source->context, index, entry) : OK;
}

static enum err check_bundle(struct walk *w, uint64_t index, size_t width)
{
	AUTO(buf_free) struct buf bytes = buf_new(VERIFY_MAX_BUNDLE);
	struct digest row[VERIFY_WIDTH];
	char path[VERIFY_PATH], own[VERIFY_PATH];
	struct reader r;

	TRY(fetch(w, &bytes, path, "entries", index, width));
	write_path(own, "entries", index, width);
	r = reader_of(buf_slice(&bytes));
	for (size_t i = 0; i < width; i++) {
		struct slice entry = read_bytes(&r, read_u16(&r));

		if (r.failed || entry.size == 0)
			return failure(ERR_FORGED, "%s is not well formed at entry %" PRIu64, path,
				       index * VERIFY_WIDTH + i);
		TRY(take_entry(w, &row[i], entry));
	}
	if (strcmp(path, own) == 0 && reader_done(&r) != OK)
		return failure(ERR_FORGED, "%s has bytes behind its last entry", path);
	w->out->bundles++;
	TRY(check_tile(w, 0, index, row, width));
	return width == VERIFY_WIDTH ? push_up(w, 0, row) : OK;
}

static size_t width_of(uint64_t count, uint64_t index)
{
	uint64_t left = count - index * VERIFY_WIDTH;

	return left < VERIFY_WIDTH ? (size_t)left : VERIFY_WIDTH;
}

static enum err check_level(struct walk *w, unsigned level)
{
	const struct digest *hashes = (const void *)w->above[level].data;
	uint64_t count = w->above[level].size / DIGEST_SIZE;

	for (uint64_t i = 0; i * VERIFY_WIDTH < count; i++) {
		const struct digest *row = hashes + i * VERIFY_WIDTH;
		size_t width = width_of(count, i);

		TRY(check_tile(w, level, i, row, width));
		if (width == VERIFY_WIDTH && level + 1 < VERIFY_LEVELS)
			TRY(push_up(w, level, row));
	}
	return OK;
}

/* Who is at fault where entries and tiles differ? The signed root decides. */
static enum err judge(const struct walk *w)
{
	struct digest root = peaks_root(&w->peaks);
	bool is_signed = memcmp(root.bytes, w->out->root, DIGEST_SIZE) == 0;

	if (is_signed && w->has_mismatch)
		return failure(ERR_FORGED,
			       "tile %s was changed: hash %u is not that of the entries", w->tile,
			       (unsigned)(w->hash % VERIFY_WIDTH));
	if (is_signed)
		return OK;
	if (w->has_mismatch && w->level == 0)
		return failure(ERR_FORGED,
			       "entry %" PRIu64 " was changed: %s has another hash for it", w->hash,
			       w->tile);
	return failure(ERR_FORGED, "the entries do not give the root that the checkpoint signs");
}

static enum err check_remembered(const struct walk *w)
{
	const struct audit_remembered *then = w->remembered;

	if (!then || then->size == 0)
		return OK;
	if (memcmp(w->root_then.bytes, then->root, DIGEST_SIZE) != 0)
		return failure(ERR_CONFLICT,
			       "the log is another one than before: its first %" PRIu64
			       " entries were different",
			       then->size);
	return OK;
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

static enum err walk_all(struct walk *w)
{
	uint64_t size = w->out->size;

	for (uint64_t i = 0; i * VERIFY_WIDTH < size; i++)
		TRY(check_bundle(w, i, width_of(size, i)));
	for (unsigned level = 1; level < VERIFY_LEVELS; level++)
		TRY(check_level(w, level));
	TRY(judge(w));
	return check_remembered(w);
}

enum err audit_verify(struct audit_verified *out, const struct audit_source *source,
		      const struct audit_remembered *remembered)
{
	struct walk w = {.source = source, .remembered = remembered, .out = out};
	enum err result;

	*out = (struct audit_verified){0};
	TRY(read_checkpoint(out, source));
	if (remembered && out->size < remembered->size)
		return failure(ERR_CONFLICT,
			       "the log is shorter than before: %" PRIu64 " entries, not %" PRIu64,
			       out->size, remembered->size);
	for (unsigned i = 0; i < VERIFY_LEVELS; i++)
		w.above[i] = buf_new((size_t)(out->size / VERIFY_WIDTH + 1) * DIGEST_SIZE);
	result = walk_all(&w);
	for (unsigned i = 0; i < VERIFY_LEVELS; i++)
		buf_free(&w.above[i]);
	return result;
}
