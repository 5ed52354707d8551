/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.h - the one door to small files: whole reads with a ceiling, whole writes that are
 * either there in full or not at all. Paths are relative to an open directory descriptor
 * (AT_FDCWD for the current one).
 */
#ifndef CRYPTO_BASE_FILE_H
#define CRYPTO_BASE_FILE_H

#include <sys/types.h>

#include "crypto/base/buf.h"

/* Append the whole file to *out (its ceiling holds). ERR_NOT_FOUND, ERR_LIMIT, ERR_IO. */
RESULT file_read(struct buf *out, int dir, const char *path);

/* Temporary name, fsync, rename, fsync of the directory. */
RESULT file_write_atomic(int dir, const char *path, struct slice bytes, mode_t mode);

/* The same, but never over another file: ERR_CONFLICT if the path exists. */
RESULT file_write_new(int dir, const char *path, struct slice bytes, mode_t mode);

RESULT file_make_directory(int dir, const char *path,
			   mode_t mode); /* with parents; existing is fine */
RESULT file_open_directory(int *out, int dir, const char *path); /* O_DIRECTORY | O_CLOEXEC */

/* All of it, through short writes and EINTR. */
RESULT file_write_all(int fd, struct slice bytes);

/* Exactly `size` bytes at `offset`, or ERR_FORMAT if the file ends before. */
RESULT file_read_at(int fd, void *out, size_t size, uint64_t offset);

/* The same, into two places at once: first_size bytes, then second_size behind them. */
RESULT file_read_pair_at(int fd, void *first, size_t first_size, void *second, size_t second_size,
			 uint64_t offset);

void file_close(const int *fd); /* fit for AUTO; -1 is fine */

#endif
