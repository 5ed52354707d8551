/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/cli/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/base/file.h"

static void list_auto(DIR **list)
{
	if (*list)
		closedir(*list);
}

static enum err add_file(struct walk *w, struct arena *arena, struct slice path, uint64_t size)
{
	if (w->count == WALK_MAX_FILES)
		return failure(ERR_LIMIT, "more than %d files; a revision has no more",
			       WALK_MAX_FILES);
	if (path.size > WALK_MAX_PATH)
		return failure(ERR_LIMIT, "\"%.*s\": names have at most %d bytes",
			       SLICE_PRINT(path), WALK_MAX_PATH);
	if (!slice_is_utf8(path))
		return failure(ERR_FORMAT, "a file has a name that is not UTF-8");
	w->files[w->count++] = (struct walk_file){arena_copy(arena, path), size};
	w->bytes += size;
	return OK;
}

#define WALK_BAD "import takes plain files only; copy what it points to (cp -rL)"

/* A link of a cache's snapshot; *out is a plain file in its blobs. */
static enum err open_link(int *out, const struct walk *w, struct arena *arena, int dir,
			  const char *name, const char *path)
{
	const char *through = arena_printf(arena, "/proc/self/fd/%d/%s", dir, name);
	char real[PATH_MAX];
	struct stat status;

	if (!w->blobs || !realpath(through, real) ||
	    !slice_starts_with(slice_of_string(real), slice_of_string(w->blobs)))
		return failure(ERR_DENIED, "\"%s\" is a link; " WALK_BAD, path);
	*out = open(real, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (*out >= 0 && fstat(*out, &status) == 0 && S_ISREG(status.st_mode))
		return OK;
	file_close(out);
	*out = -1;
	return failure(ERR_DENIED, "\"%s\" does not lead to a plain file; " WALK_BAD, path);
}

static enum err open_entry(int *out, const struct walk *w, struct arena *arena, int dir,
			   const char *name, const char *path)
{
	*out = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (*out >= 0)
		return OK;
	if (errno == ELOOP)
		return open_link(out, w, arena, dir, name, path);
	return failure_errno("\"%s\"", path);
}

/* Opens what is there; a plain file is added and closed, *below stays open for a directory. */
static enum err take_entry(int *below, struct walk *w, struct arena *arena, int dir,
			   const char *name, const char *path)
{
	struct stat status;

	TRY(open_entry(below, w, arena, dir, name, path));
	if (fstat(*below, &status) != 0)
		return failure_errno("\"%s\"", path);
	if (S_ISDIR(status.st_mode))
		return OK;
	file_close(below);
	*below = -1;
	if (!S_ISREG(status.st_mode))
		return failure(ERR_DENIED, "\"%s\" is no plain file; " WALK_BAD, path);
	return add_file(w, arena, slice_of_string(path), (uint64_t)status.st_size);
}

static enum err walk_level(struct walk *w, struct arena *arena, int dir, const char *prefix,
			   int depth)
{
	int copy = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	AUTO(list_auto) DIR *list = copy < 0 ? NULL : fdopendir(copy);

	if (!list)
		return failure_errno("\"%s\" cannot be listed", prefix);
	if (depth > WALK_MAX_DEPTH)
		return failure(ERR_LIMIT, "\"%s\" is nested deeper than %d levels", prefix,
			       WALK_MAX_DEPTH);
	for (const struct dirent *e = readdir(list); e; e = readdir(list)) {
		bool is_dots = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
		const char *path = arena_printf(arena, "%s%s", prefix, e->d_name);
		AUTO(file_close) int below = -1;

		w->hidden += !is_dots && e->d_name[0] == '.';
		if (e->d_name[0] == '.')
			continue;
		TRY(take_entry(&below, w, arena, dir, e->d_name, path));
		if (below >= 0)
			TRY(walk_level(w, arena, below, arena_printf(arena, "%s/", path),
				       depth + 1));
	}
	return OK;
}

static int compare(const void *a, const void *b)
{
	const struct walk_file *x = a, *y = b;
	size_t size = x->path.size < y->path.size ? x->path.size : y->path.size;
	int order = memcmp(x->path.data, y->path.data, size);

	return order ? order : (x->path.size > y->path.size) - (x->path.size < y->path.size);
}

void walk_clear(struct walk *w)
{
	file_close(&w->dir);
	w->dir = -1;
}

/* "/.../models--X/snapshots/REVISION" -> "/.../models--X/blobs/" */
static const char *find_blobs(struct arena *arena, const char *path)
{
	char real[PATH_MAX];
	char *slash;

	if (!realpath(path, real))
		return NULL;
	slash = strrchr(real, '/');
	*slash = '\0';
	if (!slice_ends_with(slice_of_string(real), S("/snapshots")))
		return NULL;
	real[strlen(real) - strlen("snapshots")] = '\0';
	return arena_printf(arena, "%sblobs/", real);
}

enum err walk_directory(struct walk *out, struct arena *arena, const char *path)
{
	enum err result;

	*out = (struct walk){.dir = -1};
	TRY(file_open_directory(&out->dir, AT_FDCWD, path));
	out->blobs = find_blobs(arena, path);
	out->files = arena_alloc(arena, WALK_MAX_FILES * sizeof *out->files);
	result = walk_level(out, arena, out->dir, "", 0);
	if (result == OK && out->count == 0)
		result = failure(ERR_NOT_FOUND, "\"%s\" has no files in it", path);
	if (result != OK)
		walk_clear(out);
	else
		qsort(out->files, out->count, sizeof *out->files, compare);
	return result;
}

enum err walk_open(int *fd, const struct walk *w, struct arena *arena, const struct walk_file *file)
{
	const char *path = arena_string(arena, file->path);
	struct stat status;

	TRY(open_entry(fd, w, arena, w->dir, path, path));
	if (fstat(*fd, &status) != 0)
		return failure_errno("\"%s\"", path);
	if (S_ISREG(status.st_mode) && (uint64_t)status.st_size == file->size)
		return OK;
	file_close(fd);
	*fd = -1;
	return failure(ERR_CONFLICT, "\"%s\" changed while it was imported", path);
}
