/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/engine/sealed.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/age_stream.h"
#include "crypto/base/clock.h"
#include "gateway/porter/blobs.h"
#include "inference/kernel/pool.h"

struct sealed_file {
	struct sealed *sealed;
	struct slice path;
	int fd;
	struct key *key;
	struct age_payload *payload;
	struct weight_source source;
};

struct sealed {
	struct model_files files;
	struct keys *keys;
	sealed_watch_fn *watch; /* NULL: nobody looks on */
	void *watch_context;
	pthread_t owner;       /* on whose thread it is called */
	atomic_size_t unsaid;  /* bytes that others have read since */
	pthread_mutex_t mutex; /* of the readers that nobody has */
	struct age_reader *readers[POOL_MAX_THREADS];
	unsigned reader_count;
	size_t count;
	char name[WIRE_MAX_PATH + 1]; /* the one asked for last */
	struct sealed_file list[WIRE_MAX_ENGINE_FILES];
};

static enum err take_reader(struct age_reader **out, struct sealed *s)
{
	*out = NULL;
	pthread_mutex_lock(&s->mutex);
	if (s->reader_count > 0)
		*out = s->readers[--s->reader_count];
	pthread_mutex_unlock(&s->mutex);
	return *out ? OK : age_reader_new(out);
}

static void give_back(struct sealed *s, struct age_reader *reader)
{
	pthread_mutex_lock(&s->mutex);
	if (s->reader_count < POOL_MAX_THREADS) {
		s->readers[s->reader_count++] = reader;
		reader = NULL;
	}
	pthread_mutex_unlock(&s->mutex);
	age_reader_free(reader);
}

static enum err tell(struct sealed *s, size_t bytes)
{
	bytes += atomic_fetch_add(&s->unsaid, bytes);
	if (!s->watch || !pthread_equal(pthread_self(), s->owner))
		return OK;
	atomic_fetch_sub(&s->unsaid, bytes);
	return s->watch(s->watch_context, bytes);
}

static enum err about_file(enum err kind, const struct sealed_file *file)
{
	char why[FAILURE_MAX_TEXT];

	if (kind == OK)
		return OK;
	snprintf(why, sizeof why, "%s", failure_text());
	return failure(kind, "file \"%.*s\": %s", SLICE_PRINT(slice_part(file->path, 0, 200)), why);
}

static enum err read_sealed(struct weight_source *source, void *out, size_t size, uint64_t offset)
{
	struct sealed_file *file = source->context;
	struct age_reader *reader;
	enum err result;

	TRY(take_reader(&reader, file->sealed));
	result = age_payload_read(file->payload, reader, out, offset, size);
	give_back(file->sealed, reader);
	TRY(about_file(result, file));
	return tell(file->sealed, size);
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
	TRY(about_file(
		age_payload_open(&file->payload, key_secret(file->key), file->fd, sealed_size),
		file));
	if (age_payload_size(file->payload) != wanted->size)
		return failure(ERR_FORGED, "file \"%.*s\" has %llu bytes instead of %llu",
			       SLICE_PRINT(slice_part(wanted->path, 0, 200)),
			       (unsigned long long)age_payload_size(file->payload),
			       (unsigned long long)wanted->size);
	file->source = (struct weight_source){read_sealed, wanted->size, file, true};
	return OK;
}

enum err sealed_open(struct sealed **out, int store, struct keys *keys,
		     const struct wire_engine_load *load)
{
	AUTO(sealed_auto) struct sealed *s = calloc(1, sizeof *s);

	assert(s);
	s->files = (struct model_files){find_sealed, s, name_at};
	s->keys = keys;
	s->owner = pthread_self();
	pthread_mutex_init(&s->mutex, NULL);
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
		age_payload_free(s->list[i].payload);
		file_close(&s->list[i].fd);
		if (s->list[i].key)
			keys_release(s->keys, s->list[i].key);
	}
	for (unsigned i = 0; i < s->reader_count; i++)
		age_reader_free(s->readers[i]);
	pthread_mutex_destroy(&s->mutex);
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
