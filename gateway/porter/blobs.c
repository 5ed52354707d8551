/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/porter/blobs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/base/log.h"

static void hex_of(char out[2 * BLOBS_ID + 1], const uint8_t id[BLOBS_ID])
{
	for (size_t i = 0; i < BLOBS_ID; i++)
		snprintf(out + 2 * i, 3, "%02x", id[i]);
}

void blobs_path(char out[BLOBS_PATH], const uint8_t id[BLOBS_ID])
{
	char hex[2 * BLOBS_ID + 1];

	hex_of(hex, id);
	snprintf(out, BLOBS_PATH, "%.2s/%s", hex, hex);
}

static void temporary_path(char out[BLOBS_PATH], const uint8_t id[BLOBS_ID])
{
	char hex[2 * BLOBS_ID + 1];

	hex_of(hex, id);
	snprintf(out, BLOBS_PATH, "tmp/%s", hex);
}

/* With errno; a full disk or quota is told apart, since an operator can help. */
static enum err cannot(const char *what, const char *path)
{
	if (errno == ENOSPC || errno == EDQUOT)
		return failure(ERR_FULL, "the store has no room left");
	return failure_errno("store/%s: cannot %s", path, what);
}

static void close_listing(DIR **listing)
{
	if (*listing)
		closedir(*listing);
}

/* Each writer locks its file; the lock goes with the writer. */
static bool remove_orphan(int directory, const char *name)
{
	AUTO(file_close) int fd = openat(directory, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0)
		return false;
	return unlinkat(directory, name, 0) == 0;
}

enum err blobs_sweep(int store)
{
	int fd;
	const struct dirent *entry;
	size_t count = 0;

	TRY(file_make_directory(store, "tmp", 0770));
	TRY(file_open_directory(&fd, store, "tmp"));

	AUTO(close_listing) DIR *listing = fdopendir(fd);

	if (!listing) {
		file_close(&fd);
		return failure_errno("store/tmp: cannot list");
	}
	while ((entry = readdir(listing)))
		if (entry->d_name[0] != '.' && remove_orphan(fd, entry->d_name))
			count++;
	if (count)
		log_info("porter.swept", "files=%zu", count);
	return OK;
}

enum err blobs_begin(int *out, int store, const uint8_t id[BLOBS_ID])
{
	char path[BLOBS_PATH];
	struct stat status;

	blobs_path(path, id);
	if (fstatat(store, path, &status, AT_SYMLINK_NOFOLLOW) == 0)
		return failure(ERR_CONFLICT, "blob \"%s\": there is one already", path);
	temporary_path(path, id);
	*out = openat(store, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (*out < 0 && errno == EEXIST)
		return failure(ERR_CONFLICT, "blob \"%s\": it is being written", path);
	if (*out < 0)
		return cannot("create", path);
	if (flock(*out, LOCK_EX | LOCK_NB) == 0)
		return OK;
	file_close(out);
	*out = -1;
	return failure(ERR_CONFLICT, "blob \"%s\": a starting porter swept it; try again", path);
}

static enum err sync_directory(int store, const char *path)
{
	AUTO(file_close) int fd = -1;

	TRY(file_open_directory(&fd, store, path));
	if (fsync(fd) != 0)
		return cannot("sync", path);
	return OK;
}

enum err blobs_publish(int store, const uint8_t id[BLOBS_ID], int fd)
{
	char from[BLOBS_PATH];
	char to[BLOBS_PATH];
	char directory[3] = {0};

	temporary_path(from, id);
	blobs_path(to, id);
	memcpy(directory, to, 2);
	if (fsync(fd) != 0)
		return cannot("sync", to);
	if (mkdirat(store, directory, 0750) != 0 && errno != EEXIST)
		return cannot("create", directory);
	if (renameat(store, from, store, to) != 0)
		return cannot("rename into place", to);
	TRY(sync_directory(store, directory));
	return sync_directory(store, ".");
}

void blobs_abandon(int store, const uint8_t id[BLOBS_ID])
{
	char path[BLOBS_PATH];

	temporary_path(path, id);
	unlinkat(store, path, 0);
}

enum err blobs_open(int *out, uint64_t *size, int store, const uint8_t id[BLOBS_ID])
{
	char path[BLOBS_PATH];
	struct stat status;

	blobs_path(path, id);
	*out = openat(store, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (*out < 0 && errno == ENOENT)
		return failure(ERR_NOT_FOUND, "blob \"%s\": not there", path);
	if (*out < 0)
		return failure_errno("blob \"%s\": cannot open", path);
	if (fstat(*out, &status) != 0) {
		file_close(out);
		return failure_errno("blob \"%s\": cannot stat", path);
	}
	*size = (uint64_t)status.st_size;
	return OK;
}

enum err blobs_discard(int store, const uint8_t id[BLOBS_ID])
{
	char path[BLOBS_PATH];

	blobs_path(path, id);
	if (unlinkat(store, path, 0) != 0 && errno != ENOENT)
		return failure_errno("blob \"%s\": cannot remove", path);
	return OK;
}
