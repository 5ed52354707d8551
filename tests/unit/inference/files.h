/* SPDX-License-Identifier: Apache-2.0 */
/*
 * files.h - a model's files for tests: those of a folder, or texts put in their place.
 */
#ifndef TESTS_UNIT_INFERENCE_FILES_H
#define TESTS_UNIT_INFERENCE_FILES_H

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/base/file.h"
#include "tests/unit/inference/bytes.h"

enum { FOLDER_FILES = 16 };

/* A folder's files, each read whole on its first use. Bytes put in by `set` stand in front of
 * those of the folder; an empty one hides the file. */
struct folder {
	struct model_files files;
	char path[400];
	struct {
		char name[64];
		struct buf text;
		struct weight_source source;
	} open[FOLDER_FILES];
	size_t count;
	char listed[256]; /* the name given last */
};

static inline enum err folder_find(struct model_files *files, const char *name,
				   struct weight_source **out)
{
	struct folder *f = files->context;
	char path[480];
	size_t i = 0;

	while (i < f->count && strcmp(f->open[i].name, name) != 0)
		i++;
	if (i == FOLDER_FILES)
		return failure(ERR_LIMIT, "more files than a test has");
	if (i == f->count) {
		snprintf(path, sizeof path, "%s/%s", f->path, name);
		f->open[i].text = buf_new(64 << 20);
		TRY(file_read(&f->open[i].text, AT_FDCWD, path));
		snprintf(f->open[i].name, sizeof f->open[i].name, "%s", name);
		f->count++;
	}
	if (f->open[i].text.size == 0)
		return failure(ERR_NOT_FOUND, "%s is hidden", name);
	f->open[i].source = bytes_source(buf_slice(&f->open[i].text));
	*out = &f->open[i].source;
	return OK;
}

static inline bool folder_has(const struct folder *f, const char *name)
{
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->open[i].name, name) == 0)
			return true;
	return false;
}

/* Those put in or read already come first, then the others of the folder. */
static inline const char *folder_name_at(struct model_files *files, size_t i)
{
	struct folder *f = files->context;
	const struct dirent *entry;
	DIR *directory;

	for (size_t j = 0; j < f->count; j++)
		if (f->open[j].text.size > 0 && i-- == 0)
			return f->open[j].name;
	directory = opendir(f->path);
	f->listed[0] = '\0';
	while (directory && (entry = readdir(directory)) != NULL)
		if (!folder_has(f, entry->d_name) && i-- == 0) {
			snprintf(f->listed, sizeof f->listed, "%s", entry->d_name);
			break;
		}
	if (directory)
		closedir(directory);
	return f->listed[0] ? f->listed : NULL;
}

static inline void folder_init(struct folder *f, const char *path)
{
	memset(f, 0, sizeof *f);
	snprintf(f->path, sizeof f->path, "%s", path);
	f->files = (struct model_files){folder_find, f, folder_name_at};
}

static inline void folder_set(struct folder *f, const char *name, struct slice text)
{
	snprintf(f->open[f->count].name, sizeof f->open[f->count].name, "%s", name);
	f->open[f->count].text = buf_new(64 << 20);
	buf_write(&f->open[f->count].text, text);
	f->count++;
}

static inline void folder_free(struct folder *f)
{
	for (size_t i = 0; i < f->count; i++)
		buf_free(&f->open[i].text);
}

/* The path of foreign data, or NULL with a word on why the test is skipped. */
static inline const char *shared_path(char *out, size_t size, const char *name)
{
	const char *root = getenv("SALLYPORT_SHARED");
	FILE *file;

	snprintf(out, size, "%s/data/%s", root ? root : "", name);
	file = root ? fopen(out, "r") : NULL;
	if (!file) {
		printf("skipped: no %s below SALLYPORT_SHARED\n", name);
		return NULL;
	}
	fclose(file);
	return out;
}

#endif
