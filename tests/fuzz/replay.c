/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay.c - main() of a fuzz target in every build but Fuzz: gives it each file of one corpus
 * folder, and nothing at all, once. An empty corpus is a failure: it would prove nothing.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/base/buf.h"
#include "crypto/base/file.h"

enum { REPLAY_MAX_BYTES = 1 << 20 };

/* A copy that ends where its memory ends, even of nothing, so that Asan sees a read past it. */
static void replay(struct slice bytes)
{
	uint8_t *room = malloc(1 + bytes.size);

	if (!room)
		abort();
	for (size_t i = 0; i < bytes.size; i++)
		room[1 + i] = bytes.data[i];
	LLVMFuzzerTestOneInput(room + 1, bytes.size);
	free(room);
}

static RESULT replay_file(int folder, const char *name)
{
	AUTO(buf_free) struct buf bytes = buf_new(REPLAY_MAX_BYTES);

	TRY(file_read(&bytes, folder, name));
	replay(buf_slice(&bytes));
	return OK;
}

static RESULT replay_folder(size_t *count, const char *path)
{
	DIR *folder = opendir(path);
	enum err result = OK;

	if (!folder)
		return failure_errno("corpus \"%s\"", path);
	for (struct dirent *entry; result == OK && (entry = readdir(folder));) {
		if (entry->d_name[0] == '.')
			continue;
		result = replay_file(dirfd(folder), entry->d_name);
		*count += 1;
	}
	closedir(folder);
	return result;
}

int main(int argc, char **argv)
{
	size_t count = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
		return 2;
	}
	replay(S(""));
	if (replay_folder(&count, argv[1]) != OK) {
		fprintf(stderr, "%s\n", failure_text());
		return 1;
	}
	printf("%zu inputs of %s replayed\n", count, argv[1]);
	if (count == 0)
		fprintf(stderr, "the corpus is empty: put a seed into it\n");
	return count ? 0 : 1;
}
