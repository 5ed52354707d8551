/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/engine/sealed.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/age_stream.h"
#include "crypto/base/clock.h"
#include "gateway/porter/blobs.h"

struct sealed_file {
	struct sealed *sealed;
	struct slice path;
	int fd;
	struct key *key;
	struct age_opener *opener;
	struct weight_source source;
};

struct sealed {
	struct model_files files;
	struct keys *keys;
	sealed_watch_fn *watch; /* NULL: nobody looks on */
	void *watch_context;
	size_t count;
	char name[WIRE_MAX_PATH + 1]; /* the one asked for last */
	struct sealed_file list[WIRE_MAX_ENGINE_FILES];
};

struct target {
	uint8_t *at;
};

static enum err copy_out(void *context, struct slice bytes)
{
	struct target *target = context;

	memcpy(target->at, bytes.data, bytes.size);
	target->at += bytes.size;
	return OK;
}

static enum err read_sealed(struct weight_source *source, void *out, size_t size, uint64_t offset)
{
	struct sealed_file *file = source->context;
	struct target target = {out};

	TRY(age_opener_range(file->opener, offset, size, copy_out, &target));
	return file->sealed->watch ? file->sealed->watch(file->sealed->watch_context, size) : OK;
}

static enum err find_sealed(struct model_files *files, const char *name, struct weight_source **out)
{
	struct sealed *s = files->context;

	for (size_t i = 0; i < s->count; i++) {
		if (!slice_equal(s->list[i].path, slice_of_string(name)))
			continue;
		*out = &s->list[i].source;
		return OK;
	}
	return failure(ERR_NOT_FOUND, "the revision has no file \"%s\"", name);
}

static const char *name_at(struct model_files *files, size_t i)
{
	struct sealed *s = files->context;

	if (i >= s->count)
		return NULL;
	snprintf(s->name, sizeof s->name, "%.*s", SLICE_PRINT(s->list[i].path));
	return s->name;
}

static enum err open_one(struct sealed *s, int store, const struct wire_engine_file *wanted)
{
	struct sealed_file *file = &s->list[s->count++];
	uint64_t sealed_size;

	*file = (struct sealed_file){.sealed = s, .path = wanted->path, .fd = -1};
	file->key = keys_use(s->keys, wanted->handle, clock_monotonic_ms());
	if (!file->key)
		return failure(ERR_NOT_FOUND, "no key came for file \"%.*s\"",
			       SLICE_PRINT(slice_part(wanted->path, 0, 200)));
	TRY(blobs_open(&file->fd, &sealed_size, store, wanted->blob));
	TRY(age_opener_new(&file->opener, key_secret(file->key), age_source_file, &file->fd,
			   sealed_size));
	if (age_opener_size(file->opener) != wanted->size)
		return failure(ERR_FORGED, "file \"%.*s\" has %llu bytes instead of %llu",
			       SLICE_PRINT(slice_part(wanted->path, 0, 200)),
			       (unsigned long long)age_opener_size(file->opener),
			       (unsigned long long)wanted->size);
	file->source = (struct weight_source){read_sealed, wanted->size, file};
	return OK;
}

enum err sealed_open(struct sealed **out, int store, struct keys *keys,
		     const struct wire_engine_load *load)
{
	AUTO(sealed_auto) struct sealed *s = calloc(1, sizeof *s);

	assert(s);
	s->files = (struct model_files){find_sealed, s, name_at};
	s->keys = keys;
	for (uint16_t i = 0; i < load->count; i++)
		TRY(open_one(s, store, &load->files[i]));
	*out = s;
	s = NULL; /* given away */
	return OK;
}

void sealed_free(struct sealed *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->count; i++) {
		age_opener_free(s->list[i].opener);
		file_close(&s->list[i].fd);
		if (s->list[i].key)
			keys_release(s->keys, s->list[i].key);
	}
	free(s);
}

struct model_files *sealed_files(struct sealed *s)
{
	return &s->files;
}

void sealed_watch(struct sealed *s, sealed_watch_fn *watch, void *context)
{
	s->watch = watch;
	s->watch_context = context;
}

uint64_t sealed_total(const struct sealed *s)
{
	uint64_t total = 0;

	for (size_t i = 0; i < s->count; i++)
		total += s->list[i].source.size;
	return total;
}
