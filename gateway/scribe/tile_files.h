/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tile_files.h - several files below one directory, each there in full or not at all, and all of
 * them on the disk when the commit returns. It waits for the disk once a file and once a folder;
 * the kernel writes the one while the next is written. One writer only.
 */
#ifndef GATEWAY_SCRIBE_TILE_FILES_H
#define GATEWAY_SCRIBE_TILE_FILES_H

#include "crypto/base/buf.h"
#include "crypto/tile.h"

enum { TILE_FILES_MAX = 64 };

struct tile_files {
	int directory; /* borrowed */
	size_t count;
	struct tile_file {
		int fd;
		char path[TILE_PATH];
	} list[TILE_FILES_MAX];
};

void tile_files_begin(struct tile_files *f, int directory);

/* Written under another name, with the folders that it needs. ERR_LIMIT: too many. */
RESULT tile_files_add(struct tile_files *f, const char *path, struct slice bytes);

/* Under their names, for good. */
RESULT tile_files_commit(struct tile_files *f);

void tile_files_clear(struct tile_files *f); /* what was not committed stays aside. For AUTO */

#endif
