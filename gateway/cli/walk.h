/* SPDX-License-Identifier: Apache-2.0 */
/*
 * walk.h - the files of a directory that is to be imported: plain ones only, by names relative to
 * it, sorted. Hidden names (.git, .cache) are left out and counted; a link is an error, since what
 * it points to may lie elsewhere or change. Only in a snapshot of a Hugging Face cache
 * (models--X/snapshots/REVISION) links are followed, to plain files in its blobs/.
 */
#ifndef GATEWAY_CLI_WALK_H
#define GATEWAY_CLI_WALK_H

#include "crypto/base/arena.h"
#include "crypto/base/err.h"

enum { WALK_MAX_FILES = 512, WALK_MAX_DEPTH = 16, WALK_MAX_PATH = 500 };

struct walk_file {
	struct slice path; /* "config.json", "onnx/model.onnx" */
	uint64_t size;
};

struct walk {
	int dir;           /* of the root; the caller closes it with walk_clear */
	const char *blobs; /* where links may lead, "/.../blobs/"; NULL: nowhere */
	struct walk_file *files;
	size_t count;
	size_t hidden;
	uint64_t bytes;
};

/* Names live in the arena. ERR_DENIED: a link or a special file. ERR_LIMIT: too many, too deep. */
RESULT walk_directory(struct walk *out, struct arena *arena, const char *path);
void walk_clear(struct walk *w); /* fit for AUTO */

/* Open one of the files; refuses what has become a link since. */
RESULT walk_open(int *fd, const struct walk *w, struct arena *arena, const struct walk_file *file);

#endif
