/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/tile.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/base/reader.h"

enum { TILE_BITS = 8, TILE_GROUPS_MAX = 6 };

/* The largest index is 2^63 / 256, which has 17 digits. */
static const uint64_t index_max = (UINT64_C(1) << 55) - 1;

/* 1234067 is "x001/x234/067". */
static void write_index(char *out, size_t room, uint64_t index)
{
	unsigned groups[TILE_GROUPS_MAX];
	size_t count = 0;
	int at = 0;

	do {
		groups[count++] = (unsigned)(index % 1000);
		index /= 1000;
	} while (index);
	while (count-- > 0)
		at += snprintf(out + at, room - (size_t)at, count ? "x%03u/" : "%03u",
			       groups[count]);
}

void tile_path(char out[TILE_PATH], struct tile tile)
{
	char index[TILE_GROUPS_MAX * 5 + 1];
	char partial[8] = "";

	assert(tile.level < TILE_LEVELS && tile.index <= index_max);
	assert(tile.width >= 1 && tile.width <= TILE_WIDTH);
	write_index(index, sizeof index, tile.index);
	if (tile.width < TILE_WIDTH)
		snprintf(partial, sizeof partial, ".p/%u", tile.width);
	if (tile.kind == TILE_ENTRIES)
		snprintf(out, TILE_PATH, "tile/entries/%s%s", index, partial);
	else
		snprintf(out, TILE_PATH, "tile/%u/%s%s", tile.level, index, partial);
}

/* Digits and nothing else; what a group or a level looks like is settled by writing it anew. */
static bool read_digits(struct slice text, uint64_t *out)
{
	uint64_t value = 0;

	if (text.size == 0 || text.size > 3)
		return false;
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
		value = value * 10 + (uint64_t)(text.data[i] - '0');
	}
	*out = value;
	return true;
}

static bool read_index(struct tile *out, struct slice rest)
{
	struct slice group;
	uint64_t value;

	while (slice_cut(rest, '/', &group, &rest)) {
		if (!slice_starts_with(group, S("x")) ||
		    !read_digits(slice_part(group, 1, group.size), &value))
			return false;
		out->index = out->index * 1000 + value;
		if (out->index > index_max / 1000)
			return false;
	}
	if (!read_digits(group, &value))
		return false;
	out->index = out->index * 1000 + value;
	return true;
}

static bool read_path(struct tile *out, struct slice path)
{
	struct slice head, rest = path;
	uint64_t value = 0;
	size_t partial = path.size;

	*out = (struct tile){.width = TILE_WIDTH};
	if (!slice_starts_with(path, S("tile/")) ||
	    !slice_cut(slice_part(path, 5, path.size), '/', &head, &rest))
		return false;
	if (slice_equal(head, S("entries")))
		out->kind = TILE_ENTRIES;
	else if (!read_digits(head, &value) || value >= TILE_LEVELS)
		return false;
	out->level = (unsigned)value;
	partial = slice_find(rest, '.');
	if (partial < rest.size) {
		struct slice width = slice_part(rest, partial + 3, rest.size);

		if (!slice_starts_with(slice_part(rest, partial, rest.size), S(".p/")) ||
		    !read_digits(width, &value) || value == 0 || value >= TILE_WIDTH)
			return false;
		out->width = (unsigned)value;
	}
	return read_index(out, slice_part(rest, 0, partial));
}

enum err tile_path_parse(struct tile *out, struct slice path)
{
	char again[TILE_PATH];

	if (path.size >= TILE_PATH || !read_path(out, path))
		return failure(ERR_FORMAT, "tile: \"%.*s\" names none",
			       path.size < TILE_PATH ? (int)path.size : TILE_PATH,
			       (const char *)path.data);
	tile_path(again, *out);
	if (!slice_equal(path, slice_of_string(again)))
		return failure(ERR_FORMAT, "tile: its name is written \"%s\"", again);
	return OK;
}

struct tile tile_of(unsigned level, uint64_t index, uint64_t size)
{
	struct tile tile = {.level = level, .index = index};
	uint64_t hashes = level < TILE_LEVELS ? size >> (TILE_BITS * level) : 0;
	uint64_t before = index * TILE_WIDTH;

	if (index <= index_max && hashes > before)
		tile.width = (unsigned)(hashes - before < TILE_WIDTH ? hashes - before
								     : TILE_WIDTH);
	return tile;
}

/* One level of one tile at a time is replaced by its parents, in place. */
static struct digest reduce(struct digest *row, size_t count)
{
	assert(count && (count & (count - 1)) == 0);
	for (; count > 1; count /= 2)
		for (size_t i = 0; i < count / 2; i++)
			row[i] = merkle_node(&row[2 * i], &row[2 * i + 1]);
	return row[0];
}

struct append {
	const struct tile_source *source;
	tile_put_fn *put;
	void *context;
	uint64_t old_size;
};

static enum err put_row(const struct append *a, struct tile tile, const struct digest *row)
{
	return a->put(a->context, tile, slice_of(row, tile.width * sizeof *row));
}

/* Append `count` hashes at a level; the roots of the tiles that became full are the hashes to
 * append one level up. */
static enum err append_level(const struct append *a, unsigned level, const struct digest *hashes,
			     size_t count, struct digest *roots, size_t *root_count)
{
	uint64_t before = a->old_size >> (TILE_BITS * level);
	struct tile tile = {.level = level,
			    .index = before / TILE_WIDTH,
			    .width = (unsigned)(before % TILE_WIDTH)};
	struct digest row[TILE_WIDTH];

	*root_count = 0;
	if (tile.width && count)
		TRY(a->source->fetch(a->source->context, row, tile));
	while (count) {
		size_t part = TILE_WIDTH - tile.width;

		part = part < count ? part : count;
		memcpy(row + tile.width, hashes, part * sizeof *row);
		tile.width += (unsigned)part;
		hashes += part;
		count -= part;
		TRY(put_row(a, tile, row));
		if (tile.width < TILE_WIDTH)
			return OK;
		roots[(*root_count)++] = reduce(row, TILE_WIDTH);
		tile.index++;
		tile.width = 0;
	}
	return OK;
}

enum err tile_append(const struct tile_source *source, tile_put_fn *put, void *context,
		     uint64_t old_size, const struct digest *leaves, size_t count)
{
	const struct append a = {source, put, context, old_size};
	struct digest *roots, *above;
	const struct digest *hashes = leaves;
	enum err result = OK;
	size_t room = count / TILE_WIDTH + 1;

	if (count > TILE_APPEND_MAX || old_size > INT64_MAX - count)
		return failure(ERR_LIMIT, "tiles: %zu leaves at once, at most %d", count,
			       TILE_APPEND_MAX);
	roots = calloc(2 * room, sizeof *roots);
	assert(roots);
	above = roots;
	for (unsigned level = 0; count && level < TILE_LEVELS && result == OK; level++) {
		result = append_level(&a, level, hashes, count, above, &count);
		hashes = above;
		above = above == roots ? roots + room : roots;
	}
	free(roots);
	return result;
}

enum err tile_bundle_add(struct buf *out, struct slice entry)
{
	if (entry.size > TILE_ENTRY_MAX)
		return failure(ERR_LIMIT, "log entry: %zu bytes, at most %d", entry.size,
			       TILE_ENTRY_MAX);
	buf_write_u16(out, (uint16_t)entry.size);
	buf_write(out, entry);
	return OK;
}

enum err tile_bundle_split(struct slice out[TILE_WIDTH], size_t count, struct slice bytes)
{
	struct reader r = reader_of(bytes);

	if (count > TILE_WIDTH)
		return failure(ERR_LIMIT, "entry bundle: %zu entries, at most %d", count,
			       TILE_WIDTH);
	for (size_t i = 0; i < count; i++)
		out[i] = read_bytes(&r, read_u16(&r));
	if (reader_done(&r) != OK)
		return failure(ERR_FORMAT, "entry bundle: not %zu whole entries", count);
	return OK;
}
