/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "gateway/scribe/tile_files.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/base/file.h"

enum { ASIDE = TILE_PATH + 4 };

void tile_files_begin(struct tile_files *f, int directory)
{
	f->directory = directory;
	f->count = 0;
}

void tile_files_clear(struct tile_files *f)
{
	for (size_t i = 0; i < f->count; i++)
		file_close(&f->list[i].fd);
	f->count = 0;
}

static void aside(char out[ASIDE], const char *path)
{
	snprintf(out, ASIDE, "%s.tmp", path);
}

static void parent_of(char out[TILE_PATH], const char *path)
{
	snprintf(out, TILE_PATH, "%.*s", (int)(strrchr(path, '/') - path), path);
}

/* What a crash left aside is written over. */
enum err tile_files_add(struct tile_files *f, const char *path, struct slice bytes)
{
	struct tile_file *file = &f->list[f->count];
	char parent[TILE_PATH], temporary[ASIDE];

	if (f->count == TILE_FILES_MAX)
		return failure(ERR_LIMIT, "more than %d tiles at once", TILE_FILES_MAX);
	parent_of(parent, path);
	TRY(file_make_directory(f->directory, parent, 0755));
	snprintf(file->path, sizeof file->path, "%s", path);
	aside(temporary, path);
	file->fd = openat(f->directory, temporary,
			  O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (file->fd < 0)
		return failure_errno("file \"%s\" cannot be created", temporary);
	f->count++;
	return file_write_all(file->fd, bytes);
}

static enum err sync_parents(const struct tile_files *f)
{
	char last[TILE_PATH] = "", parent[TILE_PATH];

	for (size_t i = 0; i < f->count; i++) {
		AUTO(file_close) int fd = -1;

		parent_of(parent, f->list[i].path);
		if (strcmp(parent, last) == 0)
			continue;
		TRY(file_open_directory(&fd, f->directory, parent));
		if (fsync(fd) != 0)
			return failure_errno("folder \"%s\" cannot be synced", parent);
		snprintf(last, sizeof last, "%s", parent);
	}
	return OK;
}

static int by_path(const void *a, const void *b)
{
	const struct tile_file *x = a, *y = b;

	return strcmp(x->path, y->path);
}

enum err tile_files_commit(struct tile_files *f)
{
	char temporary[ASIDE];

	for (size_t i = 0; i < f->count; i++)
		if (fsync(f->list[i].fd) != 0)
			return failure_errno("file \"%s\" cannot be synced", f->list[i].path);
	qsort(f->list, f->count, sizeof f->list[0], by_path); /* those of a folder together */
	for (size_t i = 0; i < f->count; i++) {
		aside(temporary, f->list[i].path);
		if (renameat(f->directory, temporary, f->directory, f->list[i].path) != 0)
			return failure_errno("file \"%s\" cannot be renamed", temporary);
	}
	return sync_parents(f);
}
