/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "gateway/cli/demo_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/base/file.h"
#include "gateway/cli/cluster.h"

static const char MARK[] = ".sallyport-demo";

enum { MAX_DEPTH = 16 };

/* Settings, socket names and connection strings carry the path: only what needs no quoting. */
static enum err check_path(const char *path)
{
	for (const char *p = path; *p; p++)
		if (!strchr("/._-+@", *p) && !(*p >= '0' && *p <= '9') &&
		    !(*p >= 'a' && *p <= 'z') && !(*p >= 'A' && *p <= 'Z'))
			return failure(ERR_FORMAT, "--dir \"%s\": letters, digits and ._-+@ only",
				       path);
	return OK;
}

static void list_auto(DIR **list)
{
	if (*list)
		closedir(*list);
}

static enum err open_list(DIR **out, int dir)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*out = copy < 0 ? NULL : fdopendir(copy);
	if (!*out)
		return failure_errno("the demo's directory cannot be listed");
	return OK;
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Everything but the mark at the top; links are removed, never followed. */
static enum err empty(int dir, int depth)
{
	AUTO(list_auto) DIR *list = NULL;

	if (depth > MAX_DEPTH)
		return failure(ERR_LIMIT, "the demo's directory is nested too deeply");
	TRY(open_list(&list, dir));
	for (const struct dirent *e = readdir(list); e; e = readdir(list)) {
		AUTO(file_close) int below = -1;

		if (is_dots(e->d_name) || (depth == 0 && strcmp(e->d_name, MARK) == 0))
			continue;
		if (unlinkat(dir, e->d_name, 0) == 0)
			continue;
		if (errno != EISDIR && errno != EPERM)
			return failure_errno("\"%s\" of an earlier demo cannot be removed",
					     e->d_name);
		below = openat(dir, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (below < 0)
			return failure_errno("\"%s\" of an earlier demo cannot be opened",
					     e->d_name);
		TRY(empty(below, depth + 1));
		if (unlinkat(dir, e->d_name, AT_REMOVEDIR) != 0)
			return failure_errno("\"%s\" of an earlier demo cannot be removed",
					     e->d_name);
	}
	return OK;
}

static enum err is_empty(bool *out, int dir)
{
	AUTO(list_auto) DIR *list = NULL;

	TRY(open_list(&list, dir));
	*out = true;
	for (const struct dirent *e = readdir(list); e; e = readdir(list))
		if (!is_dots(e->d_name))
			*out = false;
	return OK;
}

static enum err take_lock(int *lock, int dir, const char *path)
{
	bool free_to_take = false;

	*lock = openat(dir, MARK, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (*lock < 0) {
		TRY(is_empty(&free_to_take, dir));
		if (!free_to_take)
			return failure(ERR_CONFLICT,
				       "\"%s\" is neither empty nor a demo's; nothing was touched. "
				       "Name another directory",
				       path);
		*lock = openat(dir, MARK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	}
	if (*lock < 0)
		return failure_errno("\"%s/%s\" cannot be made", path, MARK);
	if (flock(*lock, LOCK_EX | LOCK_NB) != 0)
		return failure(ERR_CONFLICT, "another demo is running in \"%s\"", path);
	return OK;
}

/* PostgreSQL's user has to get to its folder. */
static enum err check_way(const char *path)
{
	char part[PATH_MAX];
	struct stat status;

	if (geteuid() != 0)
		return OK;
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		size_t size = (size_t)(slash - path);

		memcpy(part, path, size);
		part[size] = '\0';
		if (stat(part, &status) == 0 && !(status.st_mode & S_IXOTH))
			return failure(ERR_DENIED,
				       "PostgreSQL does not run as root, and its user cannot pass "
				       "\"%s\" (chmod o+x it, or name a directory elsewhere)",
				       part);
	}
	return OK;
}

enum err demo_folder_take(const char **out, int *lock, struct arena *arena, const char *path)
{
	AUTO(file_close) int dir = -1;
	char real[PATH_MAX];

	TRY(check_path(path));
	TRY(file_make_directory(AT_FDCWD, path, 0755));
	if (!realpath(path, real))
		return failure_errno("--dir \"%s\"", path);
	TRY(check_path(real));
	TRY(check_way(real));
	TRY(file_open_directory(&dir, AT_FDCWD, real));
	TRY(take_lock(lock, dir, real));
	TRY(cluster_end_stray(real));
	*out = arena_string(arena, slice_of_string(real));
	if (fchmod(dir, 0755) != 0)
		return failure_errno("\"%s\" cannot get its mode", real);
	return empty(dir, 0);
}
