/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "gateway/scribe/tiles.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "gateway/scribe/tile_files.h"

/* A tile of the tree as it was may be on disk as a wider one of the tree as it is. */
static enum err fetch(void *context, struct digest *out, struct tile tile)
{
	const struct tiles *t = context;
	struct tile now = tile_of(tile.level, tile.index, t->size);
	AUTO(buf_free) struct buf bytes = buf_new(TILE_BYTES);
	size_t size = tile.width * sizeof *out;
	char path[TILE_PATH];

	tile_path(path, now.width > tile.width ? now : tile);
	TRY(file_read(&bytes, t->directory, path));
	if (bytes.size < size)
		return failure(ERR_FORMAT, "tile \"%s\" is too short", path);
	memcpy(out, bytes.data, size);
	return OK;
}

/* Best effort: a leftover is only a little space. */
static void remove_partials(int directory, const char *full)
{
	char path[TILE_PATH + 2];
	const struct dirent *entry;
	DIR *partials;
	int fd;

	snprintf(path, sizeof path, "%s.p", full);
	fd = openat(directory, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	partials = fd < 0 ? NULL : fdopendir(fd);
	if (!partials) {
		file_close(&fd);
		return;
	}
	while ((entry = readdir(partials)))
		if (entry->d_name[0] != '.')
			unlinkat(fd, entry->d_name, 0);
	closedir(partials);
	unlinkat(directory, path, AT_REMOVEDIR);
}

static enum err put(void *context, struct tile tile, struct slice bytes)
{
	char path[TILE_PATH];

	tile_path(path, tile);
	return tile_files_add(context, path, bytes);
}

/* Once they are there under their names, so that readers always find one or the other. */
static enum err commit(struct tile_files *files)
{
	TRY(tile_files_commit(files));
	for (size_t i = 0; i < files->count; i++)
		remove_partials(files->directory, files->list[i].path);
	return OK;
}

static bool is_there(const struct tiles *t, struct tile tile, off_t size)
{
	char path[TILE_PATH];
	struct stat stat;

	tile_path(path, tile);
	return fstatat(t->directory, path, &stat, 0) == 0 && stat.st_size > 0 &&
	       (size == 0 || stat.st_size == size);
}

static bool is_complete(const struct tiles *t, uint64_t size)
{
	for (unsigned level = 0; level < TILE_LEVELS; level++) {
		struct tile tile;

		for (uint64_t i = 0; (tile = tile_of(level, i, size)).width; i++) {
			if (!is_there(t, tile, (off_t)(tile.width * sizeof(struct digest))))
				return false;
			tile.kind = TILE_ENTRIES;
			if (level == 0 && !is_there(t, tile, 0))
				return false;
		}
	}
	return true;
}

enum err tiles_root(struct digest *out, const struct tiles *t, uint64_t size)
{
	struct tiles copy = *t;
	const struct tile_source source = {fetch, &copy};

	assert(size <= t->size);
	return tile_root(out, &source, size);
}

enum err tiles_check(struct tiles *t, uint64_t size, const uint8_t root[DIGEST_SIZE])
{
	struct digest computed;

	t->size = size;
	if (size && is_complete(t, size) && tiles_root(&computed, t, size) == OK &&
	    memcmp(computed.bytes, root, DIGEST_SIZE) == 0)
		return OK;
	t->size = 0;
	return OK;
}

static enum err put_bundle(struct tile_files *files, uint64_t first,
			   const struct store_leaf *leaves, size_t count)
{
	AUTO(buf_free) struct buf bytes = buf_new(TILES_MAX_BUNDLE);
	struct tile tile = {
		.kind = TILE_ENTRIES, .index = first / TILE_WIDTH, .width = (unsigned)count};

	for (size_t i = 0; i < count; i++)
		TRY(tile_bundle_add(&bytes, leaves[i].leaf));
	TRY(buf_done(&bytes));
	return put(files, tile, buf_slice(&bytes));
}

/* `first` is a multiple of the tile width, so only tiles of level 1 and above are continued. */
static enum err write_chunk(struct tiles *t, uint64_t first, const struct store_leaf *leaves,
			    size_t count)
{
	struct tiles before = {.directory = t->directory, .size = first};
	const struct tile_source source = {fetch, &before};
	AUTO(tile_files_clear) struct tile_files files = {.count = 0};
	struct digest hashes[TILES_CHUNK];

	tile_files_begin(&files, t->directory);
	for (size_t i = 0; i < count; i++)
		memcpy(hashes[i].bytes, leaves[i].leaf_hash, DIGEST_SIZE);
	for (size_t i = 0; i < count; i += TILE_WIDTH)
		TRY(put_bundle(&files, first + i, leaves + i,
			       count - i < TILE_WIDTH ? count - i : TILE_WIDTH));
	TRY(tile_append(&source, put, &files, first, hashes, count));
	TRY(commit(&files));
	t->size = first + count;
	return OK;
}

/* From where on are the leaves up to `end` among the known ones? */
static uint64_t known_from(uint64_t first, uint64_t end, const struct store_leaf *known,
			   size_t known_count)
{
	if (!known_count || known[0].index >= end || known[0].index + known_count < end)
		return end;
	return known[0].index > first ? known[0].index : first;
}

/* Leaves [first, end): what is known is known, the rest comes from the database. */
static enum err read_leaves(struct store_leaf *out, struct store *s, struct arena *arena,
			    uint64_t first, uint64_t end, const struct store_leaf *known,
			    size_t known_count)
{
	uint64_t from = known_from(first, end, known, known_count);
	size_t count, wanted = (size_t)(from - first);
	struct store_leaf *read;

	if (from < end)
		memcpy(out + wanted, known + (from - known[0].index),
		       (size_t)(end - from) * sizeof *out);
	if (!wanted)
		return OK;
	TRY(store_log_leaves(s, arena, &read, &count, first, wanted));
	if (count < wanted)
		return failure(ERR_INTERNAL, "log: the database has fewer leaves than it had");
	memcpy(out, read, count * sizeof *out);
	return OK;
}

enum err tiles_extend_by(struct tiles *t, struct store *s, uint64_t size,
			 const struct store_leaf *known, size_t known_count)
{
	while (t->size < size) {
		AUTO(arena_free) struct arena arena = {NULL};
		uint64_t first = t->size - t->size % TILE_WIDTH;
		uint64_t end = size - first < TILES_CHUNK ? size : first + TILES_CHUNK;
		struct store_leaf *leaves = arena_alloc(&arena,
							(size_t)(end - first) * sizeof *leaves);

		TRY(read_leaves(leaves, s, &arena, first, end, known, known_count));
		TRY(write_chunk(t, first, leaves, (size_t)(end - first)));
	}
	return OK;
}

enum err tiles_extend(struct tiles *t, struct store *s, uint64_t size)
{
	return tiles_extend_by(t, s, size, NULL, 0);
}

enum err tiles_bundle(struct slice out[TILE_WIDTH], size_t *count, struct buf *bytes,
		      const struct tiles *t, uint64_t index)
{
	struct tile tile = tile_of(0, index, t->size);
	char path[TILE_PATH];

	tile.kind = TILE_ENTRIES;
	tile_path(path, tile);
	buf_reset(bytes);
	TRY(file_read(bytes, t->directory, path));
	*count = tile.width;
	return tile_bundle_split(out, tile.width, buf_slice(bytes));
}

static enum err append_bundles(struct merkle_frontier *f, const struct tiles *t, uint64_t end)
{
	AUTO(buf_free) struct buf bytes = buf_new(TILES_MAX_BUNDLE);
	struct slice entries[TILE_WIDTH];
	size_t count;

	while (f->size < end) {
		TRY(tiles_bundle(entries, &count, &bytes, t, f->size / TILE_WIDTH));
		for (size_t i = f->size % TILE_WIDTH; i < count && f->size < end; i++) {
			struct digest leaf = merkle_leaf(entries[i]);

			merkle_append(f, &leaf);
		}
	}
	return OK;
}

/* The tiles' own hashes before and behind, and between them the leaves themselves: only if all are
 * what they should be, this root comes out. */
static enum err prove(const struct tiles *t, uint64_t first, uint64_t end,
		      const struct digest *root)
{
	struct tiles copy = *t;
	const struct tile_source source = {fetch, &copy};
	AUTO(tile_reader_auto) struct tile_reader *reader = tile_reader_new(&source, t->size);
	struct merkle_frontier frontier;
	struct merkle_gap gap;
	struct digest computed;

	TRY(tile_frontier(&frontier, &source, first));
	TRY(append_bundles(&frontier, t, end));
	TRY(tile_gap(&gap, reader, end, t->size));
	TRY(merkle_skip(&frontier, t->size, &gap));
	computed = merkle_root(&frontier);
	if (!digest_equal(&computed, root))
		return failure(ERR_FORGED, "they are of another tree");
	return OK;
}

enum err tiles_prove(const struct tiles *t, uint64_t first, uint64_t end, const struct digest *root)
{
	char why[FAILURE_MAX_TEXT];

	if (prove(t, first, end, root) == OK)
		return OK;
	snprintf(why, sizeof why, "%s", failure_text());
	return failure(ERR_FORGED, "the files of the log do not hold it: %s", why);
}
