/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "crypto/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FILE_READ_STEP = 64 * 1024 };

void file_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

enum err file_read(struct buf *out, int dir, const char *path)
{
	AUTO(file_close) int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return failure(ERR_NOT_FOUND, "file \"%s\": not there", path);
	if (fd < 0)
		return failure_errno("file \"%s\": cannot open", path);
	for (;;) {
		size_t room = out->limit - out->size;
		size_t step = room < FILE_READ_STEP ? room : FILE_READ_STEP;
		uint8_t past_the_end;
		ssize_t got = read(fd, step ? buf_reserve(out, step) : &past_the_end,
				   step ? step : 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return failure_errno("file \"%s\": cannot read", path);
		if (got == 0)
			return OK;
		if (step == 0)
			return failure(ERR_LIMIT, "file \"%s\": more than %zu bytes", path,
				       out->limit);
		buf_commit(out, (size_t)got);
	}
}

enum err file_write_all(int fd, struct slice bytes)
{
	while (bytes.size) {
		ssize_t put = write(fd, bytes.data, bytes.size);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return failure_errno("cannot write");
		bytes = slice_part(bytes, (size_t)put, bytes.size);
	}
	return OK;
}

static enum err sync_parent(int dir, const char *path)
{
	char parent[PATH_MAX];
	const char *slash = strrchr(path, '/');

	snprintf(parent, sizeof parent, "%.*s", slash ? (int)(slash - path) : 1,
		 slash ? path : ".");
	if (slash == path)
		snprintf(parent, sizeof parent, "/");

	AUTO(file_close) int fd = openat(dir, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) != 0)
		return failure_errno("directory \"%s\": cannot sync", parent);
	return OK;
}

static enum err write_and_sync(int dir, const char *path, struct slice bytes, mode_t mode)
{
	AUTO(file_close) int fd = openat(dir, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	if (fd < 0)
		return failure_errno("file \"%s\": cannot create", path);
	TRY(file_write_all(fd, bytes));
	if (fsync(fd) != 0)
		return failure_errno("file \"%s\": cannot sync", path);
	return OK;
}

enum err file_write_atomic(int dir, const char *path, struct slice bytes, mode_t mode)
{
	char temporary[PATH_MAX];
	uint32_t tag;
	enum err result;

	if (getrandom(&tag, sizeof tag, 0) != (ssize_t)sizeof tag)
		return failure_errno("no random bytes");
	snprintf(temporary, sizeof temporary, "%s.tmp%08x", path, tag);
	result = write_and_sync(dir, temporary, bytes, mode);
	if (result == OK && renameat(dir, temporary, dir, path) != 0)
		result = failure_errno("file \"%s\": cannot rename into place", path);
	if (result != OK) {
		unlinkat(dir, temporary, 0);
		return result;
	}
	return sync_parent(dir, path);
}

/* A link, unlike a rename, fails if the name is taken. */
enum err file_write_new(int dir, const char *path, struct slice bytes, mode_t mode)
{
	char temporary[PATH_MAX];
	uint32_t tag;
	enum err result;

	if (getrandom(&tag, sizeof tag, 0) != (ssize_t)sizeof tag)
		return failure_errno("no random bytes");
	snprintf(temporary, sizeof temporary, "%s.tmp%08x", path, tag);
	result = write_and_sync(dir, temporary, bytes, mode);
	if (result == OK && linkat(dir, temporary, dir, path, 0) != 0)
		result = errno == EEXIST
				 ? failure(ERR_CONFLICT, "file \"%s\": it is there already", path)
				 : failure_errno("file \"%s\": cannot link into place", path);
	unlinkat(dir, temporary, 0);
	TRY(result);
	return sync_parent(dir, path);
}

enum err file_make_directory(int dir, const char *path, mode_t mode)
{
	char part[PATH_MAX];
	size_t size = strlen(path);

	if (size >= sizeof part)
		return failure(ERR_LIMIT, "directory: path too long");
	for (size_t i = 1; i <= size; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdirat(dir, part, mode) != 0 && errno != EEXIST)
			return failure_errno("directory \"%s\": cannot create", part);
	}
	return OK;
}

enum err file_open_directory(int *out, int dir, const char *path)
{
	*out = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*out < 0 && errno == ENOENT)
		return failure(ERR_NOT_FOUND, "directory \"%s\": not there", path);
	if (*out < 0)
		return failure_errno("directory \"%s\": cannot open", path);
	return OK;
}

enum err file_read_at(int fd, void *out, size_t size, uint64_t offset)
{
	uint8_t *at = out;

	while (size) {
		ssize_t got = pread(fd, at, size, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return failure_errno("cannot read");
		if (got == 0)
			return failure(ERR_FORMAT, "the file ends too early");
		at += got;
		size -= (size_t)got;
		offset += (uint64_t)got;
	}
	return OK;
}

enum err file_read_pair_at(int fd, void *first, size_t first_size, void *second, size_t second_size,
			   uint64_t offset)
{
	const struct iovec parts[] = {{first, first_size}, {second, second_size}};
	ssize_t got = preadv(fd, parts, 2, (off_t)offset);
	size_t done = got > 0 ? (size_t)got : 0;

	if (done == first_size + second_size)
		return OK;
	if (done < first_size) { /* an interrupted read, an error, the end: find out which */
		TRY(file_read_at(fd, (uint8_t *)first + done, first_size - done, offset + done));
		done = first_size;
	}
	done -= first_size;
	return file_read_at(fd, (uint8_t *)second + done, second_size - done,
			    offset + first_size + done);
}
