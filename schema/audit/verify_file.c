/* SPDX-License-Identifier: Apache-2.0 */
#include "schema/audit/verify_file.h"

#include <inttypes.h>
#include <stdio.h>

enum {
	VERIFY_MAX_BUNDLE = VERIFY_WIDTH * (2 + 65535),
	VERIFY_MAX_TILE = VERIFY_WIDTH * DIGEST_SIZE,
};

void verify_reader_begin(struct verify_reader *r, const struct audit_source *source)
{
	r->source = source;
	r->bundle = buf_new(VERIFY_MAX_BUNDLE);
	r->tile = buf_new(VERIFY_MAX_TILE);
}

void verify_reader_clear(struct verify_reader *r)
{
	buf_free(&r->bundle);
	buf_free(&r->tile);
}

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

/* A file, and what it was called. */
struct fetched {
	char path[VERIFY_PATH];
	bool is_wider; /* the full one, where a partial one was asked for */
};

/* The partial file, or (the log has grown meanwhile) the full one. */
static enum err fetch(const struct audit_source *source, struct fetched *f, struct buf *out,
		      const char *kind, uint64_t index, size_t width)
{
	enum err result;

	buf_reset(out);
	f->is_wider = false;
	write_path(f->path, kind, index, width);
	result = source->fetch(source->context, out, f->path);
	if (result == ERR_NOT_FOUND && width < VERIFY_WIDTH) {
		char full[VERIFY_PATH];

		write_path(full, kind, index, VERIFY_WIDTH);
		buf_reset(out);
		if (source->fetch(source->context, out, full) == OK) {
			memcpy(f->path, full, sizeof full);
			f->is_wider = true;
			return OK;
		}
	}
	if (result == ERR_NOT_FOUND)
		return failure(ERR_NOT_FOUND, "%s is missing", f->path);
	return result;
}

enum err verify_read_bundle(struct verify_reader *r, struct digest *row, uint64_t index,
			    size_t width)
{
	struct buf *b = &r->bundle;
	struct fetched f;
	size_t at = 0;

	TRY(fetch(r->source, &f, b, "entries", index, width));
	for (size_t i = 0; i < width; i++) {
		size_t size = b->size - at < 2 ? 0 : (size_t)b->data[at] << 8 | b->data[at + 1];

		if (size == 0 || size > b->size - at - 2)
			return failure(ERR_FORGED, "%s is not well formed at entry %" PRIu64,
				       f.path, index * VERIFY_WIDTH + i);
		row[i] = verify_leaf(b->data + at + 1, size);
		at += 2 + size;
	}
	if (!f.is_wider && at != b->size)
		return failure(ERR_FORGED, "%s has bytes behind its last entry", f.path);
	return OK;
}

enum err verify_compare_tile(struct verify_reader *r, struct verify_mismatch *out, unsigned level,
			     uint64_t index, const struct digest *row, size_t width)
{
	char kind[2] = {(char)('0' + level), '\0'};
	size_t size = width * DIGEST_SIZE, i = 0;
	const struct buf *b = &r->tile;
	struct fetched f;

	out->is_there = false;
	TRY(fetch(r->source, &f, &r->tile, kind, index, width));
	if (b->size < size || (!f.is_wider && b->size != size))
		return failure(ERR_FORGED, "%s has %zu bytes, not %zu", f.path, b->size, size);
	if (memcmp(b->data, row, size) == 0)
		return OK;
	while (memcmp(b->data + i * DIGEST_SIZE, row[i].bytes, DIGEST_SIZE) == 0)
		i++;
	*out = (struct verify_mismatch){
		.is_there = true, .level = level, .hash = index * VERIFY_WIDTH + i};
	memcpy(out->tile, f.path, sizeof f.path);
	return OK;
}
